package job

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

type startFunc = func(ctx context.Context, t domain.Target, e domain.Exec, sink Sink) (Process, error)

func exits(e domain.Exit, output string) startFunc {
	return func(_ context.Context, _ domain.Target, _ domain.Exec, sink Sink) (Process, error) {
		p := newProcess()
		if output != "" {
			if sink.Write(domain.Stdout, []byte(output)) != nil {
				e = domain.Exit{Kind: domain.ExitUnknown}
			}
		}
		p.exit <- e
		return p, nil
	}
}

// waits runs until it is stopped, and then says result.
func waits(result domain.StopResult, hangs bool) startFunc {
	return func(_ context.Context, _ domain.Target, _ domain.Exec, sink Sink) (Process, error) {
		p := newProcess()
		p.result, p.hangs = result, hangs
		return p, sink.Write(domain.Stdout, []byte("up\n"))
	}
}

func TestHowARunEnds(t *testing.T) {
	lost := domain.NewError(domain.CodeLost, "", "contact was lost")
	for name, c := range map[string]struct {
		start  startFunc
		status domain.Status
		code   domain.Code
		exit   int
		signal string
		stop   domain.StopState
		opt    domain.RunOptions
	}{
		"success":    {start: exits(domain.Exit{Kind: domain.ExitStatus}, "hi\n"), status: domain.StatusSucceeded, exit: 0},
		"status 255": {start: exits(domain.Exit{Kind: domain.ExitStatus, Code: 255}, ""), status: domain.StatusFailed, exit: 255},
		"signal":     {start: exits(domain.Exit{Kind: domain.ExitSignal, Signal: "SEGV"}, ""), status: domain.StatusFailed, exit: -1, signal: "SEGV"},
		"contact lost": {
			start: exits(domain.Exit{Kind: domain.ExitUnknown, Err: lost}, "hi\n"), status: domain.StatusLost,
			code: domain.CodeLost, exit: -1, stop: domain.StopUnreachable,
		},
		"contact lost, as expected": {
			start: exits(domain.Exit{Kind: domain.ExitUnknown, Err: lost}, "hi\n"), status: domain.StatusSucceeded, exit: -1,
			opt: domain.RunOptions{ExpectsDisconnect: true},
		},
		"failed, though a lost contact was expected": {
			start: exits(domain.Exit{Kind: domain.ExitStatus, Code: 1}, ""), status: domain.StatusFailed, exit: 1,
			opt: domain.RunOptions{ExpectsDisconnect: true},
		},
		"contact lost, and it goes on": {
			start: exits(domain.Exit{Kind: domain.ExitUnknown, Err: lost}, "hi\n"), status: domain.StatusLost,
			code: domain.CodeLost, exit: -1, opt: domain.RunOptions{OnLost: domain.OnLostGoOn},
		},
		"connect error": {
			start: func(context.Context, domain.Target, domain.Exec, Sink) (Process, error) {
				return nil, domain.NewError(domain.CodeRefused, "Is sshd up?", "connection refused")
			},
			status: domain.StatusFailed, code: domain.CodeRefused, exit: -1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := fix(t, c.start)
			d := f.wait(f.begin(StartRequest{Options: c.opt}).Job.ID)
			r := d.Runs[0]
			if r.Status != c.status || d.Job.Status != c.status || domain.CodeOf(errOf(r)) != c.code || r.Signal != c.signal {
				t.Errorf("job %s, run %s, error %v, signal %q", d.Job.Status, r.Status, r.Error, r.Signal)
			}
			if got := code(r); got != c.exit {
				t.Errorf("exit code %d, want %d", got, c.exit)
			}
			if stopState(r) != c.stop {
				t.Errorf("stop result %+v", r.StopResult)
			}
			if !r.Complete || r.FinishedAt == nil {
				t.Errorf("complete %t, finished %v", r.Complete, r.FinishedAt)
			}
			if stored, _ := f.store.GetJob(t.Context(), d.Job.ID); stored.Job.Status != c.status || stored.Runs[0].Bytes != r.Bytes {
				t.Errorf("stored: %+v", stored)
			}
		})
	}
}

func errOf(r domain.Run) error {
	if r.Error == nil {
		return nil
	}
	return r.Error
}

