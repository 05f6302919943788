package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
	"vmorchestrator/bench/corpus"
)

// looks is how often a question to the history is asked, each time another one.
const looks = 200

// past opens the history that bench-data made; nil if there is none, which is told.
func (g *ground) past(out *tabwriter.Writer, number, what string) (*app.App, corpus.State, error) {
	state, err := corpus.ReadState(g.data)
	if errors.Is(err, os.ErrNotExist) || err == nil && !state.Complete {
		fmt.Fprintf(out, "%s\t%s\t\t\t\tnot made: make bench-data\t\t\t\n", number, what)
		return nil, state, nil
	}
	if err != nil {
		return nil, state, err
	}
	a, err := app.Open(g.ctx, app.Config{DataDir: g.data, SSHConfig: filepath.Join(g.data, "ssh_config"), Origin: domain.OriginCLI})
	return a, state, err
}

func closeApp(a *app.App) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := a.Close(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench: close:", err)
	}
}

// history is row 10.
func (g *ground) history(out *tabwriter.Writer) error {
	a, state, err := g.past(out, "10", "history")
	if a == nil || err != nil {
		return err
	}
	defer closeApp(a)
	for _, temperature := range []string{"just opened", "again"} {
		if err := g.actions(out, a, state, temperature); err != nil {
			return err
		}
	}
	vms, err := a.History.ListVMs(g.ctx)
	if err != nil {
		return err
	}
	week := state.Params.Until.AddDate(0, 0, -7)
	ask := func(what string, one func(i int) error) error {
		var all []time.Duration
		for i := range looks {
			began := time.Now()
			if err := one(i); err != nil {
				return err
			}
			all = append(all, time.Since(began))
		}
		m := middle(all)
		fmt.Fprintf(out, "10\t%d jobs, %.0f M lines: %s\t\t%s\t\t\t<= 1 ms\t%s\t\n", state.Params.Jobs, float64(state.Lines)/1e6, what, shown(m), verdict(m <= time.Millisecond))
		return nil
	}
	list := func(f domain.JobFilter) error {
		jobs, _, err := a.History.ListJobs(g.ctx, f)
		if err == nil && len(jobs) == 0 {
			err = errors.New("a question to the history has no answer")
		}
		return err
	}
	if err := ask("newest 50 of a VM", func(i int) error {
		return list(domain.JobFilter{VMIDs: []string{vms[i*len(vms)/looks].ID}, Limit: 50})
	}); err != nil {
		return err
	}
	if err := ask("failed last week, 50", func(i int) error {
		since := week.Add(time.Duration(i) * time.Minute)
		return list(domain.JobFilter{Statuses: []domain.Status{domain.StatusFailed}, Since: &since, Limit: 50})
	}); err != nil {
		return err
	}
	if state.LongRun == "" {
		return nil
	}
	const lines = 200
	return ask(fmt.Sprintf("%d lines in the middle of %d", lines, state.Params.Long), func(i int) error {
		from := int64(state.Params.Long/4 + i*(state.Params.Long/2)/looks)
		for left := lines; left > 0; {
			page, err := a.Logs.Read(g.ctx, state.LongRun, from, left)
			if err != nil {
				return err
			}
			if len(page.Lines) == 0 {
				return fmt.Errorf("line %d isn't there", from)
			}
			left -= len(page.Lines)
			from += int64(len(page.Lines))
		}
		return nil
	})
}

// rare is row 11: one word in everything, beside rg and grep over the same text as files, warm.
func (g *ground) rare(out *tabwriter.Writer) error {
	a, state, err := g.past(out, "11", "search")
	if a == nil || err != nil {
		return err
	}
	defer closeApp(a)
	if _, err := a.Logs.Sign(g.ctx); err != nil {
		return err
	}
	room, err := a.History.Storage(g.ctx)
	if err != nil {
		return err
	}
	size := float64(room.OutputKept+room.IndexBytes) / float64(room.OutputRaw)
	fmt.Fprintf(out, "11\t%.1f GB of logs: stored size with signatures\traw\t%.0f MB\t%.0f MB\t%.3f\t<= 0.40\t%s\t\n",
		float64(state.Bytes)/1e9, float64(room.OutputKept+room.IndexBytes)/1e6, float64(room.OutputRaw)/1e6, size, verdict(size <= 0.4))
	ours := func(ctx context.Context) (sample, error) {
		found := 0
		began := time.Now()
		err := a.Search(ctx, domain.TextQuery{Text: corpus.RareWord, Case: true}, domain.SearchFilter{}, func(hits []domain.Hit, _ domain.SearchProgress) error {
			found += len(hits)
			return nil
		})
		s := sample{took: time.Since(began)}
		if err == nil && found != state.Rare {
			err = fmt.Errorf("%d lines were found of %d", found, state.Rare)
		}
		return s, err
	}
	r := row{number: "11", what: fmt.Sprintf("a rare word over %.1f GB of logs, warm", float64(state.Bytes)/1e9), ours: ours}
	for _, layout := range []struct{ dir, name string }{{"runs", "a file a run"}, {"days", "a file a day"}} {
		dir := filepath.Join(g.data, layout.dir)
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		r.peers = append(r.peers,
			side{"rg, " + layout.name, 0.5, 0, searching("rg", "-uu", "-n", corpus.RareWord, dir)},
			side{"grep -r, " + layout.name, 0.17, 0, searching("grep", "-rn", corpus.RareWord, dir)})
	}
	if len(r.peers) == 0 {
		fmt.Fprintf(out, "11\t%s\trg, grep\t\t\tno files: make bench-data ARGS=\"-files runs,days\"\t\t\t\n", r.what)
	}
	return measure(g.ctx, out, r, g.rounds)
}

func searching(args ...string) measured {
	return func(ctx context.Context) (sample, error) {
		return once(exec.CommandContext(ctx, args[0], args[1:]...)) // #nosec G204 -- the peers
	}
}
