package output

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sort"
	"sync"

	"vmorchestrator/backend/domain"
)

// Merged reads the output of several runs as one log: their lines in the order in which they came. Lines that came in
// the same millisecond stand in the order of the runs, those of one run as in the run. They are numbered from 1; while
// the runs go on, what comes is added behind what was told of (see domain.LogPage.Order for the one exception). A last
// line without newline is an open one until every run has ended, and then stands behind all others.
//
// No list of all lines is kept. A line is found by its number through a search for the time at which it came, with few
// marks a run and the blocks around that time, so that a jump costs about a block of each run, however long they are.
type Merged struct {
	h   *Hub
	ids []string // of the runs

	mu    sync.Mutex
	runs  []mergedRun
	known map[lap][]step
	kept  int // steps in known
	told  struct{ until, lines int64 }
	order int
	found foundAhead
}

// Merged is the log of the runs together, in this order. Those that were read last are kept.
func (h *Hub) Merged(runIDs []string) *Merged {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, m := range h.merged {
		if slices.Equal(m.ids, runIDs) {
			h.merged = append(slices.Delete(h.merged, i, i+1), m)
			return m
		}
	}
	m := &Merged{h: h, ids: slices.Clone(runIDs), runs: make([]mergedRun, len(runIDs)), known: map[lap][]step{}}
	for i := range m.runs {
		m.begin(i)
	}
	h.merged = append(h.merged, m)
	if len(h.merged) > mergedLogs {
		h.merged = slices.Delete(h.merged, 0, 1)
	}
	return m
}

// Watch is Hub.Watch for all of the runs.
func (m *Merged) Watch() (wake <-chan struct{}, stop func()) {
	return m.h.Watch(m.ids...)
}

// cut says how many lines of each run stand before line n, which is there or the one after the last. m.mu is held.
func (m *Merged) cut(ctx context.Context, s *sight, n int64) ([]int64, error) {
	if before := sum(s.full); n > before {
		v := slices.Clone(s.full)
		for i, left := 0, n-1-before; i < len(v) && left > 0; i++ {
			k := min(left, s.over[i])
			v[i] += k
			left -= k
		}
		return v, nil
	}
	// The time at which line n came: the last before which fewer than n lines did. First by the marks ...
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range m.runs {
		if k := m.runs[i].marks; len(k) > 0 {
			from, to = min(from, k[0].at), max(to, k[len(k)-1].at)
			steps, err := m.steps(ctx, i, len(k)-1)
			if err != nil {
				return nil, err
			}
			if len(steps) > 0 {
				to = max(to, steps[len(steps)-1].at)
			}
		}
	}
	to = min(to+1, s.until)
	low := from + int64(sort.Search(int(to-from), func(d int) bool { _, high := m.within(from + int64(d)); return high >= n })) - 1
	high := from + int64(sort.Search(int(to-from), func(d int) bool { low, _ := m.within(from + int64(d)); return low >= n }))
	// ... then exactly, in what they leave.
	var failed error
	ranks := func(t int64) []int64 {
		v := make([]int64, len(m.runs))
		for i := range v {
			if failed == nil {
				v[i], failed = m.rank(ctx, i, t)
			}
		}
		return v
	}
	low = max(low, from)
	at := low + int64(sort.Search(int(high-low), func(d int) bool { return sum(ranks(low+int64(d)+1)) >= n }))
	v, next := ranks(at), ranks(at+1)
	for i, left := 0, n-1-sum(v); i < len(v) && left > 0; i++ {
		k := min(left, next[i]-v[i])
		v[i] += k
		left -= k
	}
	return v, failed
}

// within is how many lines of all runs came before time t, at least and at most.
func (m *Merged) within(t int64) (low, high int64) {
	for i := range m.runs {
		l, h := m.bounds(i, t)
		low, high = low+l, high+h
	}
	return low, high
}

// span is a stretch of one run's lines among the merged ones.
type span struct {
	at    int64
	run   int
	first int64 // number in the run
	count int64
	base  int64 // how many lines of the log stand before it, from where the spans begin
}

// spans are the lines between two cuts, in order. m.mu is held.
func (m *Merged) spans(ctx context.Context, from, to []int64) ([]span, error) {
	var all []span
	for i := range m.runs {
		r := &m.runs[i]
		next, end := from[i]+1, min(to[i], r.tip.full)
		k := sort.Search(len(r.marks), func(k int) bool { return r.marks[k].line > next }) - 1
		for ; next <= end; k++ {
			steps, err := m.steps(ctx, i, k)
			if err != nil {
				return nil, err
			}
			for j := sort.Search(len(steps), func(j int) bool { return steps[j].end >= next }); j < len(steps) && next <= end; j++ {
				last := min(end, steps[j].end)
				all = append(all, span{at: steps[j].at, run: i, first: next, count: last - next + 1})
				next = last + 1
			}
		}
		if to[i] >= next {
			all = append(all, span{at: math.MaxInt64, run: i, first: next, count: to[i] - next + 1})
		}
	}
	slices.SortFunc(all, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.run, b.run), cmp.Compare(a.first, b.first))
	})
	base := int64(0)
	for i := range all {
		all[i].base = base
		base += all[i].count
	}
	return all, nil
}

