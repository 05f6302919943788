package output

// stamp is the time that what arrives now is marked with, in Unix milliseconds. It never goes back, also where the
// computer's clock does, so that the lines of all runs of a process have an order that no later one changes.
func (h *Hub) stamp() int64 {
	now := h.now().UnixMilli()
	for {
		last := h.clock.Load()
		if now <= last {
			return last
		}
		if h.clock.CompareAndSwap(last, now) {
			return now
		}
	}
}

// moment ends the millisecond: every stamp given so far is smaller than what it returns, and no later one is.
func (h *Hub) moment() int64 {
	for {
		last := h.clock.Load()
		next := max(h.now().UnixMilli(), last+1)
		if h.clock.CompareAndSwap(last, next) {
			return next
		}
	}
}
