package job

import (
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// notifier tells listeners of changes, joined over a short time, from a goroutine that lives only while there are any.
type notifier struct {
	every time.Duration

	mu        sync.Mutex
	wg        sync.WaitGroup
	closed    chan struct{}
	ended     bool
	running   bool
	next      int
	listeners map[int]func(domain.Job, []domain.Run)
	order     []string // jobs in the order of their first pending change
	pending   map[string]*change
}

type change struct {
	job  domain.Job
	runs []domain.Run
	at   map[string]int // place of a run in runs
}

func newNotifier(every time.Duration) *notifier {
	return &notifier{
		every: every, closed: make(chan struct{}),
		listeners: map[int]func(domain.Job, []domain.Run){}, pending: map[string]*change{},
	}
}

func (n *notifier) add(f func(domain.Job, []domain.Run)) func() {
	n.mu.Lock()
	defer n.mu.Unlock()
	id := n.next
	n.next++
	n.listeners[id] = f
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.listeners, id)
	}
}

// tell notes a change. The newest state of each run is what listeners get.
func (n *notifier) tell(job domain.Job, runs ...domain.Run) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended {
		return
	}
	c := n.pending[job.ID]
	if c == nil {
		c = &change{at: map[string]int{}}
		n.pending[job.ID] = c
		n.order = append(n.order, job.ID)
	}
	c.job = job
	for _, r := range runs {
		if i, ok := c.at[r.ID]; ok {
			c.runs[i] = r
			continue
		}
		c.at[r.ID] = len(c.runs)
		c.runs = append(c.runs, r)
	}
	if !n.running {
		n.running = true
		n.wg.Go(n.loop)
	}
}

func (n *notifier) loop() {
	for {
		n.mu.Lock()
		order, pending := n.order, n.pending
		n.order, n.pending = nil, map[string]*change{}
		if len(order) == 0 {
			n.running = false
			n.mu.Unlock()
			return
		}
		listeners := make([]func(domain.Job, []domain.Run), 0, len(n.listeners))
		for i := range n.next {
			if f := n.listeners[i]; f != nil {
				listeners = append(listeners, f)
			}
		}
		n.mu.Unlock()
		for _, id := range order {
			for _, f := range listeners {
				f(pending[id].job, pending[id].runs)
			}
		}
		select {
		case <-time.After(n.every):
		case <-n.closed: // what is pending goes out at once
		}
	}
}

// close delivers what is pending and waits for it.
func (n *notifier) close() {
	n.mu.Lock()
	if !n.ended {
		n.ended = true
		close(n.closed)
	}
	n.mu.Unlock()
	n.wg.Wait()
}
