package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"text/tabwriter"
	"time"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/job"
)

// engine is our engine in this process, with connections open, as the window has it.
type engine struct{ app *app.App }

func (g *ground) engine() (*engine, error) {
	if g.open != nil {
		return g.open, nil
	}
	a, err := app.Open(g.ctx, app.Config{DataDir: filepath.Join(g.dir, "open"), SSHConfig: g.config, Origin: domain.OriginCLI})
	if err != nil {
		return nil, err
	}
	g.open = &engine{a}
	return g.open, nil
}

func (e *engine) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.app.Close(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench: close:", err)
	}
}

// run runs a command on hosts as one job and tells how long that took until everything of it was stored.
func (g *ground) run(ctx context.Context, command string, names []string) (time.Duration, error) {
	e, err := g.engine()
	if err != nil {
		return 0, err
	}
	targets, err := e.app.Targets(ctx, names, nil, false)
	if err != nil {
		return 0, err
	}
	parallel := min(len(names), job.MaxParallelism)
	began := time.Now()
	d, err := e.app.Jobs.Start(ctx, job.StartRequest{Script: command, Targets: targets, Parallelism: &parallel, Origin: domain.OriginCLI})
	if err != nil {
		return 0, err
	}
	if d, err = e.app.Jobs.Wait(ctx, d.Job.ID); err != nil {
		return 0, err
	}
	took := time.Since(began)
	if d.Job.Status != domain.StatusSucceeded {
		return 0, fmt.Errorf("the job %s", d.Job.Status)
	}
	return took, nil
}

// idle is row 9: what an open connection that nothing runs on takes of this process' memory.
func (g *ground) idle(out *tabwriter.Writer) error {
	if g.open != nil {
		g.open.close()
		g.open = nil
	}
	if _, err := g.run(g.ctx, "true", g.names[:1]); err != nil { // everything that is there once
		return err
	}
	before, err := resident()
	if err != nil {
		return err
	}
	if _, err := g.run(g.ctx, "true", g.names); err != nil {
		return err
	}
	time.Sleep(time.Second)
	after, err := resident()
	if err != nil {
		return err
	}
	each := (after - before) / float64(len(g.names)-1)
	fmt.Fprintf(out, "9\tidle pooled connection (of %d)\t\t%.0f KB\t\t\t<= 64 KB\t%s\t\n", len(g.names), each, verdict(each <= 64))
	return nil
}

// resident is this process' own memory in KB, after what can be given back was.
func resident() (float64, error) {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse+m.StackInuse) / 1024, nil
}
