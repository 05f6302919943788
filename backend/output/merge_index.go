package output

import (
	"context"
	"math"
	"sort"
	"time"
)

// mark is a place in a run: the lines before it came at `at` or earlier, those from it on at `at` or later.
type mark struct{ line, byte, at int64 }

// step is a stretch of lines that came at one time, up to line `end`.
type step struct{ at, end int64 }

// mergedRun is one of the runs of a merged log, and what is known of when its lines came: marks at the edges of blocks,
// some hundreds of lines apart. What stands between two marks is looked up in the blocks when it is needed.
type mergedRun struct {
	tip    tip // at the last look
	whole  bool
	asked  time.Time // when the store was last asked for the tip
	marks  []mark
	seen   int64 // where the newest block begins that marks were taken from; -1 for none
	walked int64 // lines that tail knows
	tail   []step
}

// lap names the lines of a run between a mark and the next.
type lap struct{ run, mark int }

// add takes where a block begins. Blocks come in order; most of small ones are not worth a mark.
func (r *mergedRun) add(firstByte, firstLine, at int64) {
	r.seen = firstByte
	if n := len(r.marks); n > 0 {
		last := r.marks[n-1]
		if firstLine == last.line || firstLine-last.line < markLines && firstByte-last.byte < markBytes {
			return
		}
		at = max(at, last.at) // a clock was set back, long ago
	}
	r.marks = append(r.marks, mark{firstLine, firstByte, at})
	r.tail, r.walked = nil, firstLine-1
}

// addFrom takes the blocks of a live run that are in memory, and reports false if some before them are missing.
func (r *mergedRun) addFrom(live *run) bool {
	live.mu.Lock()
	defer live.mu.Unlock()
	if len(live.segs) == 0 || live.segs[0].firstByte > max(r.seen, 0) {
		return false
	}
	for _, s := range live.segs {
		if s.firstByte > r.seen && len(s.pieces) > 0 {
			r.add(s.firstByte, s.firstLine, s.pieces[0].at)
		}
	}
	return true
}

// sight is how far the runs had come at one moment. Lines that came before `until` are told of, and no others.
type sight struct {
	until int64
	full  []int64 // of each run, its lines that end with a newline and came before `until`
	over  []int64 // of each run, its lines without one; they are lines, behind all others, once every run has ended
	order int
	done  bool
}

func sum(v []int64) (n int64) {
	for _, k := range v {
		n += k
	}
	return n
}

func (s *sight) last() int64 { return sum(s.full) + sum(s.over) }

// look sees how far the runs are. m.mu is held.
func (m *Merged) look(ctx context.Context) (*sight, error) {
	s := &sight{until: m.h.moment(), full: make([]int64, len(m.runs)), over: make([]int64, len(m.runs)), done: true}
	foreign := false
	for i := range m.runs {
		r := &m.runs[i]
		if !r.whole {
			live, err := m.follow(ctx, i)
			if err != nil {
				return nil, err
			}
			foreign = foreign || !live && !r.tip.done && r.tip.bytes > 0
		}
		s.done = s.done && r.tip.done
	}
	switch {
	case s.done:
		s.until = math.MaxInt64
	case foreign:
		s.until -= foreignAfter.Milliseconds()
	}
	for i := range m.runs {
		var err error
		if s.full[i], err = m.rank(ctx, i, s.until); err != nil {
			return nil, err
		}
		if s.done {
			s.over[i] = m.runs[i].tip.last - m.runs[i].tip.full
		}
	}
	if err := m.check(ctx, s); err != nil {
		return nil, err
	}
	s.order = m.order
	return s, nil
}

// check counts in m.order that lines came to stand among those of the look before: it can't be helped where another
// process writes them and is late.
func (m *Merged) check(ctx context.Context, s *sight) error {
	if m.told.until > 0 {
		until, n := min(m.told.until, s.until), int64(0)
		for i := range m.runs {
			k, err := m.rank(ctx, i, until)
			if err != nil {
				return err
			}
			n += k
		}
		if n != m.told.lines {
			m.order++
		}
	}
	m.told.until, m.told.lines = s.until, sum(s.full)
	return nil
}

// follow brings what is known of a run up to date. live says that this process writes it.
func (m *Merged) follow(ctx context.Context, i int) (live bool, err error) {
	r := &m.runs[i]
	writer := m.h.run(m.ids[i])
	live = writer != nil
	if !live && !m.h.cache.isEnded(m.ids[i]) && time.Since(r.asked) < foreignEvery {
		return false, nil // it waits for its turn, or another process writes it
	}
	before := r.tip.bytes
	if r.tip, err = m.h.tip(ctx, writer, m.ids[i]); err != nil {
		return live, err
	}
	r.asked = time.Now()
	if r.tip.full < r.walked { // the disk was full, and its last lines are lost
		m.begin(i)
		before = 0
	}
	if r.tip.bytes > before && !(live && r.addFrom(writer)) {
		marks, err := m.h.store.Marks(ctx, m.ids[i], r.seen)
		if err != nil {
			return live, err
		}
		for _, k := range marks {
			r.add(k.FirstByte, k.FirstLine, k.At)
		}
	}
	r.whole = r.tip.done
	return live, nil
}

