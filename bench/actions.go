package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
	"vmorchestrator/bench/corpus"
)

// action is something a person does in the window, as the calls that it makes.
type action struct {
	what string
	do   func(ctx context.Context, a *app.App, i int) error
}

// actions answers, for the calls behind it, whether the window stays quick: the 95th of 100 of 50 mixed actions, on a
// database just opened and then again.
func (g *ground) actions(out *tabwriter.Writer, a *app.App, state corpus.State, temperature string) error {
	const goal = 100 * time.Millisecond
	type timed struct {
		what string
		took time.Duration
	}
	var all []timed
	mixed := mixture(state)
	for i := range 50 {
		act := mixed[i%len(mixed)]
		began := time.Now()
		if err := act.do(g.ctx, a, i); err != nil {
			return fmt.Errorf("%s: %w", act.what, err)
		}
		all = append(all, timed{act.what, time.Since(began)})
	}
	slices.SortFunc(all, func(x, y timed) int { return int(y.took - x.took) })
	p95 := all[len(all)*5/100].took
	fmt.Fprintf(out, "10\twindow's calls: p95 of %d mixed actions, %s\t\t%s\t\t\t<= 100 ms\t%s\t\n", len(all), temperature, shown(p95), verdict(p95 <= goal))
	for _, slow := range all[:5] {
		fmt.Fprintf(os.Stderr, "  slow, %s: %s %s\n", temperature, slow.what, shown(slow.took))
	}
	return nil
}

func mixture(state corpus.State) []action {
	page := func(filter func(ctx context.Context, a *app.App, i int) (domain.JobFilter, error)) func(context.Context, *app.App, int) error {
		return func(ctx context.Context, a *app.App, i int) error {
			f, err := filter(ctx, a, i)
			if err != nil {
				return err
			}
			_, err = a.History.JobPage(ctx, f)
			return err
		}
	}
	fixed := func(f domain.JobFilter) func(context.Context, *app.App, int) error {
		return page(func(context.Context, *app.App, int) (domain.JobFilter, error) { return f, nil })
	}
	vm := func(ctx context.Context, a *app.App, i int) (string, error) {
		vms, err := a.VMs.List(ctx)
		if err != nil {
			return "", err
		}
		return vms[i*7%len(vms)].ID, nil
	}
	week := state.Params.Until.AddDate(0, 0, -7)
	month := state.Params.Until.AddDate(0, -1, 0)
	starred := true
	return []action{
		{"list VMs", func(ctx context.Context, a *app.App, _ int) error { _, err := a.VMs.List(ctx); return err }},
		{"list commands", func(ctx context.Context, a *app.App, _ int) error { _, err := a.Commands.List(ctx); return err }},
		{"history, newest", fixed(domain.JobFilter{})},
		{"history of a VM", page(func(ctx context.Context, a *app.App, i int) (domain.JobFilter, error) {
			id, err := vm(ctx, a, i)
			return domain.JobFilter{VMIDs: []string{id}}, err
		})},
		{"history of a VM, failed", page(func(ctx context.Context, a *app.App, i int) (domain.JobFilter, error) {
			id, err := vm(ctx, a, i)
			return domain.JobFilter{VMIDs: []string{id}, Statuses: []domain.Status{domain.StatusFailed}}, err
		})},
		{"failed last week", fixed(domain.JobFilter{Statuses: []domain.Status{domain.StatusFailed}, Since: &week})},
		{"failed or lost, a month", fixed(domain.JobFilter{Statuses: []domain.Status{domain.StatusFailed, domain.StatusLost, domain.StatusTimedOut}, Since: &month})},
		{"text that is common", fixed(domain.JobFilter{Text: "uptime"})},
		{"text that is nowhere", fixed(domain.JobFilter{Text: "no such thing"})},
		{"from the command line", fixed(domain.JobFilter{Origin: domain.OriginCLI})},
		{"starred", fixed(domain.JobFilter{Starred: &starred})},
		{"history of a command", page(func(ctx context.Context, a *app.App, i int) (domain.JobFilter, error) {
			commands, err := a.Commands.List(ctx)
			if err != nil {
				return domain.JobFilter{}, err
			}
			return domain.JobFilter{CommandID: commands[i%len(commands)].ID}, nil
		})},
		{"a page far down", page(func(context.Context, *app.App, int) (domain.JobFilter, error) {
			return domain.JobFilter{Cursor: fmt.Sprint(state.Params.Jobs / 2)}, nil
		})},
		{"open a job", func(ctx context.Context, a *app.App, i int) error {
			_, err := a.History.GetJob(ctx, fmt.Sprint(1+i*1997%state.Params.Jobs))
			return err
		}},
		{"a log's tail", func(ctx context.Context, a *app.App, _ int) error {
			if state.LongRun == "" {
				return nil
			}
			_, err := a.Logs.Read(ctx, state.LongRun, -200, 200)
			return err
		}},
	}
}