func code(r domain.Run) int {
	if r.ExitCode == nil {
		return -1
	}
	return *r.ExitCode
}

func stopState(r domain.Run) domain.StopState {
	if r.StopResult == nil {
		return ""
	}
	return r.StopResult.State
}

// A stop is only "canceled" or "timed out" when it was verified.
func TestStopIsTrueOrLost(t *testing.T) {
	end := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	one := 1
	for name, c := range map[string]struct {
		result  domain.StopResult
		hangs   bool
		timeout bool
		want    domain.Status
		code    domain.Code
	}{
		"stopped":          {domain.StopResult{State: domain.StopStopped}, false, false, domain.StatusCanceled, ""},
		"still running":    {domain.StopResult{State: domain.StopStillRunning, PIDs: []int{7}}, true, false, domain.StatusLost, domain.CodeStopUnproved},
		"unreachable":      {domain.StopResult{State: domain.StopUnreachable, LeaseEndsAt: &end}, true, false, domain.StatusLost, domain.CodeStopUnproved},
		"no keeper":        {domain.StopResult{State: domain.StopUnproved}, false, false, domain.StatusLost, domain.CodeStopUnproved},
		"timed out":        {domain.StopResult{State: domain.StopStopped}, false, true, domain.StatusTimedOut, domain.CodeTimedOut},
		"timed out, alive": {domain.StopResult{State: domain.StopStillRunning, PIDs: []int{7}}, true, true, domain.StatusLost, domain.CodeStopUnproved},
	} {
		t.Run(name, func(t *testing.T) {
			var p *fakeProcess
			start := waits(c.result, c.hangs)
			f := fix(t, func(ctx context.Context, tg domain.Target, e domain.Exec, s Sink) (Process, error) {
				got, err := start(ctx, tg, e, s)
				p = got.(*fakeProcess)
				return got, err
			})
			defer func() {
				if c.hangs {
					p.exit <- domain.Exit{Kind: domain.ExitUnknown} // its transport ends it
				}
			}()
			req := StartRequest{}
			if c.timeout {
				req.TimeoutSeconds = &one
			}
			d := f.begin(req)
			f.until(d.Job.ID, status(domain.StatusRunning))
			if !c.timeout {
				if _, err := f.CancelJob(t.Context(), "1"); err != nil {
					t.Fatal(err)
				}
			}
			d = f.wait(d.Job.ID)
			r := d.Runs[0]
			if r.Status != c.want || domain.CodeOf(errOf(r)) != c.code || stopState(r) != c.result.State {
				t.Errorf("status %s, error %v, stop %+v", r.Status, r.Error, r.StopResult)
			}
			if r.Bytes != 3 || r.Remote == nil || r.Remote.PID != 42 {
				t.Errorf("bytes %d, remote %+v", r.Bytes, r.Remote)
			}
			if _, err := f.CancelJob(t.Context(), d.Job.ID); domain.CodeOf(err) != domain.CodeNotAllowed {
				t.Errorf("cancel of a finished job: %v", err)
			}
		})
	}
}

func TestStopWhileConnectingAndWaiting(t *testing.T) {
	for range 20 { // whether one could begin was a matter of microseconds
		connecting := make(chan struct{}, 400)
		f := fix(t, func(ctx context.Context, _ domain.Target, _ domain.Exec, _ Sink) (Process, error) {
			connecting <- struct{}{}
			<-ctx.Done()
			return nil, domain.NewError(domain.CodeConnectTimeout, "", "given up: %w", ctx.Err())
		})
		two := 2
		d := f.begin(StartRequest{Targets: targets(400), Parallelism: &two})
		<-connecting
		<-connecting
		if _, err := f.CancelJob(t.Context(), d.Job.ID); err != nil {
			t.Fatal(err)
		}
		d = f.wait(d.Job.ID)
		for _, r := range d.Runs {
			if r.Status != domain.StatusCanceled || r.StopResult != nil || r.StartedAt != nil {
				t.Errorf("%s: %s %+v", r.VMName, r.Status, r.StopResult)
			}
		}
		// The first that are given up leave their place to those behind them, which are stopped by then.
		if n := len(connecting); n != 0 {
			t.Errorf("%d runs that waited were begun after the stop", n)
		}
	}
}

