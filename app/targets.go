package app

import (
	"context"
	"strings"

	"vmorchestrator/backend/discovery"
	"vmorchestrator/backend/domain"
)

// Targets resolves what a person names (contracts.md, "Targets") to machines, each once, in that order.
func (a *App) Targets(ctx context.Context, on, tags []string, all bool) ([]Target, error) {
	found, err := a.VMs.ResolveTargets(ctx, on, tags, all)
	if err != nil {
		// A host isn't known because the file that says it can't be read: that is the thing to mend.
		if trouble := a.ConfigTrouble(ctx); trouble != nil && domain.CodeOf(err) == domain.CodeNotFound {
			return nil, trouble
		}
		return nil, err
	}
	targets := make([]Target, len(found))
	for i, t := range found {
		targets[i] = Target{VMID: t.VMID, Name: t.Name, Target: t.Target}
	}
	return targets, nil
}

// CommandNamed finds a saved command by its name, whatever the case, or its id. Returns CodeNotFound.
func (a *App) CommandNamed(ctx context.Context, name string) (domain.Command, error) {
	all, err := a.Commands.List(ctx)
	if err != nil {
		return domain.Command{}, err
	}
	var names []string
	for _, c := range all {
		if strings.EqualFold(c.Name, name) || c.ID == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return domain.Command{}, domain.NewError(domain.CodeNotFound, "There are: "+strings.Join(names, ", ")+".", "no saved command is named %q", name)
}

// ConfigTrouble says why the person's ssh_config can't be read: CodeNoConfig or CodeConfigUnreadable; nil if it can.
func (a *App) ConfigTrouble(ctx context.Context) error {
	if a.lister == nil {
		return nil // the demo has none
	}
	_, files, _, err := a.lister.List(ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Path != a.paths.SSHConfig {
			continue
		}
		switch f.State {
		case "missing":
			return domain.NewError(domain.CodeNoConfig,
				"Name another file with --ssh-config or VMO_SSH_CONFIG, or reach a machine with --on user@host.", "there is no %s", f.Path)
		case "unreadable":
			return domain.NewError(domain.CodeConfigUnreadable, "Check who owns the file and who may read it.", "%s can't be read: %s", f.Path, f.Error)
		}
	}
	return nil
}

// targetOf is where a VM is now, for a retry.
func (a *App) targetOf(ctx context.Context, vmID string) (domain.Target, bool) {
	vm, err := a.VMs.Get(ctx, vmID)
	if err != nil {
		return domain.Target{}, false
	}
	return discovery.Target(vm), true
}
