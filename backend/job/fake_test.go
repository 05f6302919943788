package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vmorchestrator/backend/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memStore is the store's contract in memory.
type memStore struct {
	mu      sync.Mutex
	jobs    map[string]domain.Job
	runs    map[string][]domain.Run
	cancels []domain.CancelRequest
	touched []string
	updates int
	fail    func(run domain.Run) error
	written func(job domain.Job) // called between a write and the answer to it
	changed chan struct{}
}

func newMemStore() *memStore {
	return &memStore{jobs: map[string]domain.Job{}, runs: map[string][]domain.Run{}, changed: make(chan struct{}, 1)}
}

func (m *memStore) InsertJob(_ context.Context, job domain.Job, runs []domain.Run) (domain.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	job.Number = int64(len(m.jobs) + 1)
	m.jobs[job.ID] = job
	m.runs[job.ID] = append([]domain.Run(nil), runs...)
	return m.count(job.ID), nil
}

func (m *memStore) count(id string) domain.Job {
	job := m.jobs[id]
	job.Counts = map[domain.Status]int{}
	var all []domain.Status
	for _, r := range m.runs[id] {
		job.Counts[r.Status]++
		all = append(all, r.Status)
	}
	job.Status = domain.JobStatus(all)
	m.jobs[id] = job
	job.Counts = maps.Clone(job.Counts)
	return job
}

func (m *memStore) GetJob(_ context.Context, id string) (domain.JobDetail, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.jobs {
		if j.ID == id || strconv.FormatInt(j.Number, 10) == id {
			return domain.JobDetail{Job: j, Runs: append([]domain.Run(nil), m.runs[j.ID]...)}, nil
		}
	}
	return domain.JobDetail{}, domain.NewError(domain.CodeNotFound, "", "no job %s", id)
}

func (m *memStore) GetRun(_ context.Context, id string) (domain.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, runs := range m.runs {
		for _, r := range runs {
			if r.ID == id {
				return r, nil
			}
		}
	}
	return domain.Run{}, domain.NewError(domain.CodeNotFound, "", "no run %s", id)
}

func (m *memStore) UpdateRun(_ context.Context, run domain.Run) (domain.Job, error) {
	job, err := m.update(run)
	if err == nil && m.written != nil {
		m.written(job)
	}
	return job, err
}

func (m *memStore) update(run domain.Run) (domain.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(run); err != nil {
			return domain.Job{}, err
		}
	}
	old := &m.runs[run.JobID][run.Position]
	if old.Status != run.Status && !old.Status.CanBecome(run.Status) {
		return domain.Job{}, domain.NewError(domain.CodeNotAllowed, "", "%s can't become %s", old.Status, run.Status)
	}
	*old = run
	m.updates++
	select {
	case m.changed <- struct{}{}:
	default:
	}
	return m.count(run.JobID), nil
}

func (m *memStore) RequestCancel(_ context.Context, jobID, runID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cancels = append(m.cancels, domain.CancelRequest{JobID: jobID, RunID: runID})
	return nil
}

func (m *memStore) TakeCancels(context.Context) ([]domain.CancelRequest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.cancels
	m.cancels = nil
	return out, nil
}

func (m *memStore) TouchVMs(_ context.Context, ids []string, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.touched = append(m.touched, ids...)
	return nil
}

// memOutputs keeps output in memory; full refuses it.
type memOutputs struct {
	mu   sync.Mutex
	runs map[string]*memOutput
	full bool
}

type memOutput struct {
	o       *memOutputs
	mu      sync.Mutex
	buf     bytes.Buffer
	notices []string
	failed  error
	closed  bool
}

func (o *memOutputs) Open(_ context.Context, id string) Output {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.runs == nil {
		o.runs = map[string]*memOutput{}
	}
	w := &memOutput{o: o}
	o.runs[id] = w
	return w
}

func (w *memOutput) Write(_ domain.Stream, p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.o.full {
		w.failed = domain.NewError(domain.CodeDiskFull, "Make room.", "the disk is full")
		return w.failed
	}
	w.buf.Write(p)
	return nil
}

func (w *memOutput) Notice(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		panic("a notice after Close")
	}
	w.notices = append(w.notices, text)
}

func (w *memOutput) Close(context.Context) (domain.LogTotals, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return domain.LogTotals{Bytes: int64(w.buf.Len()), Lines: int64(bytes.Count(w.buf.Bytes(), []byte("\n"))), Complete: w.failed == nil}, w.failed
}

// fakeTransport does what a test's script says.
type fakeTransport struct {
	mu       sync.Mutex
	now, max int
	start    func(ctx context.Context, t domain.Target, e domain.Exec, sink Sink) (Process, error)
}

