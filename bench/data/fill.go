package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"vmorchestrator/backend/command"
	"vmorchestrator/backend/discovery"
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/output"
	"vmorchestrator/backend/store"
	"vmorchestrator/bench/corpus"
)

// writers is how many jobs are written at once, each by a hub of its own, as that many windows would: the hub's clock
// is the job's.
const writers = 8

// filler writes one history.
type filler struct {
	store    *store.Store
	vms      []domain.VM
	commands []domain.Command
	bytes    atomic.Int64
	lines    atomic.Int64
	done     atomic.Int64 // jobs
}

func fill(ctx context.Context, dir string, p corpus.Params, jobs []corpus.Job) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	state := corpus.State{Params: p}
	if err := writeState(dir, state); err != nil {
		return err
	}
	f := &filler{}
	if f.store, err = store.Open(ctx, store.Options{Path: filepath.Join(dir, "vmo.db")}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.store.Close()) }()
	if _, err := f.store.RegisterInstance(ctx, domain.OriginWindow); err != nil {
		return err
	}
	if err := f.things(ctx, dir, p); err != nil {
		return err
	}
	ids, err := f.history(ctx, jobs)
	if err != nil {
		return err
	}
	if err := f.sign(ctx); err != nil {
		return err
	}
	state.Complete, state.Lines, state.Bytes = true, f.lines.Load(), f.bytes.Load()
	for i, j := range jobs {
		state.Runs += len(j.Runs)
		for k, r := range j.Runs {
			if r.Text.Rare {
				state.Rare++
			}
			switch {
			case p.Long > 0 && r.Text.Lines == p.Long:
				state.LongRun = ids[i][k]
			case p.Huge > 0 && r.Text.Lines == p.Huge:
				state.HugeRun = ids[i][k]
			}
		}
	}
	return writeState(dir, state)
}

// things writes VMs and commands.
func (f *filler) things(ctx context.Context, dir string, p corpus.Params) error {
	f.vms = p.Fleet()
	for i := range f.vms {
		f.vms[i].ID = newID()
		if err := f.vms[i].Validate(); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "ssh_config"), []byte(corpus.SSHConfig(f.vms)), 0o600); err != nil {
		return err
	}
	if err := f.store.InsertVMs(ctx, f.vms); err != nil {
		return err
	}
	commands := command.New(command.Options{Store: f.store, Now: func() time.Time { return f.vms[0].CreatedAt }})
	if err := commands.EnsureShipped(ctx); err != nil {
		return err
	}
	for _, c := range p.Library(f.vms) {
		c, err := commands.Create(ctx, c)
		if err != nil {
			return fmt.Errorf("command %q: %w", c.Name, err)
		}
		f.commands = append(f.commands, c)
	}
	return nil
}

// history writes all jobs with their output, in order of their number, and gives the ids of their runs.
func (f *filler) history(ctx context.Context, jobs []corpus.Job) ([][]string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ids := make([][]string, len(jobs))
	queue := make(chan func(*writer) error)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			w := newWriter(f.store)
			for write := range queue {
				if err := write(w); err != nil {
					cancel(err)
				}
			}
			if err := w.hub.Close(ctx); err != nil {
				cancel(err)
			}
		})
	}
	told := progress{what: "history", began: time.Now()}
	for i := range jobs {
		texts := jobs[i].Runs
		runs, err := f.insert(ctx, jobs[i])
		if err != nil {
			cancel(err)
			break
		}
		for _, r := range runs {
			ids[i] = append(ids[i], r.ID)
		}
		select {
		case queue <- func(w *writer) error { return f.output(ctx, w, runs, texts) }:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		told.tell("%d of %d jobs, %.1f million lines", f.done.Load(), len(jobs), float64(f.lines.Load())/1e6)
	}
	close(queue)
	wg.Wait()
	return ids, context.Cause(ctx)
}

// sign builds what is missing of the signatures that a search goes by.
func (f *filler) sign(ctx context.Context) error {
	hub := output.NewHub(output.Options{Store: f.store})
	_, err := hub.Sign(ctx)
	return errors.Join(err, hub.Close(ctx))
}

