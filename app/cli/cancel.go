package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

func (c *cli) cancelCommand() *cobra.Command {
	return &cobra.Command{
		Use: "cancel JOB", Short: "Stop a job, and say what became of each run", Args: exactly("a JOB"),
		Long: `Stop a job of this or another process: its remote processes get TERM, then KILL, and
are looked for again. What was found is printed per VM, after at most 15 seconds.
The exit status is 0 if nothing is left.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), false, func(a *app.App) error { return c.cancel(cmd.Context(), a, jobRef(args[0])) })
		},
	}
}

func (c *cli) cancel(ctx context.Context, a *app.App, job string) error {
	before, err := a.Jobs.CancelJob(ctx, job)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, cancelWait)
	defer cancel()
	after, err := a.Jobs.Wait(waiting, before.Job.ID)
	if errors.Is(err, context.DeadlineExceeded) {
		after, err = a.History.GetJob(ctx, before.Job.ID)
	}
	if err != nil {
		return err
	}
	for i, r := range after.Runs {
		if before.Runs[i].Status.Finished() {
			continue
		}
		text, ok := stopLine(r)
		if !ok {
			c.status = exitSome
		}
		fmt.Fprintf(c.out, "%s: %s\n", c.clean(r.VMName), c.clean(text))
	}
	return nil
}

// stopLine says what became of a run that was asked to stop, and whether nothing of it can be left.
func stopLine(r domain.Run) (string, bool) {
	switch {
	case !r.Status.Finished():
		return "no answer yet; its owner was asked to stop it", false
	case r.StopResult != nil:
		return string(r.Status) + ", " + app.StopText(*r.StopResult), r.StopResult.State == domain.StopStopped
	case r.Status == domain.StatusLost:
		return "lost, " + errorText(r.Error), false
	case r.Status == domain.StatusCanceled:
		return "canceled, stopped before it began", true
	}
	return "had ended before: " + string(r.Status), true
}

func errorText(e *domain.Error) string {
	if e == nil {
		return "the reason is not known"
	}
	return e.Message
}

// exactly refuses anything but one argument of the given kind.
func exactly(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return usage("See '"+cmd.CommandPath()+" --help'.", "%s needs %s, and nothing else", cmd.Name(), what)
	}
}
