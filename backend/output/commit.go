package output

import (
	"time"

	"vmorchestrator/backend/domain"
)

// committer is the one goroutine that stores fresh output, of all runs together.
type committer struct {
	h      *Hub
	active []*run
	ring   []kept // stored segments in memory, oldest first
	sweep  int    // length of ring at which those gone otherwise are taken out
}

// kept is a stored segment that may be evicted.
type kept struct {
	run *run
	seg *segment
}

// batch is what goes into one transaction.
type batch struct {
	blocks  []domain.LogBlock
	parts   []part
	bytes   int
	notices []pendingNotice
}

// full says that the transaction is as long as one may be.
func (b *batch) full() bool {
	return b.bytes >= batchBytes || len(b.blocks) >= batchBlocks
}

// part is a run's share of a batch: blocks[from:to] are its segments.
type part struct {
	run      *run
	segs     []*segment
	from, to int
}

type pendingNotice struct {
	runID  string
	notice domain.Notice
}

func newCommitter(h *Hub) *committer { return &committer{h: h, sweep: ringSweep} }

func (c *committer) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var last time.Time // end of the last round
	for {
		select {
		case <-c.h.kick:
		case <-timer.C:
		case <-c.h.ctx.Done():
			return
		}
		if wait := commitPause - time.Since(last); wait > 0 && !c.h.urgent.Load() {
			timer.Reset(wait)
			continue
		}
		c.h.urgent.Store(false)
		for {
			next, full := c.round()
			if !full {
				timer.Reset(next)
				break
			}
		}
		last = time.Now()
	}
}

// round stores what is due. It says when to look again, and whether more is due already.
func (c *committer) round() (next time.Duration, full bool) {
	c.active = append(c.active, c.h.takeQueue()...)
	now := time.Now()
	at := now.Add(time.Hour)
	b := &batch{}
	keep := c.active[:0]
	for i, r := range c.active {
		if b.full() {
			keep = append(keep, c.active[i:]...)
			break
		}
		wake, more := c.gather(r, now, b)
		if !more {
			continue
		}
		keep = append(keep, r)
		if !wake.IsZero() && wake.Before(at) {
			at = wake
		}
	}
	clear(c.active[len(keep):])
	c.active = keep
	if full = b.full(); full { // those that had their turn go behind the others
		c.active = rotate(c.active, len(b.parts))
	}
	c.commit(b)
	return max(0, at.Sub(now)), full
}

func rotate(runs []*run, n int) []*run {
	n = min(n, len(runs))
	return append(append(make([]*run, 0, len(runs)), runs[n:]...), runs[:n]...)
}

// gather takes what is due of a run. wake is when it must be looked at next, zero for "when it calls"; more is false
// when the run needs no looking at until it calls track again.
func (c *committer) gather(r *run, now time.Time, b *batch) (wake time.Time, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.segs == nil {
		r.tracked = false
		return time.Time{}, false
	}
	for ; r.noticed < len(r.notices); r.noticed++ {
		b.notices = append(b.notices, pendingNotice{r.id, r.notices[r.noticed]})
	}
	if r.stalled && r.closing && !r.lastTry {
		r.stalled, r.lastTry = false, true
	}
	if r.stalled {
		if r.closing {
			c.finish(r)
		}
		r.tracked = false
		return time.Time{}, false
	}
	c.sealDue(r, now)
	took := c.take(r, b)
	open := r.open()
	idle := r.last.Add(r.h.idleAfter)
	if r.group.tails > 0 && r.groupWorth() && (r.closing || !now.Before(idle) && open.bytes == 0) {
		r.endGroup()
	}
	r.mergeStored()
	switch {
	case r.closing && !took && r.unstored() == len(r.segs)-1 && open.bytes == 0 && len(r.groups) == 0 && r.merging == 0:
		c.finish(r)
		r.tracked = false
		return time.Time{}, false
	case open.bytes > 0:
		return r.due, true
	case r.group.tails > 0 && r.groupWorth():
		return idle, true
	case took || r.closing || len(r.groups) > 0 || r.unstored() < len(r.segs)-1:
		return time.Time{}, true
	}
	r.tracked = false
	return time.Time{}, false
}

// sealDue ends the open segment if its time has come.
func (c *committer) sealDue(r *run, now time.Time) {
	open := r.open()
	if open.bytes == 0 {
		return
	}
	alone := r.unstored() == len(r.segs)-1
	switch {
	case r.closing:
		r.seal(r.group.tails == 0 && int(open.bytes) >= r.h.compactMin)
	case !now.Before(r.due), r.blocked && alone:
		// A stream among many that fills a good part of a chunk in that time would else be written, read and written again.
		r.seal(r.group.tails == 0 && int(open.bytes) >= r.h.chunkBytes/4)
	}
}

