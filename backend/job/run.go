package job

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// reason is why a run is stopped.
type reason int

const (
	reasonNone    reason = iota
	reasonCancel         // a person said so
	reasonClosing        // the app ends
	reasonTimeout        // the command's own time-out
	reasonOutput         // its output can't be kept
)

// liveRun is a run of this process. Its domain.Run is changed by whoever took it, under mu.
type liveRun struct {
	stopping context.Context // done when a stop was asked for
	cancel   context.CancelFunc

	mu     sync.Mutex
	run    domain.Run
	taken  bool
	reason reason
	sinkEr error // why output can't be kept
}

func newLiveRun(r domain.Run) *liveRun {
	lr := &liveRun{run: r}
	lr.stopping, lr.cancel = context.WithCancel(context.Background())
	return lr
}

func (r *liveRun) snapshot() domain.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.run
}

// take makes the caller the one who changes the run from now on; false if somebody else is.
func (r *liveRun) take() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken {
		return false
	}
	r.taken = true
	return true
}

// ask asks for runs to be stopped; the first reason counts. All know of it before any is stopped: one that gives up its
// place would else leave it to one behind it that doesn't know yet, and begins.
func ask(why reason, runs ...*liveRun) {
	for _, r := range runs {
		r.mu.Lock()
		if r.reason == reasonNone {
			r.reason = why
		}
		r.mu.Unlock()
	}
	for _, r := range runs {
		r.cancel()
	}
}

func (r *liveRun) why() reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reason
}

// change edits the run and gives it as it is then.
func (r *liveRun) change(edit func(run *domain.Run)) domain.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	edit(&r.run)
	return r.run
}

// run takes one run from queued to its end.
func (s *Service) run(lj *liveJob, r *liveRun) {
	if r.why() != reasonNone {
		s.finish(lj, r, nil, func(run *domain.Run) { run.Status, run.Note = domain.StatusCanceled, noteNotStarted })
		return
	}
	first := r.snapshot()
	out := s.Outputs.Open(s.base, first.ID)
	sink := &sink{out: out, run: r, greeting: "connected to " + first.Target.String()}
	if lj.tee != nil {
		sink.tee = lj.tee(first)
	}
	process, err := s.begin(lj, r, first, sink)
	if err != nil {
		sink.close()
		s.finish(lj, r, out, func(run *domain.Run) {
			if r.reason != reasonNone { // mu is held
				run.Status, run.Note = domain.StatusCanceled, noteNotStarted
				return
			}
			run.Status, run.Error = domain.StatusFailed, domain.AsError(err)
		})
		return
	}
	sink.greet()
	now := s.Now()
	started := r.change(func(run *domain.Run) {
		run.Status, run.StartedAt, run.Remote = domain.StatusRunning, &now, process.Remote()
	})
	if err := s.save(lj, started); err != nil {
		s.Log.Error("store a running run", "run", first.ID, "error", err)
		r.refuse(err)
	}
	s.follow(lj, r, process, sink, out)
}

// begin starts the command on its target. A stop that comes meanwhile ends the attempt.
func (s *Service) begin(lj *liveJob, r *liveRun, run domain.Run, sink Sink) (Process, error) {
	transport := s.Transports[run.Target.Kind]
	if transport == nil {
		return nil, domain.NewError(domain.CodeUnsupported, "", "%q is no kind of target that can be reached", string(run.Target.Kind))
	}
	exec := lj.exec
	exec.RunID = run.ID
	if lj.local {
		exec.Env = localEnv(lj.exec.Env, run)
	}
	ctx, cancel := context.WithCancel(s.base)
	defer cancel()
	defer context.AfterFunc(r.stopping, cancel)()
	return transport.Start(ctx, run.Target, exec, sink)
}

// localEnv tells a command on this computer which VM it is run for, if it is for one.
func localEnv(env map[string]string, run domain.Run) map[string]string {
	if run.Target.Destination() == "" {
		return env
	}
	out := map[string]string{"VMO_VM": run.VMName, "VMO_HOST": run.Target.Destination(), "VMO_USER": run.Target.User}
	if run.Target.Port != 0 {
		out["VMO_PORT"] = fmt.Sprint(run.Target.Port)
	}
	for k, v := range env {
		out[k] = v
	}
	return out
}

// ending is how a process came to its end.
type ending struct {
	exit   *domain.Exit       // nil: its output is still held open
	result *domain.StopResult // nil: it was not stopped
}

