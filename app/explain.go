package app

import (
	"context"
	"slices"
	"sync"

	"vmorchestrator/backend/discovery"
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
)

// Explanation is what is in force for a host, as config.Resolver tells it.
type Explanation = config.Explanation

// Destination finds what a person names to ask about it: as Targets does, and any other word as a host, which ssh takes
// too. The errors are those of a word that can be none.
func (a *App) Destination(ctx context.Context, word string) (Target, error) {
	found, err := a.VMs.ResolveTargets(ctx, []string{word}, nil, false)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound && word != "":
		return Target{Name: word, Target: domain.Target{Kind: domain.TargetSSH, Alias: word}}, nil
	case err != nil:
		return Target{}, err
	}
	return Target{VMID: found[0].VMID, Name: found[0].Name, Target: found[0].Target}, nil
}

// Explain says what is in force for t and where it comes from, with the errors of config.Resolver.Explain:
// CodeConfigInvalid, with file and line, where ssh refuses the file.
func (a *App) Explain(ctx context.Context, t domain.Target) (Explanation, error) {
	if a.fleet != nil {
		return a.fleet.Explain(ctx, t)
	}
	return a.resolver.Explain(ctx, t)
}

// ExplainVM is Explain for a VM, as a list. CodeNotFound if it is gone.
func (a *App) ExplainVM(ctx context.Context, id string) (domain.Explanation, error) {
	vm, err := a.VMs.Get(ctx, id)
	if err != nil {
		return domain.Explanation{}, err
	}
	x, err := a.Explain(ctx, discovery.Target(vm))
	if err != nil {
		return domain.Explanation{}, err
	}
	return x.List(vm.Name), nil
}

// Check connects to t step by step, as ssh.Client.CheckSteps does, and changes nothing.
func (a *App) Check(ctx context.Context, t Target) domain.ConnectionCheck {
	check := a.SSH.CheckSteps(ctx, t.Target)
	check.Name = t.Name
	return check
}

// ReachVMs looks at VMs whether an SSH server answers there, as ssh.Client.Reach does, all at once as far as that permits.
// A VM that is gone is left out.
func (a *App) ReachVMs(ctx context.Context, ids []string) ([]domain.Reach, error) {
	vms, err := a.VMs.List(ctx)
	if err != nil {
		return nil, err
	}
	vms = slices.DeleteFunc(vms, func(vm domain.VM) bool { return !slices.Contains(ids, vm.ID) })
	found := make([]domain.Reach, len(vms))
	var wg sync.WaitGroup
	for i, vm := range vms {
		wg.Go(func() {
			found[i] = a.SSH.Reach(ctx, discovery.Target(vm))
			found[i].VMID = vm.ID
		})
	}
	wg.Wait()
	return found, nil
}

// CheckVM is Check for a VM. An error is only that there is no such VM.
func (a *App) CheckVM(ctx context.Context, id string) (domain.ConnectionCheck, error) {
	vm, err := a.VMs.Get(ctx, id)
	if err != nil {
		return domain.ConnectionCheck{}, err
	}
	return a.Check(ctx, Target{Name: vm.Name, Target: discovery.Target(vm)}), nil
}
