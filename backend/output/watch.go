package output

import "sync"

// bell wakes those who watch a run.
type bell struct {
	writers int // live writers; guarded by Hub.mu

	mu       sync.Mutex
	watchers map[chan struct{}]struct{}
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// Watch gives a channel that has something in it after new output, a new notice or the end of one of the runs that this
// process writes. Wake-ups that nobody took are joined into one. A run may be watched before it is opened. stop ends it;
// the channel is never closed.
func (h *Hub) Watch(runIDs ...string) (wake <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	bells := make([]*bell, len(runIDs))
	h.mu.Lock()
	for i, id := range runIDs {
		bells[i] = h.bellOf(id)
		bells[i].hear(c)
	}
	h.mu.Unlock()
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for i, id := range runIDs {
			bells[i].ignore(c)
			h.tidyBell(id, bells[i])
		}
	}
}

func (b *bell) hear(c chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[c] = struct{}{}
}

func (b *bell) ignore(c chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.watchers, c)
}

// bellOf is the run's bell; Hub.mu is held.
func (h *Hub) bellOf(runID string) *bell {
	b := h.bells[runID]
	if b == nil {
		b = &bell{watchers: map[chan struct{}]struct{}{}}
		h.bells[runID] = b
	}
	return b
}

// tidyBell forgets a bell that nobody rings or hears; Hub.mu is held.
func (h *Hub) tidyBell(runID string, b *bell) {
	b.mu.Lock()
	unused := len(b.watchers) == 0 && b.writers == 0
	b.mu.Unlock()
	if unused && h.bells[runID] == b {
		delete(h.bells, runID)
	}
}
