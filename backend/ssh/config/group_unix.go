//go:build unix

package config

import (
	"os/exec"
	"syscall"
)

// ownGroup puts cmd into a process group of its own, all of which is killed when its context ends: "Match exec"
// commands are children of ssh.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
