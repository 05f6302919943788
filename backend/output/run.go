package output

import (
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// segState is how far a segment has come.
type segState int

const (
	segOpen   segState = iota // bytes are added
	segSealed                 // waits for an encoder
	segReady                  // waits for the committer
	segTaken                  // in a transaction
	segStored                 // in the store; kept while the ring has room
)

// segment is a block of a live run on its way into the store. Once sealed, its block never changes.
type segment struct {
	*block
	state    segState
	compress bool            // becomes a chunk; else a tail row
	cost     int64           // what counts as pending for it
	stored   domain.LogBlock // set when ready, for a chunk
}

// group is tail rows that follow each other and will become one chunk.
type group struct {
	firstByte     int64
	bytes         int64
	tails, pieces int
}

func (g *group) end() int64 { return g.firstByte + g.bytes }

// run is the live output of one run.
type run struct {
	h    *Hub
	id   string
	bell *bell // nil for a run that could not be opened

	finished chan struct{} // closed when totals are final

	mu       sync.Mutex
	room     sync.Cond  // broadcast when Write may go on
	segs     []*segment // follow each other; the last one is open; nil once the run is dropped
	pending  int64      // bytes accepted and not stored, and what their pieces need
	stored   int64      // bytes stored, from the run's beginning
	resident int64      // memory of stored segments
	due      time.Time  // when the open segment must be on its way
	last     time.Time  // last write
	group    group      // tail rows of the chunk to come
	groups   []group    // full ones, until their last tail is stored
	merging  int        // chunks with the compactor
	tracked  bool       // the committer has it
	blocked  bool       // a Write waits
	closing  bool       // no more bytes
	refused  bool       // bytes were turned down, so the stored output is incomplete
	stalled  bool       // the store failed; nothing is tried any more ...
	lastTry  bool       // ... except once at the end
	err      error      // what Write says
	notices  []domain.Notice
	noticed  int // notices stored
	totals   domain.LogTotals
}

func newRun(h *Hub, id string) *run {
	r := &run{h: h, id: id, finished: make(chan struct{}), segs: []*segment{{block: newBlock(nil)}}}
	r.room.L = &r.mu
	return r
}

func (r *run) open() *segment { return r.segs[len(r.segs)-1] }

// unstored is the index of the first segment that is not stored; the open one at the latest.
func (r *run) unstored() int {
	i := len(r.segs) - 1
	for i > 0 && r.segs[i-1].state != segStored {
		i--
	}
	return i
}

// write takes bytes of stream s; it waits while too much is pending.
func (r *run) write(s int, p []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.h.stamp()
	for len(p) > 0 {
		for r.err == nil && !r.closing && r.pending >= r.h.pendingLimit() {
			r.blocked = true
			r.track()
			r.h.hurry()
			r.room.Wait()
			at = r.h.stamp()
		}
		if r.err != nil {
			r.refused = true
			return r.err
		}
		if r.closing {
			r.refused = true
			r.err = errClosed()
			return r.err
		}
		p = p[r.put(s, p, at):]
	}
	r.bell.ring()
	return nil
}

// put adds as many bytes as fit into one piece of the open segment and returns how many.
func (r *run) put(s int, p []byte, at int64) int {
	open := r.open()
	n := min(len(p), r.h.pieceBytes, r.h.chunkBytes-int(r.group.bytes+open.bytes))
	if open.bytes == 0 {
		r.last = time.Now()
		r.due = r.last.Add(r.h.commitAfter)
		r.track()
	}
	cost := int64(n)
	if open.add(s, p[:n], at, r.h.pieceBytes) {
		cost += pieceSize
	}
	open.cost += cost
	r.pending += cost
	r.h.pending.Add(cost)
	if int(r.group.bytes+open.bytes) >= r.h.chunkBytes || r.group.pieces+len(open.pieces) >= r.h.blockPieces {
		r.seal(r.group.tails == 0)
	}
	return n
}

// track makes the committer look at the run.
func (r *run) track() {
	if !r.tracked {
		r.tracked = true
		r.h.enqueue(r)
	}
	r.h.wake()
}

// seal ends the open segment, as a chunk or as a tail row, and begins the next.
func (r *run) seal(compress bool) {
	done := r.open()
	done.compress = compress
	next := &segment{block: newBlock(done.block)}
	if compress {
		done.state = segSealed
		for s := range streams {
			if len(done.data[s]) > r.h.chunkBytes/2 && r.h.pendingLimit() >= int64(r.h.chunkBytes) {
				next.data[s] = r.h.buffer()
			}
		}
		r.h.encode.push(encodeJob{run: r, seg: done})
	} else {
		done.state = segReady
		if r.group.tails == 0 {
			r.group.firstByte = done.firstByte
		}
		r.group.bytes += done.bytes
		r.group.tails++
		r.group.pieces += len(done.pieces)
		if int(r.group.bytes) >= r.h.chunkBytes || r.group.pieces >= r.h.blockPieces || r.group.tails >= r.h.groupTails {
			r.endGroup()
		}
	}
	r.segs = append(r.segs, next)
}

// endGroup decides that the tail rows so far become a chunk.
func (r *run) endGroup() {
	r.groups = append(r.groups, r.group)
	r.group = group{}
}

// groupWorth says whether the tail rows so far gain by becoming a chunk.
func (r *run) groupWorth() bool {
	return r.group.tails > 1 || int(r.group.bytes) >= r.h.compactMin
}

// notice adds a remark of the app.
func (r *run) notice(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.segs == nil || r.closing || len(r.notices) >= runNotices {
		return
	}
	if len(r.notices) == runNotices-1 {
		text = "Further remarks about this run are not kept."
	}
	text = decodeHead([]byte(text[:min(len(text), lineKeepBytes)]))
	open := r.open()
	r.notices = append(r.notices, domain.Notice{
		AfterLine: open.firstLine + open.lines - 1, At: time.UnixMilli(r.h.stamp()).UTC(), Text: text,
	})
	r.track()
	r.bell.ring()
}

// close says that no more bytes come; finished closes when all are stored and compacted.
func (r *run) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return
	}
	r.closing = true
	r.room.Broadcast()
	if r.segs != nil {
		r.track()
		r.h.hurry()
	}
}

