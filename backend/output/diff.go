package output

import (
	"context"

	"vmorchestrator/backend/domain"
)

// Diff compares what two runs said, line by line, both streams together in the order of their lines. What it reads and
// what it gives is bounded (see limits.go), and its answer says where a bound was met. CodeDatabase: a log can't be
// read.
func (h *Hub) Diff(ctx context.Context, oldRun, newRun string) (domain.Diff, error) {
	a, ofA, err := h.linesOf(ctx, oldRun)
	if err != nil {
		return domain.Diff{}, err
	}
	b, ofB, err := h.linesOf(ctx, newRun)
	if err != nil {
		return domain.Diff{}, err
	}
	d := diffLines(a, b)
	d.ReadA, d.ReadB, d.OfA, d.OfB = int64(len(a)), int64(len(b)), ofA, ofB
	return d, nil
}

// linesOf reads the first lines of a run, and says how many it has.
func (h *Hub) linesOf(ctx context.Context, runID string) (lines []string, of int64, err error) {
	bytes := 0
	for {
		p, err := h.Read(ctx, runID, int64(len(lines))+1, diffMaxLines-len(lines))
		if err != nil {
			return nil, 0, err
		}
		for _, l := range p.Lines {
			lines = append(lines, l.Text)
			bytes += len(l.Text)
		}
		if len(p.Lines) == 0 || int64(len(lines)) >= p.Last || len(lines) >= diffMaxLines || bytes >= diffMaxBytes {
			return lines, p.Last, nil
		}
	}
}

// edit is a stretch of the older lines that a stretch of the newer ones took the place of; either may be empty.
type edit struct{ a, aEnd, b, bEnd int }

func diffLines(a, b []string) domain.Diff {
	c := newComparer(a, b)
	c.compare(0, len(a), 0, len(b), diffMaxEdits)
	return shape(c.edits, a, b, c.coarse)
}

// newComparer compares numbers in the place of lines.
func newComparer(a, b []string) *comparer {
	ids := make(map[string]int32, len(a))
	number := func(lines []string) []int32 {
		out := make([]int32, len(lines))
		for i, l := range lines {
			id, ok := ids[l]
			if !ok {
				id = int32(len(ids)) //nolint:gosec // at most twice diffMaxLines
				ids[l] = id
			}
			out[i] = id
		}
		return out
	}
	return &comparer{a: number(a), b: number(b)}
}

// comparer finds the edits between two sequences of numbered lines.
type comparer struct {
	a, b   []int32
	edits  []edit
	coarse bool
	steps  int // diagonals that were followed, which is most of the work
}

func (c *comparer) add(e edit) {
	if e.a == e.aEnd && e.b == e.bEnd {
		return
	}
	if n := len(c.edits); n > 0 && c.edits[n-1].aEnd == e.a && c.edits[n-1].bEnd == e.b {
		c.edits[n-1].aEnd, c.edits[n-1].bEnd = e.aEnd, e.bEnd
		return
	}
	c.edits = append(c.edits, e)
}

// compare goes over a[a0:a1] and b[b0:b1]: equal ends are left out, then the shortest edit is looked for (Myers, "An
// O(ND) difference algorithm", 1986). Past `most` edits the lines that both sides have exactly once divide the rest
// (Cohen's patience diff), and between two of those few edits are looked for; a stretch that has more is one change.
func (c *comparer) compare(a0, a1, b0, b1, most int) {
	for a0 < a1 && b0 < b1 && c.a[a0] == c.b[b0] {
		a0, b0 = a0+1, b0+1
	}
	for a0 < a1 && b0 < b1 && c.a[a1-1] == c.b[b1-1] {
		a1, b1 = a1-1, b1-1
	}
	if a0 == a1 || b0 == b1 {
		c.add(edit{a0, a1, b0, b1})
		return
	}
	if c.shortest(a0, a1, b0, b1, most) {
		return
	}
	if most <= diffGapEdits {
		c.coarse = true
		c.add(edit{a0, a1, b0, b1})
		return
	}
	for _, at := range c.anchors(a0, a1, b0, b1) {
		c.compare(a0, at[0], b0, at[1], diffGapEdits)
		a0, b0 = at[0]+1, at[1]+1
	}
	c.compare(a0, a1, b0, b1, diffGapEdits)
}

// shortest adds the shortest edit of the two stretches, if it takes at most `most` lines added and removed.
func (c *comparer) shortest(a0, a1, b0, b1, most int) bool {
	n, m := a1-a0, b1-b0
	most = min(most, n+m)
	v := make([]int32, 2*most+2)
	var trace [][]int32 // of each number of edits, how far each diagonal came
	for d := 0; d <= most; d++ {
		c.steps += d + 1
		for k := -d; k <= d; k += 2 {
			var x int
			if k == -d || k != d && v[most+k-1] < v[most+k+1] {
				x = int(v[most+k+1])
			} else {
				x = int(v[most+k-1]) + 1
			}
			if d == 0 {
				x = 0
			}
			y := x - k
			for x < n && y < m && c.a[a0+x] == c.b[b0+y] {
				x, y = x+1, y+1
			}
			v[most+k] = int32(x) //nolint:gosec // at most diffMaxLines
			if x >= n && y >= m {
				c.walkBack(trace, a0, b0, n, m, d)
				return true
			}
		}
		row := make([]int32, 2*d+1)
		copy(row, v[most-d:most+d+1])
		trace = append(trace, row)
	}
	return false
}