// between are the lines [from, to) of what a sight saw, and how many of each run stand before the first.
func (m *Merged) between(ctx context.Context, s *sight, from, to int64) ([]span, error) {
	first, err := m.cut(ctx, s, from)
	if err != nil {
		return nil, err
	}
	end, err := m.cut(ctx, s, to)
	if err != nil {
		return nil, err
	}
	return m.spans(ctx, first, end)
}

// Read gives lines as Hub.Read does. Of each line it says of which run it is; remarks of the app are not among them.
func (m *Merged) Read(ctx context.Context, from int64, count int) (domain.LogPage, error) {
	for attempt := 0; ; attempt++ {
		answer, err := m.read(ctx, from, count)
		if !errors.Is(err, errMoved) || attempt == 2 {
			return answer, err
		}
	}
}

func (m *Merged) read(ctx context.Context, from int64, count int) (domain.LogPage, error) {
	m.mu.Lock()
	s, tips, err := m.sight(ctx)
	if err != nil {
		m.mu.Unlock()
		return domain.LogPage{}, err
	}
	last := s.last()
	if from < 0 {
		from = last + 1 + from
	}
	from = min(max(from, 1), last+1)
	count = min(max(count, 0), pageLines)
	spans, err := m.between(ctx, s, from, min(from+int64(count), last+1))
	m.mu.Unlock()
	if err != nil {
		return domain.LogPage{}, err
	}
	answer := domain.LogPage{
		From: from, Lines: []domain.Line{}, Last: last, Open: []domain.OpenLine{}, Notices: []domain.Notice{}, Done: s.done, Order: s.order,
	}
	if answer.Lines, err = m.texts(ctx, tips, spans, from); err != nil {
		return domain.LogPage{}, err
	}
	room := pageBytes
	for i := range tips {
		for k := range streams {
			text := tips[i].open[k].openText()
			if room -= len(text); s.done || tips[i].open[k].n == 0 || room < 0 {
				continue
			}
			answer.Open = append(answer.Open, domain.OpenLine{
				Stream: streamName(k), Text: text, Style: tips[i].open[k].from.String(), Run: i,
			})
		}
	}
	return answer, nil
}

// sight looks, and gives with what it sees the tips as of that moment. m.mu is held.
func (m *Merged) sight(ctx context.Context) (*sight, []tip, error) {
	s, err := m.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	tips := make([]tip, len(m.runs))
	for i := range tips {
		tips[i] = m.runs[i].tip
	}
	return s, tips, nil
}

// texts reads the lines of spans, until the reply is full. The first one is number n of the log.
func (m *Merged) texts(ctx context.Context, tips []tip, spans []span, n int64) ([]domain.Line, error) {
	lines, size := []domain.Line{}, 0
	end := make([]int64, len(m.runs)) // the last wanted line of each run
	for _, s := range spans {
		end[s.run] = s.first + s.count - 1
	}
	read := make([][]domain.Line, len(m.runs))
	for _, s := range spans {
		for k := s.first; k < s.first+s.count; k++ {
			if len(read[s.run]) == 0 {
				p := &page{next: k, last: end[s.run]}
				if err := m.h.fill(ctx, m.h.run(m.ids[s.run]), m.ids[s.run], &tips[s.run], p); err != nil {
					return nil, err
				}
				read[s.run] = p.lines
			}
			line := read[s.run][0]
			if size += len(line.Text); size > pageBytes && len(lines) > 0 {
				return lines, nil
			}
			read[s.run] = read[s.run][1:]
			line.N, line.Run, line.RunLine = n, s.run, line.N
			lines = append(lines, line)
			n++
		}
	}
	return lines, nil
}

// Line is Hub.Line for a line of the merged log. run says whose it is.
func (m *Merged) Line(ctx context.Context, n, offset int64) (run int, text string, total int64, err error) {
	m.mu.Lock()
	s, err := m.look(ctx)
	var spans []span
	if err == nil && n >= 1 && n <= s.last() {
		spans, err = m.between(ctx, s, n, n+1)
	}
	m.mu.Unlock()
	if err != nil {
		return 0, "", 0, err
	}
	if len(spans) == 0 {
		return 0, "", 0, domain.NewError(domain.CodeNotFound, "", "this log has no line %d", n)
	}
	run = spans[0].run
	text, total, err = m.h.Line(ctx, m.ids[run], spans[0].first, offset)
	return run, text, total, err
}