// abandon makes a run that was never open.
func (r *run) abandon(err error) {
	r.err, r.closing, r.segs = err, true, nil
	close(r.finished)
}

// fail ends a run that the hub can't serve any more.
func (r *run) fail(err error) {
	r.mu.Lock()
	if r.err == nil {
		r.err = err
	}
	drop := r.segs != nil
	if drop {
		r.drop()
	}
	r.room.Broadcast()
	r.mu.Unlock()
	if drop {
		r.h.forget(r, false)
		close(r.finished)
	}
}

// drop counts what is stored and gives the memory back. r.mu is held; the caller then calls forget and closes finished.
func (r *run) drop() {
	r.totals = r.storedTotals()
	for _, s := range r.segs {
		if s.state == segStored {
			r.recycle(s)
		}
	}
	r.h.pending.Add(-r.pending)
	r.segs, r.pending = nil, 0
}

// storedTotals is what the run comes to if it ends with what is stored.
func (r *run) storedTotals() domain.LogTotals {
	first := r.segs[r.unstored()]
	t := domain.LogTotals{
		Bytes: r.stored, Lines: first.firstLine - 1,
		Complete: !r.refused && first.state == segOpen && first.bytes == 0,
	}
	for _, c := range first.carry {
		if c.n > 0 {
			t.Lines++ // a last line without newline counts when the run is over
		}
	}
	return t
}

// evict removes the first segment, which must be stored.
func (r *run) evict() {
	first := r.segs[0]
	r.segs[0] = nil
	r.segs = r.segs[1:]
	r.recycle(first)
}

func (r *run) recycle(s *segment) {
	m := s.memory()
	r.resident -= m
	r.h.resident.Add(-m)
	for i := range s.data {
		r.h.recycle(s.data[i])
	}
	s.block = nil
}
