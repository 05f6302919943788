package job

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// Target is one machine of a job.
type Target struct {
	VMID   *string // nil: not taken in
	Name   string
	Target domain.Target
}

// Tee sees a run's output beside the store, in the same order, and holds the run back as long as Write blocks. ctx ends
// when the run is being stopped: Write must return then. An error of Write stops the run.
type Tee interface {
	Write(ctx context.Context, stream domain.Stream, p []byte) error
	// Close comes after the last Write.
	Close()
}

// StartRequest is one click.
type StartRequest struct {
	CommandID      string // "" is a free command: Script
	Script         string // as it is run; ignored with a CommandID
	Name           string // "" is the command's name or the script's first line
	Kind           domain.CommandKind
	Values         map[string]string // of the command's parameters, without the secret ones
	Secrets        map[string]string // of its secret parameters: sent to the targets and kept nowhere
	Targets        []Target
	Parallelism    *int // nil: the setting
	TimeoutSeconds *int // nil: the command's; 0 is none
	WorkDir        string
	Env            map[string]string
	Options        domain.RunOptions // of a free command; a CommandID has its own
	Origin         domain.Origin
	RetryOf        string
	asks           []domain.Param           // the secret parameters of a job that is run again, and its file
	of             *string                  // the command of a job that is run again, whose script is taken as it was
	Tee            func(run domain.Run) Tee // nil: nobody listens in
}

// liveJob is a job of this process that is not finished.
type liveJob struct {
	id    string
	runs  []*liveRun
	tee   func(domain.Run) Tee
	exec  domain.Exec
	local bool
	limit time.Duration // time-out, 0 is none
	done  chan struct{}

	// order is held from a write to the store until it is told of: the last word on a job is what was written last.
	order sync.Mutex

	mu   sync.Mutex
	job  domain.Job
	left int
}

func (lj *liveJob) detail() domain.JobDetail {
	lj.mu.Lock()
	d := domain.JobDetail{Job: lj.job, Runs: make([]domain.Run, 0, len(lj.runs))}
	lj.mu.Unlock()
	for _, r := range lj.runs {
		d.Runs = append(d.Runs, r.snapshot())
	}
	return d
}

// Start writes job and runs down as queued, begins with up to the job's parallelism of them, and returns at once.
// Errors: CodeInvalid with the field at fault, CodeNotFound for the command, CodeClosed, or the store's.
func (s *Service) Start(ctx context.Context, req StartRequest) (domain.JobDetail, error) {
	job, err := s.plan(ctx, &req)
	if err != nil {
		return domain.JobDetail{}, err
	}
	secrets, err := domain.TakeSecrets(job.Secrets, req.Secrets)
	if err != nil {
		return domain.JobDetail{}, err
	}
	if err := takeFile(job, &secrets); err != nil {
		secrets.Wipe()
		return domain.JobDetail{}, err
	}
	req.Secrets = nil
	runs := make([]domain.Run, len(req.Targets))
	for i, t := range req.Targets {
		target := t.Target
		if job.Kind == domain.KindLocal {
			target.Kind = domain.TargetLocal
		}
		runs[i] = domain.Run{
			ID: s.NewID(), JobID: job.ID, Position: i, VMID: t.VMID, VMName: t.Name, Target: target, Status: domain.StatusQueued,
		}
	}
	// From here on the job counts as live, so that Close either sees it or it is refused.
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return domain.JobDetail{}, domain.NewError(domain.CodeClosed, "", "the app is shutting down")
	}
	s.hold(len(runs))
	s.mu.Unlock()

	stored, err := s.Store.InsertJob(ctx, job, runs)
	if err != nil {
		secrets.Wipe()
		s.release(len(runs))
		return domain.JobDetail{}, err
	}
	lj := s.adopt(stored, runs, req, secrets)
	d := lj.detail()
	if hidden := masked(stored, secrets); s.Hide != nil && !hidden.Empty() {
		for _, r := range runs {
			s.Hide(r.ID, hidden)
		}
	}
	s.notes.tell(stored, runs...)
	s.touch(ctx, req.Targets)
	s.launch(lj)
	return d, nil
}

