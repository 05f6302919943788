package output

import (
	"context"
	"slices"
	"time"

	"vmorchestrator/backend/domain"
)

// signLoop builds signatures behind the stream: of what other starts of the app left, and of what comes.
func (h *Hub) signLoop() {
	timer := time.NewTimer(signFirst)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-h.ctx.Done():
			return
		}
		next := signEvery
		if _, err := h.sign(h.ctx, false, h.giveWay); err != nil {
			next = signAgain // a search reads the output itself until then
		}
		timer.Reset(next)
	}
}

// Sign builds the signatures that are missing now, at once, and says of how many bytes of output: what is otherwise
// done behind the stream.
func (h *Hub) Sign(ctx context.Context) (int64, error) {
	return h.sign(ctx, true, func(context.Context, time.Duration) error { return nil })
}

// SignSome builds signatures for at most so long if there is much output without, for a process that doesn't live long
// enough to do it behind the stream. What fails is left to the next one: a search reads the output itself.
func (h *Hub) SignSome(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	_, _ = h.sign(ctx, false, func(ctx context.Context, _ time.Duration) error { return ctx.Err() })
}

// giveWay rests after some work, long while output comes in.
func (h *Hub) giveWay(ctx context.Context, worked time.Duration) error {
	if h.pending.Load() == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(signRest * worked)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// signer gathers signatures until they are a pack.
type signer struct {
	h      *Hub
	rest   func(context.Context, time.Duration) error
	bits   signature // of the slot at work; its memory is used again
	every  bool      // the slot must hold everything
	slot   []domain.LogRange
	bytes  int64 // of the slot
	all    []signature
	pack   domain.SignaturePack
	stored int64
	sc     *scratch
}

func (h *Hub) sign(ctx context.Context, rest bool, giveWay func(context.Context, time.Duration) error) (int64, error) {
	_, ranges, err := h.store.Unsigned(ctx, nil)
	if err != nil {
		return 0, err
	}
	var bytes int64
	for _, r := range ranges {
		bytes += r.Bytes
	}
	many := len(ranges) >= signRuns
	if !rest && bytes < signBatch && !many {
		return 0, nil
	}
	s := &signer{h: h, rest: giveWay, bits: newSignature(), sc: h.scratch()}
	defer h.scratches.Put(s.sc)
	slices.Reverse(ranges) // oldest first
	for len(ranges) > 0 {
		some := ranges[:min(len(ranges), searchRuns)]
		ranges = ranges[len(some):]
		keys := make([]int64, len(some))
		for i, r := range some {
			keys[i] = r.Run
		}
		ids, err := h.store.RunIDs(ctx, keys)
		if err != nil {
			return s.stored, err
		}
		if err := s.runs(ctx, ids, some); err != nil {
			return s.stored, err
		}
	}
	if rest || many || len(s.all) >= packSlots*3/4 {
		s.endSlot()
		return s.stored, s.flush(ctx)
	}
	return s.stored, nil // too little for a pack, which takes the same room with few slots
}

// runs signs stretches of runs; short ones are read together.
func (s *signer) runs(ctx context.Context, ids map[int64]string, todo []domain.LogRange) error {
	for len(todo) > 0 {
		n := ahead(todo)
		rows := make([][]domain.LogBlock, n)
		if n > 1 {
			var err error
			if rows, err = s.h.store.BlocksIn(ctx, todo[:n]); err != nil {
				return err
			}
		}
		for i, r := range todo[:n] {
			if id, ok := ids[r.Run]; ok {
				if err := s.run(ctx, id, r, rows[i]); err != nil {
					return err
				}
			}
		}
		todo = todo[n:]
	}
	return nil
}

// ahead is how many of the stretches, at least one, are short enough to be read together.
func ahead(todo []domain.LogRange) int {
	bytes := todo[0].Bytes
	for n := 1; n < len(todo); n++ {
		if bytes += todo[n].Bytes; bytes > aheadBytes || n == aheadRuns {
			return n
		}
	}
	return len(todo)
}

// run signs a stretch of a run's output.
func (s *signer) run(ctx context.Context, runID string, r domain.LogRange, rows []domain.LogBlock) error {
	end := r.FirstByte + r.Bytes
	at, line := r.FirstByte, r.FirstLine
	began := time.Now()
	err := s.h.walk(ctx, nil, runID, rows, at, end, func(b *block) (bool, error) {
		to, lines := min(end, b.firstByte+b.bytes), b.lineEnd()
		if to == end { // a chunk may have grown over it since
			lines = r.FirstLine + r.Lines
		}
		ok, err := s.h.signBlock(ctx, runID, s.sc, b, to == end, s.bits)
		if err != nil {
			return false, err
		}
		s.every = s.every || !ok
		s.add(domain.LogRange{Run: r.Run, FirstByte: at, Bytes: to - at, FirstLine: line, Lines: lines - line})
		at, line = to, lines
		if s.bytes < signedBytes {
			return true, nil
		}
		if err := s.full(ctx); err != nil {
			return false, err
		}
		err = s.rest(ctx, time.Since(began))
		began = time.Now()
		return true, err
	})
	if err != nil && ctx.Err() == nil && at < end && domain.CodeOf(err) == domain.CodeDatabase {
		// What can't be read is left to the search, which says so.
		s.every = true
		s.add(domain.LogRange{Run: r.Run, FirstByte: at, Bytes: end - at, FirstLine: line, Lines: r.FirstLine + r.Lines - line})
		return s.full(ctx)
	}
	return err
}

// add puts a stretch into the slot.
func (s *signer) add(r domain.LogRange) {
	s.bytes += r.Bytes
	if k := len(s.slot) - 1; k >= 0 && s.slot[k].Run == r.Run {
		s.slot[k].Bytes += r.Bytes
		s.slot[k].Lines += r.Lines
		return
	}
	s.slot = append(s.slot, r)
}

// full ends the slot, and stores the pack if it was the last.
func (s *signer) full(ctx context.Context) error {
	s.endSlot()
	if len(s.all) < packSlots {
		return nil
	}
	return s.flush(ctx)
}

func (s *signer) endSlot() {
	if len(s.slot) == 0 {
		return
	}
	var done signature
	if !s.every {
		done = slices.Clone(s.bits)
	}
	s.all = append(s.all, done)
	s.pack.Ranges = append(s.pack.Ranges, s.slot)
	s.pack.Bytes += s.bytes
	clear(s.bits)
	s.slot, s.bytes, s.every = nil, 0, false
}

func (s *signer) flush(ctx context.Context) error {
	if len(s.all) == 0 {
		return nil
	}
	pack := s.pack
	pack.Slices = slicesOf(s.all)
	s.all, s.pack = s.all[:0], domain.SignaturePack{}
	if err := s.h.store.AddSignatures(ctx, pack); err != nil {
		return err
	}
	s.stored += pack.Bytes
	return nil
}
