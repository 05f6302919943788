package app

import (
	"context"
	"strings"

	"vmorchestrator/backend/discovery"
	"vmorchestrator/backend/domain"
)

// ParseAddress takes apart what a person pastes as an address; see discovery.ParseAddress.
func ParseAddress(text string) (user, host string, port int, err error) {
	return discovery.ParseAddress(text)
}

// TargetsOf gives the machines of VMs by their ids, then those named ad hoc as in Targets, each once. CodeNotFound for
// an id that is gone.
func (a *App) TargetsOf(ctx context.Context, vmIDs, adHoc []string) ([]Target, error) {
	found, err := a.VMs.TargetsByID(ctx, vmIDs)
	if err != nil {
		return nil, err
	}
	targets := make([]Target, 0, len(found)+len(adHoc))
	seen := map[string]bool{}
	for _, t := range found {
		seen[t.Name] = true
		targets = append(targets, Target{VMID: t.VMID, Name: t.Name, Target: t.Target})
	}
	if len(adHoc) == 0 {
		return targets, nil
	}
	more, err := a.Targets(ctx, adHoc, nil, false)
	if err != nil {
		return nil, err
	}
	for _, t := range more {
		if !seen[t.Name] {
			targets = append(targets, t)
		}
	}
	return targets, nil
}

// TestVM logs in to a VM as a run would and says how it went. An error is only that there is no such VM.
func (a *App) TestVM(ctx context.Context, id string) (domain.ConnectionTest, error) {
	vm, err := a.VMs.Get(ctx, id)
	if err != nil {
		return domain.ConnectionTest{}, err
	}
	return a.SSH.Check(ctx, discovery.Target(vm)), nil
}

// TestUnsaved is TestVM for a VM that was not taken in yet. Its values are checked first, all but the name.
func (a *App) TestUnsaved(ctx context.Context, vm domain.VM) (domain.ConnectionTest, error) {
	if strings.TrimSpace(vm.Name) == "" {
		vm.Name = "unnamed"
	}
	if err := vm.Validate(); err != nil {
		return domain.ConnectionTest{}, err
	}
	return a.SSH.Check(ctx, discovery.Target(vm)), nil
}

// Stats are figures about what the app holds and does.
type Stats struct {
	Jobs         int
	Lines, Bytes int64 // of output that is kept
	Connections  int   // open now
	Running      int   // jobs of this process that are not finished
}

// Stats gives the figures of this moment.
func (a *App) Stats(ctx context.Context) (Stats, error) {
	out := Stats{Connections: a.SSH.Connections(), Running: a.Jobs.Active()}
	jobs, err := a.History.JobStats(ctx, domain.JobFilter{})
	if err != nil {
		return out, err
	}
	out.Jobs = jobs.Total
	out.Lines, out.Bytes, err = a.History.Kept(ctx)
	return out, err
}
