package app

import (
	"context"
	"os"
	"os/exec"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/priority"
	"vmorchestrator/backend/terminal"
)

// OpenTerminal opens the person's terminal with ssh to a VM in it. CodeNotFound for the VM, CodeNoTerminal, and
// CodeNotAllowed in the demo, whose machines have no interactive shell.
func (a *App) OpenTerminal(ctx context.Context, vmID string) error {
	if a.config.Demo {
		return domain.NewError(domain.CodeNotAllowed, "Run a command on it instead.", "the machines of the demo have no terminal")
	}
	words, err := a.VMs.SSHWords(ctx, vmID)
	if err != nil {
		return err
	}
	return terminal.Opener{Getenv: os.Getenv, LookPath: exec.LookPath}.Open(words)
}

// WindowFirst lets the window's thread go before all others of this process; see priority.Lower.
func WindowFirst() { priority.Lower() }
