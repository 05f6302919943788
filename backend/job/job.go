// Package job is the job runner: it turns one click into runs on 1..N targets, keeps at most so many going at once,
// and writes down what becomes of each. It promises that a finished status never changes, that `canceled` and
// `timed_out` are only said of a run whose end was verified on the target, that a lost contact is never success, and
// that whoever is told of a change finds it in the store already: the database comes first, the event second.
//
// How a target is reached, where output goes and where jobs are kept are interfaces; the runner knows no SSH and no SQL.
package job

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"vmorchestrator/backend/domain"
)

// Sink takes what a process writes. Write blocks while the reader can't follow; an error stops the run.
type Sink interface {
	Write(stream domain.Stream, p []byte) error
	Notice(text string)
}

// Process is a command on its target, after the target accepted it.
type Process interface {
	// Remote identifies the process on its target; nil before Told is closed.
	Remote() *domain.RemoteProcess
	// Told is closed when Remote is known. It may stay open for ever.
	Told() <-chan struct{}
	// Wait returns when the command has ended and all its output went to the sink.
	Wait() domain.Exit
	// Stop ends the command and what it started, and says what it found when it looked again.
	Stop(ctx context.Context, grace time.Duration) domain.StopResult
}

// Transport starts commands on one kind of target. An error of Start is a *domain.Error and means that nothing ran;
// its ctx ends the attempt, not the command.
type Transport interface {
	Start(ctx context.Context, t domain.Target, e domain.Exec, sink Sink) (Process, error)
}

// Verifier looks on a target for what a lost run left behind, and ends it. It asks the person nothing.
type Verifier interface {
	VerifyLeftover(ctx context.Context, t domain.Target, p domain.RemoteProcess, runID string) (domain.StopResult, error)
}

// Output is one run's output on its way to the store.
type Output interface {
	Sink
	// Close waits until everything is kept and says how much that is; an error is why it isn't all.
	Close(ctx context.Context) (domain.LogTotals, error)
}

// Outputs opens the output of runs.
type Outputs interface {
	Open(ctx context.Context, runID string) Output
}

// Store keeps jobs. UpdateRun refuses to change a finished status with CodeNotAllowed, and gives the job as it is then.
type Store interface {
	InsertJob(ctx context.Context, job domain.Job, runs []domain.Run) (domain.Job, error)
	GetJob(ctx context.Context, idOrNumber string) (domain.JobDetail, error)
	GetRun(ctx context.Context, id string) (domain.Run, error)
	UpdateRun(ctx context.Context, run domain.Run) (domain.Job, error)
	// RequestCancel leaves a wish for the process that owns the job.
	RequestCancel(ctx context.Context, jobID, runID string) error
	// TakeCancels gives the wishes for this process's jobs and forgets them.
	TakeCancels(ctx context.Context) ([]domain.CancelRequest, error)
	// TouchVMs notes that VMs were used.
	TouchVMs(ctx context.Context, ids []string, at time.Time) error
}

// Commands gives saved commands and makes scripts of them.
type Commands interface {
	Get(ctx context.Context, id string) (domain.Command, error)
	Render(c domain.Command, values map[string]string) (string, error)
}

// Options are what a Service depends on.
type Options struct {
	Store      Store
	Outputs    Outputs
	Commands   Commands
	Transports map[domain.TargetKind]Transport
	Verifier   Verifier // nil: left-overs of lost runs are not looked for
	// Refresh gives the target that a VM has now, for a retry; false keeps the one of the run. nil never refreshes.
	Refresh func(ctx context.Context, vmID string) (domain.Target, bool)
	// Hide is told the secrets of each run before it begins, so that a screen can mask them; nil: nobody shows output.
	Hide func(runID string, s domain.Secrets)
	// Parallelism is the person's setting for jobs that don't say; nil is domain.DefaultParallelism.
	Parallelism func(ctx context.Context) int
	Lease       time.Duration // after which the target itself ends what lost contact; 0: it doesn't
	Now         func() time.Time
	NewID       func() string // UUIDv7
	Log         *slog.Logger
}

// Service runs jobs. It is safe for concurrent use; Close ends it.
type Service struct {
	Options
	limits

	base   context.Context // of everything that runs; ends when Close gives up
	cancel context.CancelFunc
	wg     sync.WaitGroup // runs and background work
	notes  *notifier
	slots  chan struct{} // of verifiers at work

	mu     sync.Mutex
	closed bool
	jobs   map[string]*liveJob
	live   int           // unfinished runs
	idle   chan struct{} // closed when live is 0
	poller bool          // cancel requests are being looked at
}

// New makes a Service. Nothing runs until Start.
func New(o Options) *Service { return newService(o, defaultLimits()) }

func newService(o Options, l limits) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Parallelism == nil {
		o.Parallelism = func(context.Context) int { return domain.DefaultParallelism }
	}
	s := &Service{Options: o, limits: l, jobs: map[string]*liveJob{}, slots: make(chan struct{}, maxVerifiers)}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.notes = newNotifier(l.event)
	s.idle = make(chan struct{})
	close(s.idle)
	return s
}

// OnChange has f called after changes of jobs and runs that this process owns, with the job as it is then and the runs
// that changed. Changes of a short moment are joined; f is never called twice at once. stop ends it.
func (s *Service) OnChange(f func(job domain.Job, runs []domain.Run)) (stop func()) {
	return s.notes.add(f)
}

// Active is how many runs of this process are not finished.
func (s *Service) Active() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live
}

// Wait returns the job when all its runs are finished, whichever process owns it, or ctx's error.
func (s *Service) Wait(ctx context.Context, idOrNumber string) (domain.JobDetail, error) {
	for {
		s.mu.Lock()
		lj := s.jobs[idOrNumber]
		s.mu.Unlock()
		if lj != nil {
			select {
			case <-lj.done:
				return lj.detail(), nil
			case <-ctx.Done():
				return domain.JobDetail{}, context.Cause(ctx)
			}
		}
		d, err := s.Store.GetJob(ctx, idOrNumber)
		if err != nil || d.Job.Status.Finished() {
			return d, err
		}
		if d.Job.ID != idOrNumber {
			idOrNumber = d.Job.ID
			continue
		}
		select {
		case <-time.After(s.poll):
		case <-ctx.Done():
			return domain.JobDetail{}, context.Cause(ctx)
		}
	}
}

// Busy reports whether any job of this process isn't finished.
func (s *Service) Busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs) > 0
}

// Close refuses new jobs, stops every run with verification, and waits. When ctx is done first, what is left is given
// up as lost; its target ends it by the lease.
func (s *Service) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	jobs := make([]*liveJob, 0, len(s.jobs))
	for _, lj := range s.jobs {
		jobs = append(jobs, lj)
	}
	idle := s.idle
	s.mu.Unlock()
	for _, lj := range jobs {
		s.stopRuns(lj, lj.runs, reasonClosing)
	}
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	s.cancel()
	s.wg.Wait()
	s.notes.close()
	return err
}
