package desktop

import (
	"context"
	"slices"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// source is what the pump reads when it has something to tell; the opened app in the window, a fake in tests.
type source interface {
	job(ctx context.Context, id string) (domain.JobDetail, error)
	jobOfRun(ctx context.Context, runID string) (string, error)
	settings(ctx context.Context) (domain.Settings, error)
	prompts() []domain.Prompt
	page(ctx context.Context, runID string, from int64, count int) (domain.LogPage, error)
	watch(runID string) (wake <-chan struct{}, stop func())
}

// pump turns what happens in one opened app into events: at most one per eventGap, each made when it is sent, from what
// is true then. Until then it only remembers *what* changed, so that a flood costs nothing but a mark, and nothing is
// ever queued behind a slow window.
type pump struct {
	src  source
	emit func(name string, data any)
	gap  time.Duration

	epoch string
	seq   int64 // of run's goroutine
	wake  chan struct{}

	mu       sync.Mutex
	kinds    map[string]bool            // events without content, by name
	jobs     map[string]map[string]bool // job -> its changed runs
	runs     map[string]bool            // changed runs whose job is not known yet
	order    []string                   // jobs by their first mark
	failures []*domain.Error
	asked    bool // the set of prompts changed
	watched  map[string]*watched
	turn     int // who comes first: jobs or lines

	shown map[string]bool // prompts the window knows of; run's goroutine

	stop context.CancelFunc
	wg   sync.WaitGroup
}

// watched is a run whose lines the window shows.
type watched struct {
	dirty bool
	next  int64 // first line not sent yet
	over  bool  // its end was sent
	stop  func()
	quit  chan struct{}
}

func newPump(src source, epoch string, gap time.Duration, emit func(string, any)) *pump {
	ctx, stop := context.WithCancel(context.Background())
	p := &pump{
		src: src, emit: emit, gap: gap, epoch: epoch, stop: stop,
		wake: make(chan struct{}, 1), kinds: map[string]bool{}, jobs: map[string]map[string]bool{},
		runs: map[string]bool{}, watched: map[string]*watched{}, shown: map[string]bool{},
	}
	p.wg.Go(func() { p.run(ctx) })
	return p
}

// close ends the pump and waits. Nothing is sent afterwards.
func (p *pump) close() {
	p.setWatched(nil)
	p.stop()
	p.wg.Wait()
}

func (p *pump) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// kind marks an event that carries nothing or is read when sent.
func (p *pump) kind(name string) {
	p.mu.Lock()
	p.kinds[name] = true
	p.mu.Unlock()
	p.poke()
}

// changes marks what the store says has changed.
func (p *pump) changes(list []domain.Change) {
	p.mu.Lock()
	for _, c := range list {
		switch c.Entity {
		case domain.EntityVM:
			p.kinds[eventVMs] = true
		case domain.EntityCommand:
			p.kinds[eventCommands] = true
		case domain.EntitySettings:
			p.kinds[eventSettings] = true
		case domain.EntityJob:
			p.markJob(c.ID, "")
		case domain.EntityRun:
			p.runs[c.ID] = true
		}
	}
	p.mu.Unlock()
	p.poke()
}

// jobChanged marks a job and some of its runs.
func (p *pump) jobChanged(job domain.Job, runs []domain.Run) {
	p.mu.Lock()
	p.markJob(job.ID, "")
	for _, r := range runs {
		p.markJob(job.ID, r.ID)
	}
	p.mu.Unlock()
	p.poke()
}

// markJob needs the lock.
func (p *pump) markJob(id, runID string) {
	if p.jobs[id] == nil {
		p.jobs[id] = map[string]bool{}
		p.order = append(p.order, id)
	}
	if runID != "" {
		p.jobs[id][runID] = true
	}
}

func (p *pump) promptsChanged() {
	p.mu.Lock()
	p.asked = true
	p.mu.Unlock()
	p.poke()
}

func (p *pump) failed(err error) {
	p.mu.Lock()
	p.failures = append(p.failures, domain.AsError(err))
	p.mu.Unlock()
	p.poke()
}

// setWatched makes ids the runs whose lines are sent, from their tails on.
func (p *pump) setWatched(ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, w := range p.watched {
		if !slices.Contains(ids, id) {
			w.stop()
			close(w.quit)
			delete(p.watched, id)
		}
	}
	for _, id := range ids[:min(len(ids), maxWatched)] {
		if p.watched[id] != nil {
			continue
		}
		wake, stop := p.src.watch(id)
		w := &watched{dirty: true, next: -maxEventLines, stop: stop, quit: make(chan struct{})}
		p.watched[id] = w
		p.wg.Go(func() { p.listen(w, wake) })
	}
	p.poke()
}

// listen marks w whenever its run has news.
func (p *pump) listen(w *watched, wake <-chan struct{}) {
	for {
		select {
		case <-w.quit:
			return
		case <-wake:
		}
		p.mu.Lock()
		w.dirty = true
		p.mu.Unlock()
		p.poke()
	}
}

// run sends what is marked, one event per gap. The first after a silence goes at once.
func (p *pump) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		for p.sendOne(ctx) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(p.gap):
			}
		}
	}
}

// sendOne sends the most urgent event, and reports whether there was one: questions and errors, then what a person
// waits for, jobs and lines in turns, then lists.
func (p *pump) sendOne(ctx context.Context) bool {
	if p.sendPrompt() || p.sendFailure() {
		return true
	}
	p.turn++
	first, second := p.sendJob, p.sendLines
	if p.turn%2 == 0 {
		first, second = second, first
	}
	return first(ctx) || second(ctx) || p.sendKind(ctx)
}

func (p *pump) send(name string, data payload) {
	p.seq++
	data.set(p.epoch, p.seq)
	fillPayload(data)
	p.emit(name, data)
}