func TestCancelOneRunAndFromAnotherProcess(t *testing.T) {
	f := fix(t, waits(domain.StopResult{State: domain.StopStopped}, false))
	d := f.begin(StartRequest{Targets: targets(2)})
	f.until(d.Job.ID, func(d domain.JobDetail) bool { return d.Job.Counts[domain.StatusRunning] == 2 })
	if err := f.CancelRun(t.Context(), d.Runs[0].ID); err != nil {
		t.Fatal(err)
	}
	f.until(d.Job.ID, func(d domain.JobDetail) bool { return d.Runs[0].Status == domain.StatusCanceled })
	// What another process does: a row in the store.
	if err := f.store.RequestCancel(t.Context(), d.Job.ID, ""); err != nil {
		t.Fatal(err)
	}
	d = f.wait(d.Job.ID)
	if d.Job.Status != domain.StatusCanceled || d.Runs[1].Status != domain.StatusCanceled {
		t.Errorf("%+v", d)
	}
}

// The other side: a job that this process doesn't own is asked for through the store.
func TestCancelOfAnotherProcessesJob(t *testing.T) {
	f := fix(t, nil)
	run := domain.Run{ID: "r", JobID: "j", Status: domain.StatusRunning}
	if _, err := f.store.InsertJob(t.Context(), domain.Job{ID: "j"}, []domain.Run{run}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.CancelJob(t.Context(), "j"); err != nil {
		t.Fatal(err)
	}
	if err := f.CancelRun(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	if want := []domain.CancelRequest{{JobID: "j"}, {JobID: "j", RunID: "r"}}; !slices.Equal(f.store.cancels, want) {
		t.Errorf("requests %v", f.store.cancels)
	}
	go func() {
		run.Status = domain.StatusCanceled
		_, _ = f.store.UpdateRun(context.Background(), run)
	}()
	if d := f.wait("j"); d.Job.Status != domain.StatusCanceled {
		t.Errorf("%+v", d.Job)
	}
}

func TestFullDiskStopsTheRun(t *testing.T) {
	for name, c := range map[string]struct {
		result domain.StopState
		hangs  bool
		want   domain.Status
	}{"verified": {domain.StopStopped, false, domain.StatusFailed}, "not verified": {domain.StopUnproved, false, domain.StatusLost}} {
		t.Run(name, func(t *testing.T) {
			f := fix(t, func(_ context.Context, _ domain.Target, _ domain.Exec, sink Sink) (Process, error) {
				p := newProcess()
				p.result.State = c.result
				if err := sink.Write(domain.Stdout, []byte("x\n")); domain.CodeOf(err) != domain.CodeDiskFull {
					t.Errorf("write: %v", err)
				}
				return p, nil
			})
			f.outputs.full = true
			d := f.wait(f.begin(StartRequest{}).Job.ID)
			r := d.Runs[0]
			if r.Status != c.want || domain.CodeOf(errOf(r)) != domain.CodeDiskFull || r.Complete || !strings.Contains(r.Note, "incomplete from byte 0") {
				t.Errorf("%s %v complete %t %q", r.Status, r.Error, r.Complete, r.Note)
			}
		})
	}
}

func TestParallelismAndEvents(t *testing.T) {
	f := fix(t, func(context.Context, domain.Target, domain.Exec, Sink) (Process, error) {
		p := newProcess()
		time.AfterFunc(time.Millisecond, func() { p.exit <- domain.Exit{Kind: domain.ExitStatus} })
		return p, nil
	})
	var mu sync.Mutex
	last := map[string]domain.Run{}
	var job domain.Job
	calls := 0
	f.OnChange(func(j domain.Job, runs []domain.Run) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		job = j
		for _, r := range runs {
			// The database comes first: nothing is told that isn't stored.
			stored, err := f.store.GetRun(context.Background(), r.ID)
			if err != nil || (r.Status.Finished() && stored.Status != r.Status) {
				t.Errorf("told %s, stored %s (%v)", r.Status, stored.Status, err)
			}
			last[r.ID] = r
		}
	})
	par := 7
	d := f.wait(f.begin(StartRequest{Targets: targets(200), Parallelism: &par}).Job.ID)
	if d.Job.Status != domain.StatusSucceeded || d.Job.Counts[domain.StatusSucceeded] != 200 {
		t.Errorf("job %+v", d.Job)
	}
	if f.ssh.max > par || f.ssh.max < 2 {
		t.Errorf("%d runs at once, want at most %d", f.ssh.max, par)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(last) != 200 || job.Status != domain.StatusSucceeded {
		t.Errorf("told of %d runs, job %s", len(last), job.Status)
	}
	for id, r := range last {
		if r.Status != domain.StatusSucceeded {
			t.Errorf("last word on %s is %s", id, r.Status)
		}
	}
	if calls > 400 {
		t.Errorf("%d notifications for 200 runs", calls)
	}
	if len(f.store.touched) != 200 {
		t.Errorf("%d VMs noted as used", len(f.store.touched))
	}
}

// The last word on a job is its end, also when the answer to the write before the last one comes late.
func TestLastEventTellsTheEnd(t *testing.T) {
	f := fix(t, exits(domain.Exit{Kind: domain.ExitStatus}, ""))
	ended := make(chan struct{})
	f.store.written = func(job domain.Job) {
		if job.Status.Finished() {
			close(ended)
		} else if job.Counts[domain.StatusSucceeded] == 1 {
			select {
			case <-ended: // overtaken
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	var last domain.Job
	f.OnChange(func(j domain.Job, _ []domain.Run) { last = j })
	f.wait(f.begin(StartRequest{Targets: targets(2)}).Job.ID)
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last.Status != domain.StatusSucceeded || last.Counts[domain.StatusSucceeded] != 2 {
		t.Errorf("last told: %s %v", last.Status, last.Counts)
	}
}

func TestCloseStopsEverythingAndRefusesMore(t *testing.T) {
	f := fix(t, waits(domain.StopResult{State: domain.StopStopped}, false))
	one := 1
	d := f.begin(StartRequest{Targets: targets(3), Parallelism: &one})
	f.until(d.Job.ID, status(domain.StatusRunning))
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored, _ := f.store.GetJob(t.Context(), d.Job.ID)
	for _, r := range stored.Runs {
		if r.Status != domain.StatusCanceled {
			t.Errorf("%s: %s", r.VMName, r.Status)
		}
	}
	if _, err := f.Start(t.Context(), StartRequest{Script: "true", Targets: targets(1)}); domain.CodeOf(err) != domain.CodeClosed {
		t.Errorf("start after Close: %v", err)
	}
}

// Close with no time left gives up what hangs as lost, instead of hanging itself.
func TestCloseInAHurry(t *testing.T) {
	stopping := make(chan struct{})
	p := newProcess()
	f := fix(t, func(context.Context, domain.Target, domain.Exec, Sink) (Process, error) {
		return &slowStop{fakeProcess: p, stopping: stopping}, nil
	})
	d := f.begin(StartRequest{})
	f.until(d.Job.ID, status(domain.StatusRunning))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-stopping; cancel() }()
	if err := f.Service.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	p.exit <- domain.Exit{Kind: domain.ExitUnknown}
	if stored, _ := f.store.GetJob(t.Context(), d.Job.ID); stored.Job.Status != domain.StatusLost {
		t.Errorf("%+v", stored)
	}
}

type slowStop struct {
	*fakeProcess
	stopping chan struct{}
}

func (p *slowStop) Stop(ctx context.Context, _ time.Duration) domain.StopResult {
	close(p.stopping)
	<-ctx.Done()
	return domain.StopResult{State: domain.StopUnreachable}
}

func TestPlan(t *testing.T) {
	n, zero, much := 3, 0, 1000
	for name, c := range map[string]struct {
		req   StartRequest
		code  domain.Code
		field string
	}{
		"no target":           {StartRequest{Script: "true"}, domain.CodeInvalid, "vmIds"},
		"no script":           {StartRequest{Script: " \n", Targets: targets(1)}, domain.CodeInvalid, "script"},
		"unknown command":     {StartRequest{CommandID: "x", Targets: targets(1)}, domain.CodeNotFound, ""},
		"missing value":       {StartRequest{CommandID: "c", Targets: targets(1)}, domain.CodeInvalid, "values.path"},
		"zero at once":        {StartRequest{Script: "true", Targets: targets(1), Parallelism: &zero}, domain.CodeInvalid, "parallelism"},
		"too many at once":    {StartRequest{Script: "true", Targets: targets(1), Parallelism: &much}, domain.CodeInvalid, "parallelism"},
		"unknown kind":        {StartRequest{Script: "true", Kind: "x", Targets: targets(1)}, domain.CodeInvalid, "kind"},
		"fine, at most three": {StartRequest{Script: "true", Targets: targets(1), Parallelism: &n}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := fix(t, exits(domain.Exit{}, ""))
			_, err := f.Start(t.Context(), c.req)
			if domain.CodeOf(err) != c.code || (err != nil && domain.AsError(err).Field != c.field) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A command on this computer runs once for each VM that is chosen and knows which, and once where none is.
func TestLocalWithAndWithoutVMs(t *testing.T) {
	var mu sync.Mutex
	var vms []string
	f := fix(t, func(ctx context.Context, tg domain.Target, e domain.Exec, s Sink) (Process, error) {
		mu.Lock()
		defer mu.Unlock()
		if tg.Kind != domain.TargetLocal {
			t.Errorf("target %+v", tg)
		}
		vms = append(vms, e.Env["VMO_VM"])
		return exits(domain.Exit{Kind: domain.ExitStatus}, "")(ctx, tg, e, s)
	})
	f.wait(f.begin(StartRequest{Kind: domain.KindLocal, Targets: targets(1)}).Job.ID)
	d := f.wait(f.begin(StartRequest{Kind: domain.KindLocal, Targets: []Target{}}).Job.ID)
	if len(d.Runs) != 1 || d.Runs[0].VMID != nil || d.Runs[0].VMName != "this computer" || d.Job.Status != domain.StatusSucceeded {
		t.Errorf("%+v", d)
	}
	again, err := f.Retry(t.Context(), d.Job.ID, false, domain.OriginCLI, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.wait(again.Job.ID)
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(vms, []string{"vm0", "", ""}) {
		t.Errorf("run for %q", vms)
	}
}

func TestCommandSnapshotAndRetry(t *testing.T) {
	var mu sync.Mutex
	fails := true
	f := fix(t, func(ctx context.Context, tg domain.Target, e domain.Exec, s Sink) (Process, error) {
		mu.Lock()
		defer mu.Unlock()
		exit := domain.Exit{Kind: domain.ExitStatus}
		if tg.Host == "vm1" && fails {
			exit.Code = 1
		}
		if e.Script != "df '/tmp'" || e.WorkDir != "/srv" || e.Env["A"] != "1" || e.Env["B"] != "2" || e.RunID == "" {
			t.Errorf("exec %+v", e)
		}
		return exits(exit, "")(ctx, tg, e, s)
	}, func(o *Options) {
		o.Refresh = func(_ context.Context, id string) (domain.Target, bool) {
			return domain.Target{Kind: domain.TargetSSH, Host: id + "-moved"}, true
		}
	})
	d := f.wait(f.begin(StartRequest{CommandID: "c", Values: map[string]string{"path": "/tmp"}, Env: map[string]string{"B": "2"}, Targets: targets(2)}).Job.ID)
	if d.Job.Status != domain.StatusFailed || d.Job.Name != "Disk usage" || d.Job.TimeoutSeconds != 9 || *d.Job.CommandID != "c" {
		t.Fatalf("%+v", d.Job)
	}
	mu.Lock()
	fails = false
	mu.Unlock()
	again, err := f.Retry(t.Context(), d.Job.ID, true, domain.OriginCLI, nil)
	if err != nil {
		t.Fatal(err)
	}
	again = f.wait(again.Job.ID)
	if len(again.Runs) != 1 || again.Runs[0].Target.Host != "vm1-moved" || *again.Job.RetryOf != d.Job.ID || again.Job.Status != domain.StatusSucceeded {
		t.Errorf("%+v", again)
	}
	if _, err := f.Retry(t.Context(), again.Job.ID, true, domain.OriginCLI, nil); domain.CodeOf(err) != domain.CodeNotAllowed {
		t.Errorf("retry of nothing: %v", err)
	}
}

func TestLostStoreBeforeTheEnd(t *testing.T) {
	f := fix(t, exits(domain.Exit{Kind: domain.ExitStatus}, ""))
	tries := 0
	f.store.fail = func(r domain.Run) error {
		if r.Status == domain.StatusSucceeded {
			if tries++; tries < 3 {
				return domain.NewError(domain.CodeDatabase, "", "busy")
			}
		}
		return nil
	}
	if d := f.wait(f.begin(StartRequest{}).Job.ID); d.Job.Status != domain.StatusSucceeded || tries != 3 {
		t.Errorf("%s after %d tries", d.Job.Status, tries)
	}
}

type fakeVerifier struct {
	mu    sync.Mutex
	left  []domain.StopResult
	asked int
}

func (v *fakeVerifier) VerifyLeftover(_ context.Context, _ domain.Target, p domain.RemoteProcess, _ string) (domain.StopResult, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.asked++
	if p.PID != 42 || len(v.left) == 0 {
		return domain.StopResult{}, domain.NewError(domain.CodeUnreachable, "", "no route")
	}
	r := v.left[0]
	v.left = v.left[1:]
	return r, nil
}

func TestLeftoversOfLostRuns(t *testing.T) {
	v := &fakeVerifier{left: []domain.StopResult{{State: domain.StopStillRunning, PIDs: []int{42}}, {State: domain.StopStopped}}}
	f := fix(t, nil, func(o *Options) { o.Verifier = v })
	remote := &domain.RemoteProcess{PID: 42}
	ssh := domain.Target{Kind: domain.TargetSSH}
	runs := []domain.Run{
		{ID: "a", JobID: "j", Status: domain.StatusLost, Remote: remote, Target: ssh},
		{ID: "b", JobID: "j", Position: 1, Status: domain.StatusLost, Target: ssh},                                        // never told a pid
		{ID: "c", JobID: "j", Position: 2, Status: domain.StatusCanceled, Remote: remote, Target: ssh},                    // verified before
		{ID: "d", JobID: "j", Position: 3, Status: domain.StatusLost, Remote: &domain.RemoteProcess{PID: 1}, Target: ssh}, // nobody's run is init
	}
	if _, err := f.store.InsertJob(t.Context(), domain.Job{ID: "j"}, runs); err != nil {
		t.Fatal(err)
	}
	f.VerifyLeftovers(runs)
	f.until("j", func(d domain.JobDetail) bool { return stopState(d.Runs[0]) == domain.StopStopped })
	if v.asked != 2 {
		t.Errorf("asked %d times", v.asked)
	}
}

// teeBlock takes nothing, as a terminal that was stopped by Ctrl-S.
type teeBlock struct{ closed chan struct{} }

func (t *teeBlock) Write(ctx context.Context, _ domain.Stream, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}
func (t *teeBlock) Close() { close(t.closed) }

// writesOn ends by its stop, after what it had to say.
type writesOn struct {
	*fakeProcess
	written chan struct{}
}

func (p *writesOn) Stop(ctx context.Context, grace time.Duration) domain.StopResult {
	<-p.written
	return p.fakeProcess.Stop(ctx, grace)
}

func TestBlockedTeeHoldsTheRunAndLosesNothing(t *testing.T) {
	f := fix(t, func(_ context.Context, _ domain.Target, _ domain.Exec, sink Sink) (Process, error) {
		p := &writesOn{fakeProcess: newProcess(), written: make(chan struct{})}
		go func() {
			for range 3 {
				_ = sink.Write(domain.Stdout, []byte("line\n"))
			}
			close(p.written)
		}()
		return p, nil
	})
	tee := &teeBlock{closed: make(chan struct{})}
	d := f.begin(StartRequest{Tee: func(domain.Run) Tee { return tee }})
	f.until(d.Job.ID, status(domain.StatusRunning))
	if _, err := f.CancelJob(t.Context(), d.Job.ID); err != nil {
		t.Fatal(err)
	}
	d = f.wait(d.Job.ID)
	<-tee.closed
	if r := d.Runs[0]; r.Status != domain.StatusCanceled || r.Bytes != 15 {
		t.Errorf("%s with %d bytes", r.Status, r.Bytes)
	}
}

func TestNameOf(t *testing.T) {
	for script, want := range map[string]string{
		"uptime": "uptime", "\n\n  df -h \nx": "df -h", "a\tb": "a b", strings.Repeat("ä", 70): strings.Repeat("ä", 63) + "…",
	} {
		if got := nameOf(script); got != want {
			t.Errorf("%q: %q", script, got)
		}
	}
}
