package output

import (
	"context"
	"slices"
	"sort"
	"time"

	"vmorchestrator/backend/domain"
)

// foundAhead are matches of a merged log that were found and not told of yet: lines up to next were looked at.
type foundAhead struct {
	query domain.TextQuery
	order int
	lines []int64
	from  int64 // the call that is answered with them
	next  int64
}

// Find is Hub.Find over the lines of all runs. It works through the log in stretches of some thousand lines of each
// run, so that every block is opened about once; a call ends with its stretch.
func (m *Merged) Find(ctx context.Context, q domain.TextQuery, from int64) (domain.FindPage, error) {
	match, err := newMatcher(q)
	if err != nil {
		return domain.FindPage{}, err
	}
	m.mu.Lock()
	s, tips, err := m.sight(ctx)
	ahead := m.found
	m.mu.Unlock()
	if err != nil {
		return domain.FindPage{}, err
	}
	page := domain.FindPage{Lines: []int64{}, Next: min(max(from, 1), s.last()+1)}
	if ahead.query == q && ahead.from == page.Next && ahead.order == s.order {
		page.Lines, page.Next = ahead.lines, ahead.next
	}
	for until := time.Now().Add(findBudget); page.Next <= s.last() && len(page.Lines) < findLines && time.Now().Before(until); {
		to := min(page.Next+int64(len(m.runs))*mergedFind, s.last()+1)
		found, err := m.findBetween(ctx, match, s, tips, page.Next, to)
		if err != nil {
			return page, err
		}
		page.Lines = append(page.Lines, found...)
		page.Next = to
	}
	if len(page.Lines) > findLines {
		rest := foundAhead{query: q, order: s.order, lines: page.Lines[findLines:], from: page.Lines[findLines], next: page.Next}
		page.Lines, page.Next = page.Lines[:findLines:findLines], rest.from
		m.mu.Lock()
		m.found = rest
		m.mu.Unlock()
		return page, nil
	}
	page.Done = page.Next > s.last()
	return page, nil
}

// findBetween gives the numbers of the lines [from, to) that match.
func (m *Merged) findBetween(ctx context.Context, match *matcher, s *sight, tips []tip, from, to int64) ([]int64, error) {
	m.mu.Lock()
	spans, err := m.between(ctx, s, from, to)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	of := make([][]span, len(m.runs)) // each run's, in rising order
	for _, s := range spans {
		of[s.run] = append(of[s.run], s)
	}
	sc := m.h.scratch()
	defer m.h.scratches.Put(sc)
	var all []int64
	for i, own := range of {
		if len(own) == 0 {
			continue
		}
		last := own[len(own)-1]
		if err := m.h.findWithin(ctx, m.ids[i], &tips[i], match, sc, own[0].first, last.first+last.count-1, func(n int64) {
			k := sort.Search(len(own), func(k int) bool { return own[k].first+own[k].count > n })
			all = append(all, from+own[k].base+n-own[k].first)
		}); err != nil {
			return nil, err
		}
	}
	slices.Sort(all)
	return all, nil
}

// findWithin tells which of the lines [from, to] of a run match.
func (h *Hub) findWithin(ctx context.Context, runID string, t *tip, m *matcher, sc *scratch, from, to int64, tell func(n int64)) error {
	r := h.run(runID)
	if from <= t.full {
		if err := h.walkLines(ctx, r, runID, from, t.bytes, func(b *block) (bool, error) {
			found, err := h.found(ctx, r, runID, m, sc, b, from)
			for _, f := range found {
				if f.n <= to {
					tell(f.n)
				}
			}
			return b.lineEnd() <= min(to, t.full), err
		}); err != nil {
			return err
		}
	}
	for n := max(from, t.full+1); n <= to; n++ {
		s := t.unterminated(n)
		_, ok, err := h.matchOpen(ctx, r, runID, m, sc, s, t.open[s], t.size[s])
		if err != nil {
			return err
		}
		if ok {
			tell(n)
		}
	}
	return nil
}