// plan checks the request and makes the job of it.
func (s *Service) plan(ctx context.Context, req *StartRequest) (domain.Job, error) {
	job := domain.Job{
		ID: s.NewID(), Name: req.Name, Kind: req.Kind, Script: req.Script, WorkDir: req.WorkDir, Env: map[string]string{}, Options: req.Options,
		Values: map[string]string{}, Secrets: req.asks, Status: domain.StatusQueued, Origin: req.Origin, CreatedAt: s.Now(),
	}
	if job.Secrets == nil {
		job.Secrets = []domain.Param{}
	}
	if req.CommandID != "" {
		c, err := s.Commands.Get(ctx, req.CommandID)
		if err != nil {
			return job, err
		}
		if job.Script, err = s.Commands.Render(c, req.Values); err != nil {
			return job, err
		}
		job.CommandID, job.Kind, job.TimeoutSeconds, job.Options = &c.ID, c.Kind, c.TimeoutSeconds, c.Options
		if job.Name == "" {
			job.Name = c.Name
		}
		if job.WorkDir == "" {
			job.WorkDir = c.WorkDir
		}
		job.Secrets = append(domain.SecretParams(c.Params), fileOf(c, req.Values)...)
		maps.Copy(job.Env, c.Env)
		maps.Copy(job.Values, req.Values)
	}
	if req.of != nil {
		job.CommandID = req.of
		maps.Copy(job.Values, req.Values)
	}
	maps.Copy(job.Env, req.Env)
	if job.Kind == "" {
		job.Kind = domain.KindSSH
	}
	if job.Kind == domain.KindTerminal {
		return job, domain.NewError(domain.CodeNotAllowed, "Choose it in the window: it opens in your terminal there.", "%s is a command for the terminal and no job", job.Name)
	}
	if job.Kind != domain.KindSSH && job.Kind != domain.KindLocal {
		return job, domain.FieldError("kind", "%q is not a kind of command", string(job.Kind))
	}
	if len(req.Targets) == 0 && job.Kind == domain.KindLocal { // for no VM: once
		here := domain.Target{Kind: domain.TargetLocal}
		req.Targets = []Target{{Name: here.String(), Target: here}}
	}
	switch n := len(req.Targets); {
	case n == 0:
		return job, domain.FieldError("vmIds", "choose at least one VM to run on")
	case n > MaxTargets:
		return job, domain.FieldError("vmIds", "a job runs on at most %d VMs", MaxTargets)
	}
	if err := domain.ValidScript(job.Script); err != nil {
		return job, err
	}
	if err := job.Options.Validate(job.Kind); err != nil {
		return job, err
	}
	if job.Name == "" {
		job.Name = nameOf(job.Script)
	}
	if req.TimeoutSeconds != nil {
		job.TimeoutSeconds = *req.TimeoutSeconds
	}
	if job.TimeoutSeconds < 0 || job.TimeoutSeconds > domain.MaxTimeoutSeconds {
		return job, domain.FieldError("timeoutSeconds", "a time-out is 1 second to 24 hours, or none")
	}
	if req.Parallelism != nil {
		job.Parallelism = *req.Parallelism
	} else {
		job.Parallelism = s.Parallelism(ctx)
	}
	if job.Parallelism < 1 || job.Parallelism > MaxParallelism {
		return job, domain.FieldError("parallelism", "at once is a number from 1 to %d", MaxParallelism)
	}
	if req.RetryOf != "" {
		job.RetryOf = &req.RetryOf
	}
	return job, nil
}

// nameOf is a free command's name: its first line that says something, cut to a name's length.
func nameOf(script string) string {
	name := "command"
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(strings.ToValidUTF8(line, "\uFFFD")); line != "" {
			name = strings.Map(func(r rune) rune {
				if r < ' ' || r == 0x7f {
					return ' '
				}
				return r
			}, line)
			break
		}
	}
	if utf8.RuneCountInString(name) > domain.MaxNameLen {
		name = string([]rune(name)[:domain.MaxNameLen-1]) + "…"
	}
	return name
}