// begin forgets where the lines of run i stand.
func (m *Merged) begin(i int) {
	m.runs[i] = mergedRun{tip: m.runs[i].tip, asked: m.runs[i].asked, seen: -1}
	for k, steps := range m.known {
		if k.run == i {
			m.kept -= len(steps) + 1
			delete(m.known, k)
		}
	}
}

// rank is how many lines of run i that end with a newline came before time t.
func (m *Merged) rank(ctx context.Context, i int, t int64) (int64, error) {
	r := &m.runs[i]
	if t == math.MaxInt64 {
		return r.tip.full, nil
	}
	k := sort.Search(len(r.marks), func(k int) bool { return r.marks[k].at >= t }) - 1
	if k < 0 {
		return 0, nil
	}
	steps, err := m.steps(ctx, i, k)
	if err != nil {
		return 0, err
	}
	if j := sort.Search(len(steps), func(j int) bool { return steps[j].at >= t }); j > 0 {
		return steps[j-1].end, nil
	}
	return r.marks[k].line - 1, nil
}

// bounds are the least and the most that rank can be, from the marks alone.
func (m *Merged) bounds(i int, t int64) (low, high int64) {
	r := &m.runs[i]
	k := sort.Search(len(r.marks), func(k int) bool { return r.marks[k].at >= t }) - 1
	if k < 0 {
		return 0, 0
	}
	return r.marks[k].line - 1, r.endOf(k)
}

// endOf is the last line before the mark behind mark k.
func (r *mergedRun) endOf(k int) int64 {
	if k+1 < len(r.marks) {
		return r.marks[k+1].line - 1
	}
	return r.tip.full
}

// steps are the times of the lines of run i from mark k to the next.
func (m *Merged) steps(ctx context.Context, i, k int) ([]step, error) {
	r := &m.runs[i]
	if k == len(r.marks)-1 {
		if r.walked < r.tip.full {
			more, err := m.walk(ctx, i, r.tail, r.walked+1, r.tip.full, mark{at: math.MaxInt64})
			if err != nil {
				return nil, err
			}
			r.tail, r.walked = more, r.tip.full
		}
		return r.tail, nil
	}
	if known, ok := m.known[lap{i, k}]; ok {
		return known, nil
	}
	steps, err := m.walk(ctx, i, nil, r.marks[k].line, r.endOf(k), r.marks[k+1])
	if err != nil {
		return nil, err
	}
	m.remember(lap{i, k}, steps)
	return steps, nil
}

// walk adds the times of lines [from, to] of run i to steps; none is later than at the mark that follows.
func (m *Merged) walk(ctx context.Context, i int, steps []step, from, to int64, next mark) ([]step, error) {
	r := &m.runs[i]
	k := sort.Search(len(r.marks), func(k int) bool { return r.marks[k].line > from }) - 1
	at := r.marks[max(k, 0)].at
	err := m.h.arrivals(ctx, m.ids[i], from, to, func(end, arrived int64) {
		at = min(max(at, arrived), next.at)
		if n := len(steps); n > 0 && steps[n-1].at >= at {
			steps[n-1].end = end
			at = steps[n-1].at
		} else {
			steps = append(steps, step{at, end})
		}
	})
	return steps, err
}

// arrivals tells when lines [from, to] of a run came, all of which end with a newline: at that time, those up to `end`.
func (h *Hub) arrivals(ctx context.Context, runID string, from, to int64, tell func(end, at int64)) error {
	walk := func(b *block) {
		end := b.firstLine - 1
		for _, p := range b.pieces {
			if end += int64(p.lines); p.lines > 0 && end >= from {
				tell(min(end, to), p.at)
				from = min(end, to) + 1
			}
			if from > to {
				return
			}
		}
	}
	for from <= to {
		if err := ctx.Err(); err != nil {
			return err
		}
		if h.run(runID).blocksFrom(from, func(b *block) bool { walk(b); return from <= to }) {
			continue
		}
		b, err := h.blockAt(ctx, runID, from)
		if err != nil {
			return err
		}
		walk(b)
	}
	return nil
}

// blocksFrom visits the blocks in memory from the one in which the line completes, while visit says so; false if that
// one is not in memory.
func (r *run) blocksFrom(line int64, visit func(*block) bool) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := blockWithLine(r.segs, line)
	if i == len(r.segs) || line < r.segs[i].firstLine {
		return false
	}
	for ; i < len(r.segs) && visit(r.segs[i].block); i++ { //nolint:revive // visit does the work
	}
	return true
}

// remember keeps steps for the next look, and forgets others where they are many.
func (m *Merged) remember(s lap, steps []step) {
	m.known[s] = steps
	m.kept += len(steps) + 1
	for k, v := range m.known {
		if m.kept <= mergedSteps {
			return
		}
		if k != s {
			m.kept -= len(v) + 1
			delete(m.known, k)
		}
	}
}