// follow watches a started process until its end and writes down what became of it.
func (s *Service) follow(lj *liveJob, r *liveRun, p Process, sink *sink, out Output) {
	exited := make(chan domain.Exit, 1)
	go func() { exited <- p.Wait() }() // ends with the process or, at the latest, with its transport
	var timer <-chan time.Time
	if lj.limit > 0 {
		t := time.NewTimer(lj.limit)
		defer t.Stop()
		timer = t.C
	}
	told := p.Told()
	var end ending
	for end == (ending{}) {
		select {
		case exit := <-exited:
			end.exit = &exit
			continue
		default: // an exit that is there counts before a stop
		}
		select {
		case exit := <-exited:
			end.exit = &exit
		case <-told:
			told = nil
			if run := r.change(func(run *domain.Run) { run.Remote = p.Remote() }); run.Remote != nil {
				if err := s.save(lj, run); err != nil {
					s.Log.Warn("store a remote process", "run", run.ID, "error", err)
				}
			}
		case <-timer:
			ask(reasonTimeout, r)
		case <-r.stopping.Done():
			end = s.end(r, p, sink, exited)
		case <-s.base.Done():
			ask(reasonClosing, r)
			end = ending{result: &domain.StopResult{State: domain.StopUnreachable, PIDs: []int{}, LeaseEndsAt: s.leaseEnd()}}
		}
	}
	remote := p.Remote()
	sink.close()
	verdict := s.judge(r, end, lj.exec.Options)
	if text := verdict.notice(); text != "" {
		out.Notice(text)
	}
	s.finish(lj, r, out, func(run *domain.Run) {
		if remote != nil {
			run.Remote = remote
		}
		verdict.apply(run)
	})
	s.verifyLater(r.snapshot())
}

// end stops a process and waits a little for the rest of its output.
func (s *Service) end(r *liveRun, p Process, sink *sink, exited <-chan domain.Exit) ending {
	sink.Notice(stopNotice(r.why()))
	ctx, cancel := context.WithTimeout(s.base, s.limits.stop)
	result := p.Stop(ctx, s.grace)
	cancel()
	if result.PIDs == nil {
		result.PIDs = []int{}
	}
	end := ending{result: &result}
	select {
	case exit := <-exited:
		end.exit = &exit
	case <-time.After(s.drain):
	case <-s.base.Done():
	}
	return end
}

// finish keeps the output, then writes the final status and the totals together. apply runs with the run locked.
func (s *Service) finish(lj *liveJob, r *liveRun, out Output, apply func(run *domain.Run)) {
	totals := domain.LogTotals{Complete: true}
	var kept error
	r.change(apply)
	if out != nil {
		if run := r.snapshot(); run.Error != nil {
			out.Notice(run.Error.Message)
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.base), s.stored)
		totals, kept = out.Close(ctx)
		cancel()
	}
	now := s.Now()
	run := r.change(func(run *domain.Run) {
		run.FinishedAt, run.Bytes, run.Lines, run.Complete = &now, totals.Bytes, totals.Lines, totals.Complete
		if totals.Complete {
			return
		}
		run.Note = join(run.Note, fmt.Sprintf("output incomplete from byte %d", totals.Bytes))
		if run.Error == nil && kept != nil {
			run.Error = domain.AsError(kept)
		}
	})
	if err := s.saveFinal(lj, run); err != nil {
		s.Log.Error("store a finished run", "run", run.ID, "status", run.Status, "error", err)
		run = r.change(func(run *domain.Run) {
			run.Status, run.Error = domain.StatusLost, domain.AsError(err)
		})
		lj.order.Lock()
		s.notes.tell(lj.recount(), run)
		lj.order.Unlock()
	}
	r.cancel()
	s.leave(lj)
}

// leave counts a run of the job as finished, and ends the job after the last one.
func (s *Service) leave(lj *liveJob) {
	lj.mu.Lock()
	lj.left--
	last := lj.left == 0
	lj.mu.Unlock()
	if last {
		s.mu.Lock()
		delete(s.jobs, lj.id)
		s.mu.Unlock()
		lj.exec.Secrets.Wipe()
		close(lj.done)
	}
	s.release(1)
}

// recount is the job as its runs in memory make it, for when the store can't say.
func (lj *liveJob) recount() domain.Job {
	statuses := make([]domain.Status, 0, len(lj.runs))
	counts := map[domain.Status]int{}
	for _, r := range lj.runs {
		status := r.snapshot().Status
		statuses = append(statuses, status)
		counts[status]++
	}
	lj.mu.Lock()
	defer lj.mu.Unlock()
	lj.job.Status, lj.job.Counts = domain.JobStatus(statuses), counts
	return lj.job
}

// save writes a run, then tells.
func (s *Service) save(lj *liveJob, run domain.Run) error {
	lj.order.Lock()
	defer lj.order.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.base), s.store)
	defer cancel()
	job, err := s.Store.UpdateRun(ctx, run)
	if err != nil {
		return err
	}
	lj.mu.Lock()
	lj.job = job
	lj.mu.Unlock()
	s.notes.tell(job, run)
	return nil
}

// saveFinal tries harder: a full disk may have room again, and the store keeps some for this.
func (s *Service) saveFinal(lj *liveJob, run domain.Run) error {
	var err error
	for attempt := range finalAttempts {
		if attempt > 0 {
			select {
			case <-time.After(s.retry):
			case <-s.base.Done():
			}
		}
		if err = s.save(lj, run); err == nil || domain.CodeOf(err) == domain.CodeNotAllowed {
			return err
		}
	}
	return err
}