// Retry starts a job again, with the script as it was run, on all its targets or on those that did not succeed.
// Its secrets are needed again. Returns CodeNotAllowed while the job is not finished or if nothing of it failed, and
// CodeInvalid with field "values.NAME" for a secret.
func (s *Service) Retry(ctx context.Context, jobID string, failedOnly bool, origin domain.Origin, secrets map[string]string) (domain.JobDetail, error) {
	d, err := s.Store.GetJob(ctx, jobID)
	if err != nil {
		return domain.JobDetail{}, err
	}
	if !d.Job.Status.Finished() {
		return domain.JobDetail{}, domain.NewError(domain.CodeNotAllowed, "Stop it first, or wait for its end.", "job %d is still running", d.Job.Number)
	}
	var targets []Target
	for _, r := range d.Runs {
		if failedOnly && r.Status == domain.StatusSucceeded {
			continue
		}
		t := Target{VMID: r.VMID, Name: r.VMName, Target: r.Target}
		if r.VMID != nil && s.Refresh != nil {
			if now, ok := s.Refresh(ctx, *r.VMID); ok {
				t.Target = now
			}
		}
		targets = append(targets, t)
	}
	if len(targets) == 0 {
		return domain.JobDetail{}, domain.NewError(domain.CodeNotAllowed, "", "every run of job %d succeeded", d.Job.Number)
	}
	req := StartRequest{
		Script: d.Job.Script, Name: d.Job.Name, Kind: d.Job.Kind, Targets: targets, Parallelism: &d.Job.Parallelism,
		TimeoutSeconds: &d.Job.TimeoutSeconds, WorkDir: d.Job.WorkDir, Env: d.Job.Env, Options: d.Job.Options, Origin: origin, RetryOf: d.Job.ID,
		Secrets: secrets, asks: d.Job.Secrets, of: d.Job.CommandID, Values: d.Job.Values,
	}
	return s.Start(ctx, req)
}

// adopt makes a stored job live.
func (s *Service) adopt(job domain.Job, runs []domain.Run, req StartRequest, secrets domain.Secrets) *liveJob {
	lj := &liveJob{
		id: job.ID, job: job, left: len(runs), tee: req.Tee, done: make(chan struct{}), local: job.Kind == domain.KindLocal,
		exec:  domain.Exec{Script: job.Script, WorkDir: job.WorkDir, Env: job.Env, Options: job.Options, Secrets: secrets},
		limit: time.Duration(job.TimeoutSeconds) * time.Second,
	}
	for _, r := range runs {
		lj.runs = append(lj.runs, newLiveRun(r))
	}
	s.mu.Lock()
	s.jobs[job.ID] = lj
	closing := s.closed
	if !s.poller {
		s.poller = true
		s.wg.Go(s.pollCancels)
	}
	s.mu.Unlock()
	if closing {
		s.stopRuns(lj, lj.runs, reasonClosing)
	}
	return lj
}

// launch starts the job's workers: each takes the next run until none is left.
func (s *Service) launch(lj *liveJob) {
	queue := make(chan *liveRun, len(lj.runs))
	for _, r := range lj.runs {
		queue <- r
	}
	close(queue)
	for range min(lj.job.Parallelism, len(lj.runs)) {
		s.wg.Go(func() {
			for r := range queue {
				if r.take() {
					s.run(lj, r)
				}
			}
		})
	}
}

// touch notes the VMs as used. It is a remark: a failure is only logged.
func (s *Service) touch(ctx context.Context, targets []Target) {
	var ids []string
	for _, t := range targets {
		if t.VMID != nil {
			ids = append(ids, *t.VMID)
		}
	}
	if len(ids) == 0 {
		return
	}
	if err := s.Store.TouchVMs(ctx, ids, s.Now()); err != nil {
		s.Log.Warn("note VMs as used", "error", err)
	}
}

// hold counts n unfinished runs more; s.mu is held.
func (s *Service) hold(n int) {
	if s.live == 0 {
		s.idle = make(chan struct{})
	}
	s.live += n
}

// release counts n unfinished runs less.
func (s *Service) release(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live -= n; s.live == 0 {
		close(s.idle)
	}
}