// take puts the segments that are ready into the batch, in order.
func (c *committer) take(r *run, b *batch) bool {
	p := part{run: r, from: len(b.blocks)}
	for _, s := range r.segs[r.unstored():] {
		if s.state != segReady || b.full() {
			break
		}
		if !s.compress {
			s.stored, _ = r.h.codec.encode(r.id, s.block, false, nil, nil)
		}
		s.state = segTaken
		p.segs = append(p.segs, s)
		b.blocks = append(b.blocks, s.stored)
		b.bytes += len(s.stored.Data)
	}
	p.to = len(b.blocks)
	if len(p.segs) == 0 {
		return false
	}
	b.parts = append(b.parts, p)
	return true
}

// finish ends a run's life in memory. r.mu is held.
func (c *committer) finish(r *run) {
	r.drop()
	r.room.Broadcast()
	// forget takes Hub.mu, which is never held while a run's is asked for.
	c.h.forget(r, true)
	close(r.finished)
}

// commit stores a batch and tells the runs.
func (c *committer) commit(b *batch) {
	for _, n := range b.notices {
		// A remark that can't be stored is no reason to stop a run; it stays visible while the run lives.
		_ = c.h.store.AppendNotice(c.h.ctx, n.runID, n.notice)
	}
	if len(b.parts) == 0 {
		return
	}
	err := c.store(b.blocks)
	for _, p := range b.parts {
		perr := err
		if err != nil && len(b.parts) > 1 && domain.CodeOf(err) != domain.CodeDiskFull {
			perr = c.h.store.AppendBlocks(c.h.ctx, b.blocks[p.from:p.to]) // one run's fault is not the others'
		}
		c.settle(p, perr)
	}
	c.makeRoom()
}

// store tries a transaction until it succeeds, can't succeed, or time is up.
func (c *committer) store(blocks []domain.LogBlock) error {
	pause := c.h.pauseMin
	for begun := time.Now(); ; pause = min(2*pause, storePauseMax) {
		err := c.h.store.AppendBlocks(c.h.ctx, blocks)
		if err == nil || !transient(err) || time.Since(begun) >= c.h.storeRetry {
			return err
		}
		select {
		case <-c.h.ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// transient says whether trying again may help.
func transient(err error) bool {
	switch domain.CodeOf(err) {
	case domain.CodeDatabase, domain.CodeInternal:
		return true
	}
	return false
}

// settle marks a run's part as stored, or the run as failed.
func (c *committer) settle(p part, err error) {
	r := p.run
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blocked = false
	defer r.room.Broadcast()
	if r.segs == nil {
		return
	}
	if err != nil {
		for _, s := range p.segs {
			s.state = segReady
		}
		r.stalled = true
		if r.err == nil {
			r.err = domain.AsError(err)
		}
		r.bell.ring()
		r.h.hurry()
		return
	}
	for _, s := range p.segs {
		s.state = segStored
		if s.compress {
			r.h.recycle(s.stored.Data)
		}
		s.stored = domain.LogBlock{}
		r.stored += s.bytes
		r.pending -= s.cost
		r.h.pending.Add(-s.cost)
		m := s.memory()
		r.resident += m
		r.h.resident.Add(m)
		c.ring = append(c.ring, kept{r, s})
	}
	r.mergeStored()
	for r.resident > int64(r.h.runRing) && r.segs[0].state == segStored {
		r.evict()
	}
	if r.closing {
		r.h.hurry()
	}
}

// mergeStored hands the groups whose tails are all stored to the compactor. r.mu is held.
func (r *run) mergeStored() {
	for len(r.groups) > 0 && r.groups[0].end() <= r.stored {
		r.merging++
		r.h.compact.push(compactJob{run: r, group: r.groups[0]})
		r.groups = r.groups[1:]
	}
}

// makeRoom evicts the oldest stored segments of all runs while memory is over the budget.
func (c *committer) makeRoom() {
	gone := 0
	for _, k := range c.ring {
		k.run.mu.Lock()
		stale := k.seg.block == nil // evicted already, or its run is over
		over := c.h.resident.Load()+c.h.pending.Load() > c.h.ring
		if !stale && over {
			k.run.evict()
		}
		k.run.mu.Unlock()
		if !stale && !over {
			break
		}
		gone++
	}
	clear(c.ring[:gone])
	c.ring = c.ring[gone:]
	if len(c.ring) < c.sweep {
		return
	}
	// Segments of a fast run go by its own limit and would pile up here behind one of a slow run.
	left := c.ring[:0]
	for _, k := range c.ring {
		k.run.mu.Lock()
		if k.seg.block != nil {
			left = append(left, k)
		}
		k.run.mu.Unlock()
	}
	clear(c.ring[len(left):])
	c.ring, c.sweep = left, max(ringSweep, 2*len(left))
}
