//go:build unix

package local

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/priority"
)

// tree is the session that the command leads.
type tree struct{}

func (tree) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return priority.Start(cmd)
}

func (tree) terminate(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGTERM)
	_ = syscall.Kill(-pid, syscall.SIGCONT)
}
func (tree) kill(pid int)    { _ = syscall.Kill(-pid, syscall.SIGKILL) }
func (tree) killOne(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) }
func (tree) close()          {}

// shell is what the script names in its first line, else the person's login shell, as SSH would use it.
func (r *Runner) shell(script string) (string, []string) {
	if named, options := domain.ScriptShell(script); named != "" {
		if options != "" {
			return named, []string{options, "-c", script}
		}
		return named, []string{"-c", script}
	}
	shell := r.o.Shell
	if shell == "" {
		shell = os.Getenv("SHELL")
	}
	if shell == "" || strings.HasSuffix(shell, "/nologin") || strings.HasSuffix(shell, "/false") {
		shell = "/bin/sh"
	}
	return shell, []string{"-c", script}
}

func exitOf(cmd *exec.Cmd, err error) domain.Exit {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return domain.Exit{Kind: domain.ExitUnknown, Err: domain.NewError(domain.CodeLocal, "", "wait for the command: %w", err)}
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return domain.Exit{Kind: domain.ExitSignal, Signal: signalName(status.Signal())}
	}
	return domain.Exit{Kind: domain.ExitStatus, Code: cmd.ProcessState.ExitCode()}
}
