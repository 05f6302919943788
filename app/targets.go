package app

import (
	"context"
	"slices"
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

// CommandNamed finds a saved command by its name, whatever the case, or its id. Of several with that name, in several
// scopes, it is the one whose scope has all of targets; one for few VMs goes before one for all, and the person's own
// before one of the library. Returns CodeNotFound, and CodeInvalid where that doesn't decide.
func (a *App) CommandNamed(ctx context.Context, name string, targets []Target) (domain.Command, error) {
	all, err := a.Commands.List(ctx)
	if err != nil {
		return domain.Command{}, err
	}
	var names []string
	var found []domain.Command
	for _, c := range all {
		if c.ID == name {
			return c, nil
		}
		if strings.EqualFold(c.Name, name) {
			found = append(found, c)
		}
		names = append(names, c.Name)
	}
	switch len(found) {
	case 0:
		return domain.Command{}, domain.NewError(domain.CodeNotFound, "There are: "+strings.Join(names, ", ")+".", "no saved command is named %q", name)
	case 1:
		return found[0], nil
	}
	tags := map[string][]string{}
	vms, err := a.VMs.List(ctx)
	if err != nil {
		return domain.Command{}, err
	}
	for _, vm := range vms {
		tags[vm.ID] = vm.Tags
	}
	best, rank := []domain.Command{}, 0
	for _, c := range found {
		r := offered(c, targets, tags)
		if r > rank {
			best, rank = nil, r
		}
		if r == rank && r > 0 {
			best = append(best, c)
		}
	}
	if len(best) == 1 {
		return best[0], nil
	}
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	return domain.Command{}, domain.NewError(domain.CodeInvalid, "Name one by its id: "+strings.Join(ids, ", ")+".", "%d commands are named %q", len(found), name)
}

// offered ranks how well a command fits all of targets; 0 is not at all.
func offered(c domain.Command, targets []Target, tags map[string][]string) int {
	rank := 2
	if c.Library == "" {
		rank++
	}
	if c.Scope.Kind == domain.ScopeEverywhere {
		return rank - 1
	}
	for _, t := range targets {
		if t.VMID == nil {
			return 0
		}
		fits := slices.Contains(c.Scope.VMIDs, *t.VMID)
		if c.Scope.Kind == domain.ScopeTags {
			fits = slices.ContainsFunc(tags[*t.VMID], func(tag string) bool { return slices.Contains(c.Scope.Tags, tag) })
		}
		if !fits {
			return 0
		}
	}
	return rank + 2
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
