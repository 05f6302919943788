package app

import (
	"context"
	"strings"

	"vmorchestrator/backend/discovery"
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
)

// Targets resolves what a person names (contracts.md, "Targets") to machines, each once, in that order.
func (a *App) Targets(ctx context.Context, on, tags []string, all bool) ([]Target, error) {
	found, err := a.VMs.ResolveTargets(ctx, on, tags, all)
	if err != nil {
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

// targetOf is where a VM is now, for a retry.
func (a *App) targetOf(ctx context.Context, vmID string) (domain.Target, bool) {
	vm, err := a.VMs.Get(ctx, vmID)
	if err != nil {
		return domain.Target{}, false
	}
	return discovery.Target(vm), true
}

// hosts is ssh_config as a source of VMs.
type hosts struct{ *config.Lister }

func (hosts) Name() domain.Source { return domain.SourceSSHConfig }
