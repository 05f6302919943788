//go:build !windows

package ssh

import (
	"os/exec"
	"syscall"
)

// shellCommand runs a ProxyCommand as ssh does: by the person's shell, which exec replaces.
func shellCommand(shell, command string) *exec.Cmd {
	if shell == "" {
		shell = "/bin/sh"
	}
	return exec.Command(shell, "-c", "exec "+command)
}

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(cmd *exec.Cmd, hard bool) {
	signal := syscall.SIGTERM
	if hard {
		signal = syscall.SIGKILL
	}
	_ = syscall.Kill(-cmd.Process.Pid, signal)
}
