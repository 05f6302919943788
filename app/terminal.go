package app

import (
	"context"
	"os"
	"os/exec"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/priority"
	"vmorchestrator/backend/terminal"
)

// OpenTerminal opens the person's terminal with ssh to a VM in it, and there the command with these values, if one is
// named. CodeNotFound for the VM or the command, CodeInvalid for a value, CodeNoTerminal, and CodeNotAllowed in the demo,
// whose machines have no interactive shell.
func (a *App) OpenTerminal(ctx context.Context, vmID, commandID string, values map[string]string) error {
	if a.config.Demo {
		return domain.NewError(domain.CodeNotAllowed, "Run a command on it instead.", "the machines of the demo have no terminal")
	}
	words, err := a.VMs.SSHWords(ctx, vmID)
	if err != nil {
		return err
	}
	if commandID != "" {
		c, err := a.Commands.Get(ctx, commandID)
		if err != nil {
			return err
		}
		script, err := a.Commands.Render(c, values)
		if err != nil {
			return err
		}
		last := len(words) - 1
		// What follows "--" is the host and its command, whatever they begin with.
		words = append(words[:last:last], "-t", "--", words[last], script)
	}
	settings, err := a.History.GetSettings(ctx)
	if err != nil {
		return err
	}
	if settings.SSHPath != "" {
		words[0] = settings.SSHPath
	}
	getenv := func(name string) string {
		if name == "TERMINAL" && settings.Terminal != "" {
			return settings.Terminal
		}
		return os.Getenv(name)
	}
	return terminal.Opener{Getenv: getenv, LookPath: exec.LookPath}.Open(words, commandID != "")
}

// WindowFirst lets the window's thread go before all others of this process; see priority.Lower.
func WindowFirst() { priority.Lower() }
