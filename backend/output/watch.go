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

// Watch gives a channel that has something in it after new output, a new notice or the end of a run that this process
// writes. Wake-ups that nobody took are joined into one. A run may be watched before it is opened. stop ends it; the
// channel is never closed.
func (h *Hub) Watch(runID string) (wake <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	b := h.bellOf(runID)
	b.mu.Lock()
	b.watchers[c] = struct{}{}
	b.mu.Unlock()
	h.mu.Unlock()
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		b.mu.Lock()
		delete(b.watchers, c)
		b.mu.Unlock()
		h.tidyBell(runID, b)
	}
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
