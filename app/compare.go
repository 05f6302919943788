package app

import (
	"context"

	"vmorchestrator/backend/domain"
)

// Compare shows what a run said beside an earlier one: `against`, or with "" the run before it of the same command on
// the same VM. Secrets of this session are masked.
func (a *App) Compare(ctx context.Context, runID, against string) (domain.Comparison, error) {
	var c domain.Comparison
	run, err := a.History.GetRun(ctx, runID)
	if err != nil {
		return c, err
	}
	var old domain.Run
	if against == "" {
		old, err = a.History.PreviousRun(ctx, runID)
	} else {
		old, err = a.History.GetRun(ctx, against)
	}
	if err != nil {
		return c, err
	}
	if c.New, err = a.compared(ctx, run); err != nil {
		return c, err
	}
	if c.Old, err = a.compared(ctx, old); err != nil {
		return c, err
	}
	if c.Diff, err = a.Logs.Diff(ctx, old.ID, run.ID); err != nil {
		return c, err
	}
	secrets := append(append([]string{}, a.masks.of(old.ID)...), a.masks.of(run.ID)...)
	for i := range c.Diff.Rows {
		c.Diff.Rows[i].Text = mask(c.Diff.Rows[i].Text, secrets)
	}
	return c, nil
}

func (a *App) compared(ctx context.Context, run domain.Run) (domain.Compared, error) {
	d, err := a.History.GetJob(ctx, run.JobID)
	return domain.Compared{Job: d.Job, Run: run}, err
}