// walkBack turns the trace into edits, from the end to the beginning, and adds them in order.
func (c *comparer) walkBack(trace [][]int32, a0, b0, x, y, d int) {
	var back []edit
	for ; d > 0; d-- {
		row := trace[d-1] // diagonals -(d-1)..d-1
		at := func(k int) int {
			if k < -(d-1) || k > d-1 {
				return -1
			}
			return int(row[k+d-1])
		}
		k := x - y
		var px, py int
		if k == -d || k != d && at(k-1) < at(k+1) {
			px = at(k + 1)
			py = px - (k + 1)
			back = append(back, edit{a0 + px, a0 + px, b0 + py, b0 + py + 1})
		} else {
			px = at(k - 1)
			py = px - (k - 1)
			back = append(back, edit{a0 + px, a0 + px + 1, b0 + py, b0 + py})
		}
		x, y = px, py
	}
	for i := len(back) - 1; i >= 0; i-- {
		c.add(back[i])
	}
}

// anchors are the lines that both stretches have exactly once, as many as follow each other on both sides.
func (c *comparer) anchors(a0, a1, b0, b1 int) [][2]int {
	type seen struct{ inA, inB, a, b int }
	lines := map[int32]*seen{}
	for i := a0; i < a1; i++ {
		s := lines[c.a[i]]
		if s == nil {
			s = &seen{}
			lines[c.a[i]] = s
		}
		s.inA, s.a = s.inA+1, i
	}
	for i := b0; i < b1; i++ {
		if s := lines[c.b[i]]; s != nil {
			s.inB, s.b = s.inB+1, i
		}
	}
	// The longest rising sequence of places in b, by patience sorting.
	type card struct{ a, b, below int }
	var cards []card
	var piles []int // top card of each
	for i := a0; i < a1; i++ {
		s := lines[c.a[i]]
		if s.inA != 1 || s.inB != 1 {
			continue
		}
		lo, hi := 0, len(piles)
		for lo < hi {
			if mid := (lo + hi) / 2; cards[piles[mid]].b < s.b {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		below := -1
		if lo > 0 {
			below = piles[lo-1]
		}
		cards = append(cards, card{i, s.b, below})
		if lo == len(piles) {
			piles = append(piles, len(cards)-1)
		} else {
			piles[lo] = len(cards) - 1
		}
	}
	out := make([][2]int, len(piles))
	if len(piles) == 0 {
		return out
	}
	for i, at := len(out)-1, piles[len(piles)-1]; i >= 0; i, at = i-1, cards[at].below {
		out[i] = [2]int{cards[at].a, cards[at].b}
	}
	return out
}

// shape makes rows of the edits: each change with some equal lines around it, the rest folded.
func shape(edits []edit, a, b []string, coarse bool) domain.Diff {
	d := domain.Diff{Rows: []domain.DiffRow{}, Coarse: coarse}
	bytes := 0
	add := func(kind domain.DiffKind, x, y, count int, text string) {
		d.Rows = append(d.Rows, domain.DiffRow{Kind: kind, A: int64(x), B: int64(y), Count: int64(count), Text: text})
		bytes += len(text)
	}
	// same adds the equal lines from (x, y) on; before and after say whether a change is at that side.
	same := func(x, y, n int, before, after bool) {
		head, tail := 0, 0
		if before {
			head = diffContext
		}
		if after {
			tail = diffContext
		}
		if n <= head+tail+1 {
			head, tail = n, 0
		}
		for i := range head {
			add(domain.DiffSame, x+i+1, y+i+1, 1, a[x+i])
		}
		if folded := n - head - tail; folded > 0 {
			add(domain.DiffFold, x+head+1, y+head+1, folded, "")
		}
		for i := n - tail; i < n; i++ {
			add(domain.DiffSame, x+i+1, y+i+1, 1, a[x+i])
		}
	}
	x, y := 0, 0
	for i, e := range edits {
		d.Removed += int64(e.aEnd - e.a)
		d.Added += int64(e.bEnd - e.b)
		if d.Cut {
			continue
		}
		same(x, y, e.a-x, i > 0, true)
		for n := e.a; n < e.aEnd && !d.Cut; n++ {
			add(domain.DiffRemoved, n+1, 0, 1, a[n])
			d.Cut = len(d.Rows) >= diffMaxRows || bytes >= diffMaxReply
		}
		for n := e.b; n < e.bEnd && !d.Cut; n++ {
			add(domain.DiffAdded, 0, n+1, 1, b[n])
			d.Cut = len(d.Rows) >= diffMaxRows || bytes >= diffMaxReply
		}
		x, y = e.aEnd, e.bEnd
	}
	if !d.Cut && x < len(a) {
		same(x, y, len(a)-x, len(edits) > 0, false)
	}
	return d
}