func (f *fakeTransport) Start(ctx context.Context, t domain.Target, e domain.Exec, sink Sink) (Process, error) {
	f.mu.Lock()
	f.now++
	f.max = max(f.max, f.now)
	f.mu.Unlock()
	p, err := f.start(ctx, t, e, sink)
	if err != nil {
		f.mu.Lock()
		f.now--
		f.mu.Unlock()
		return nil, err
	}
	if fp, ok := p.(*fakeProcess); ok {
		fp.ended = func() { f.mu.Lock(); f.now--; f.mu.Unlock() }
	}
	return p, nil
}

type fakeProcess struct {
	exit   chan domain.Exit
	told   chan struct{}
	remote *domain.RemoteProcess
	result domain.StopResult
	stops  int
	hangs  bool // goes on after a stop
	ended  func()
}

func newProcess() *fakeProcess {
	p := &fakeProcess{
		exit: make(chan domain.Exit, 1), told: make(chan struct{}), remote: &domain.RemoteProcess{PID: 42, StartTime: "7"},
		result: domain.StopResult{State: domain.StopStopped},
	}
	close(p.told)
	return p
}

func (p *fakeProcess) Remote() *domain.RemoteProcess { return p.remote }
func (p *fakeProcess) Told() <-chan struct{}         { return p.told }
func (p *fakeProcess) Wait() domain.Exit {
	exit := <-p.exit
	if p.ended != nil {
		p.ended()
	}
	return exit
}

func (p *fakeProcess) Stop(context.Context, time.Duration) domain.StopResult {
	p.stops++
	if !p.hangs {
		p.exit <- domain.Exit{Kind: domain.ExitSignal, Signal: "TERM"}
	}
	return p.result
}

type fixture struct {
	*Service
	t       *testing.T
	store   *memStore
	outputs *memOutputs
	ssh     *fakeTransport
}

func fix(t *testing.T, start func(ctx context.Context, t domain.Target, e domain.Exec, sink Sink) (Process, error), edit ...func(*Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, store: newMemStore(), outputs: &memOutputs{}, ssh: &fakeTransport{start: start}}
	o := Options{
		Store: f.store, Outputs: f.outputs, Commands: fakeCommands{}, Lease: 45 * time.Second,
		Transports: map[domain.TargetKind]Transport{domain.TargetSSH: f.ssh, domain.TargetLocal: f.ssh},
	}
	for _, e := range edit {
		e(&o)
	}
	l := defaultLimits()
	l.poll, l.drain, l.retry, l.event = 5*time.Millisecond, 20*time.Millisecond, time.Millisecond, time.Millisecond
	l.verify = []time.Duration{time.Millisecond, time.Millisecond}
	f.Service = newService(o, l)
	t.Cleanup(func() {
		if err := f.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return f
}

type fakeCommands struct{}

func (fakeCommands) Get(_ context.Context, id string) (domain.Command, error) {
	if id != "c" {
		return domain.Command{}, domain.NewError(domain.CodeNotFound, "", "no command %s", id)
	}
	return domain.Command{ID: "c", Name: "Disk usage", Kind: domain.KindSSH, Script: "df {{path}}", TimeoutSeconds: 9, WorkDir: "/srv", Env: map[string]string{"A": "1"}}, nil
}

func (fakeCommands) Render(_ domain.Command, v map[string]string) (string, error) {
	if v["path"] == "" {
		return "", domain.FieldError("values.path", "path needs a value")
	}
	return "df '" + v["path"] + "'", nil
}

func targets(n int) []Target {
	out := make([]Target, n)
	for i := range out {
		id := fmt.Sprintf("vm%d", i)
		out[i] = Target{VMID: &id, Name: id, Target: domain.Target{Kind: domain.TargetSSH, Host: id}}
	}
	return out
}

func (f *fixture) begin(req StartRequest) domain.JobDetail {
	f.t.Helper()
	if req.Script == "" && req.CommandID == "" {
		req.Script = "true"
	}
	if req.Targets == nil {
		req.Targets = targets(1)
	}
	d, err := f.Start(f.t.Context(), req)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

func (f *fixture) wait(id string) domain.JobDetail {
	f.t.Helper()
	ctx, cancel := context.WithTimeoutCause(f.t.Context(), 10*time.Second, errors.New("the job never ended"))
	defer cancel()
	d, err := f.Wait(ctx, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

// until waits for the stored job to be as cond says.
func (f *fixture) until(id string, cond func(domain.JobDetail) bool) {
	f.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		d, err := f.store.GetJob(f.t.Context(), id)
		if err != nil {
			f.t.Fatal(err)
		}
		if cond(d) {
			return
		}
		select {
		case <-f.store.changed:
		case <-deadline:
			f.t.Fatalf("never happened; job %+v runs %+v", d.Job, d.Runs)
		}
	}
}

func status(s domain.Status) func(domain.JobDetail) bool {
	return func(d domain.JobDetail) bool { return d.Job.Status == s }
}