// insert writes a job as it is when it is over; its output follows.
func (f *filler) insert(ctx context.Context, j corpus.Job) ([]domain.Run, error) {
	job := domain.Job{
		ID: idAt(j.At), Name: j.Script, Kind: domain.KindSSH, Script: j.Script, CreatedAt: j.At, Origin: j.Origin,
		Parallelism: domain.DefaultParallelism, Starred: j.Starred,
	}
	if j.Command >= 0 {
		c := f.commands[j.Command]
		job.CommandID, job.Name, job.Script, job.TimeoutSeconds = &c.ID, c.Name, c.Script, c.TimeoutSeconds
	}
	runs := make([]domain.Run, len(j.Runs))
	for i, r := range j.Runs {
		vm := f.vms[r.VM]
		started, finished := r.Text.Start, r.Text.Start.Add(r.Text.Took)
		run := domain.Run{
			ID: idAt(j.At), JobID: job.ID, Position: i, VMID: &vm.ID, VMName: vm.Name, Target: discovery.Target(vm), Status: r.Status,
			StartedAt: &started, FinishedAt: &finished, Bytes: r.Text.Bytes(), Lines: int64(r.Text.Lines), Complete: true,
		}
		end(&run)
		if job.StartedAt == nil || started.Before(*job.StartedAt) {
			job.StartedAt = &started
		}
		if job.FinishedAt == nil || finished.After(*job.FinishedAt) {
			job.FinishedAt = &finished
		}
		runs[i] = run
	}
	_, err := f.store.InsertJob(ctx, job, runs)
	return runs, err
}

// end fills in what belongs to a run's status.
func end(run *domain.Run) {
	code := 0
	switch run.Status {
	case domain.StatusSucceeded:
		run.ExitCode = &code
	case domain.StatusFailed:
		code = 1 + int(run.Bytes%3)
		run.ExitCode = &code
	case domain.StatusCanceled, domain.StatusTimedOut:
		run.Signal, run.StopResult = "TERM", &domain.StopResult{State: domain.StopStopped, PIDs: []int{}}
	case domain.StatusLost:
		run.Error, run.Complete = domain.NewError(domain.CodeAppDied, "", "the app ended while this ran"), false
	}
}

// writer is a hub with the clock of what it writes.
type writer struct {
	hub   *output.Hub
	clock atomic.Int64 // ms
}

func newWriter(s *store.Store) *writer {
	w := &writer{}
	w.hub = output.NewHub(output.Options{Store: s, RingBytes: 16 << 20, Now: func() time.Time { return time.UnixMilli(w.clock.Load()) }})
	return w
}

// output writes what a job's runs said, through the hub.
func (f *filler) output(ctx context.Context, w *writer, runs []domain.Run, planned []corpus.Run) error {
	open := make([]*output.Writer, len(runs))
	for i, r := range runs {
		if planned[i].Text.Lines == 0 {
			continue
		}
		w.clock.Store(planned[i].Text.Start.UnixMilli())
		open[i] = w.hub.Open(ctx, r.ID)
		err := planned[i].Text.Write(func(at time.Time, p []byte) error {
			w.clock.Store(at.UnixMilli())
			stream := domain.Stdout
			if r.Status == domain.StatusFailed {
				stream = domain.Stderr
			}
			return errors.Join(ctx.Err(), open[i].Write(stream, p))
		})
		if err != nil {
			return err
		}
	}
	// All are closed at once, and so stored in as few transactions as the runs of a real job.
	var wg sync.WaitGroup
	errs := make([]error, len(open))
	for i, o := range open {
		if o == nil {
			continue
		}
		wg.Go(func() {
			totals, err := o.Close(ctx)
			if err == nil && (totals.Bytes != runs[i].Bytes || totals.Lines != runs[i].Lines) {
				err = fmt.Errorf("run %s: %d lines and %d bytes are stored of %d and %d", runs[i].ID, totals.Lines, totals.Bytes, runs[i].Lines, runs[i].Bytes)
			}
			f.bytes.Add(totals.Bytes)
			f.lines.Add(totals.Lines)
			errs[i] = err
		})
	}
	wg.Wait()
	f.done.Add(1)
	return errors.Join(errs...)
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// idAt is an id as it would have been given then.
func idAt(at time.Time) string {
	id := uuid.Must(uuid.NewV7())
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i)) // #nosec G115
	}
	return id.String()
}
