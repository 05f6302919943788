package ssh

import (
	"os/exec"
	"syscall"
)

// shellCommand runs a ProxyCommand by cmd.exe, as Windows' OpenSSH does.
func shellCommand(_, command string) *exec.Cmd {
	cmd := exec.Command("cmd.exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: "cmd.exe /c " + command, HideWindow: true}
	return cmd
}

func ownGroup(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.CreationFlags |= syscall.CREATE_NEW_PROCESS_GROUP
}

func killGroup(cmd *exec.Cmd, _ bool) { _ = cmd.Process.Kill() }
