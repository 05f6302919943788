package output

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"vmorchestrator/backend/domain"
)

// Options are what a Hub depends on.
type Options struct {
	Store     Store
	Now       func() time.Time // for time stamps; nil is time.Now
	RingBytes int64            // memory of all live runs together; 0 is 64 MiB
}

// Hub keeps the output of all runs of this process and reads that of every run. It is safe for concurrent use.
type Hub struct {
	store Store
	now   func() time.Time
	ring  int64
	limits
	codec *codec
	cache *cache

	ctx    context.Context // for the store; ends when Close gives up or is done
	cancel context.CancelFunc
	wg     sync.WaitGroup

	kick    chan struct{} // wakes the committer
	urgent  atomic.Bool   // somebody waits for it
	encode  *queue[encodeJob]
	compact *queue[compactJob]

	scratches sync.Pool // *scratch

	clock    atomic.Int64 // newest time stamp, Unix milliseconds; see stamp
	live     atomic.Int64 // open writers
	pending  atomic.Int64 // bytes accepted and not stored, all runs
	resident atomic.Int64 // memory of stored blocks that are kept, and of free buffers

	mu     sync.Mutex
	closed bool
	runs   map[string]*run
	queue  []*run // new work for the committer
	bells  map[string]*bell
	free   [][]byte
	merged []*Merged // that were read last, the newest at the end
}

// NewHub starts a hub. Close ends it.
func NewHub(o Options) *Hub {
	return newHub(o, defaultLimits())
}

func newHub(o Options, l limits) *Hub {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RingBytes <= 0 {
		o.RingBytes = defaultRingBytes
	}
	h := &Hub{
		store: o.Store, now: o.Now, ring: o.RingBytes, limits: l, codec: newCodec(), cache: newCache(),
		kick: make(chan struct{}, 1), encode: newQueue[encodeJob](), compact: newQueue[compactJob](),
		runs: map[string]*run{}, bells: map[string]*bell{},
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.wg.Go(func() { newCommitter(h).loop() })
	for range min(encoders, runtime.GOMAXPROCS(0)) {
		h.wg.Go(h.encodeLoop)
	}
	h.wg.Go(h.compactLoop)
	h.wg.Go(h.signLoop)
	return h
}

// Open begins the output of a run, which must be new: a run is opened once in its life. The Writer's Close ends it.
func (h *Hub) Open(_ context.Context, runID string) *Writer {
	r := newRun(h, runID)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		r.abandon(errClosed())
	case h.runs[runID] != nil:
		r.abandon(domain.NewError(domain.CodeInternal, "", "the output of run %s is already being written", runID))
	default:
		h.runs[runID] = r
		h.live.Add(1)
		r.bell = h.bellOf(runID)
		r.bell.writers++
	}
	return &Writer{run: r}
}

// Close ends all writers as their own Close does, waits until everything is stored, or until ctx is done, and then for
// every goroutine of the hub. What was not stored by then is lost and its totals say so.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	runs := make([]*run, 0, len(h.runs))
	for _, r := range h.runs {
		runs = append(runs, r)
	}
	h.mu.Unlock()
	var err error
	for _, r := range runs {
		r.close()
	}
	for _, r := range runs {
		select {
		case <-r.finished:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	h.cancel()
	h.encode.close()
	h.compact.close()
	h.wg.Wait()
	for _, r := range runs {
		r.fail(errClosed())
	}
	h.codec.close()
	h.mu.Lock()
	for _, b := range h.free {
		h.resident.Add(-int64(cap(b)))
	}
	h.free = nil
	h.mu.Unlock()
	return err
}

func errClosed() error {
	return domain.NewError(domain.CodeClosed, "", "the app is shutting down")
}

// run is the live run, or nil.
func (h *Hub) run(runID string) *run {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runs[runID]
}

// wake makes the committer look.
func (h *Hub) wake() {
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

// hurry makes the committer look now: a writer or a closer waits.
func (h *Hub) hurry() {
	h.urgent.Store(true)
	h.wake()
}

// enqueue hands a run to the committer.
func (h *Hub) enqueue(r *run) {
	h.mu.Lock()
	h.queue = append(h.queue, r)
	h.mu.Unlock()
}

func (h *Hub) takeQueue() []*run {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := h.queue
	h.queue = nil
	return q
}

// forget ends the life of a run in memory.
func (h *Hub) forget(r *run, ended bool) {
	if ended { // first: nobody may take it for a run that another process writes
		h.cache.setEnded(r.id)
	}
	h.mu.Lock()
	if h.runs[r.id] == r {
		delete(h.runs, r.id)
		h.live.Add(-1)
		if r.bell != nil {
			r.bell.writers--
			h.tidyBell(r.id, r.bell)
		}
	}
	h.mu.Unlock()
	if r.bell != nil {
		r.bell.ring()
	}
}

// pendingLimit is how much each run may hold that is not stored, so that all together stay within half the ring.
func (h *Hub) pendingLimit() int64 {
	share := h.ring / 2 / max(1, h.live.Load())
	return max(int64(h.minPending), min(int64(h.pendingBytes), share))
}

// buffer is memory for a fast stream's next block.
func (h *Hub) buffer() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := len(h.free) - 1; k >= 0 {
		b := h.free[k]
		h.free = h.free[:k]
		h.resident.Add(-int64(cap(b)))
		return b
	}
	return make([]byte, 0, h.chunkBytes+h.chunkBytes/16)
}

// recycle takes a buffer back; nobody may read it any more.
func (h *Hub) recycle(b []byte) {
	if cap(b) < h.chunkBytes || cap(b) > 2*h.chunkBytes {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.free) < freeBuffers {
		h.free = append(h.free, b[:0])
		h.resident.Add(int64(cap(b)))
	}
}

// queue is an unbounded queue between goroutines; what is put in is bounded by what writers may hold.
type queue[T any] struct {
	mu    sync.Mutex
	more  sync.Cond
	items []T
	done  bool
}

func newQueue[T any]() *queue[T] {
	q := &queue[T]{}
	q.more.L = &q.mu
	return q
}

func (q *queue[T]) push(item T) {
	q.mu.Lock()
	q.items = append(q.items, item)
	q.mu.Unlock()
	q.more.Signal()
}

// pop waits for an item; false when the queue is closed.
func (q *queue[T]) pop() (T, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.done {
		q.more.Wait()
	}
	var item T
	if q.done {
		return item, false
	}
	item = q.items[0]
	q.items = q.items[1:]
	return item, true
}

func (q *queue[T]) close() {
	q.mu.Lock()
	q.done = true
	q.mu.Unlock()
	q.more.Broadcast()
}
