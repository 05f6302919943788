//go:build windows

package config

import (
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/windows"
)

// ownGroup hides the console window of cmd and ends it with its whole process tree when its context ends.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		HideWindow:    true,
		CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_NO_WINDOW,
	}
	cmd.Cancel = func() error {
		tree := exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid))
		tree.SysProcAttr = &syscall.SysProcAttr{HideWindow: true}
		if err := tree.Run(); err != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
}
