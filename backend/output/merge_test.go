package output

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// naive is the merged log made by reading every run whole and sorting.
func naive(t *testing.T, h *Hub, runs []string) []domain.Line {
	t.Helper()
	var all, over []domain.Line
	for i, id := range runs {
		lines, _, err := readAll(t.Context(), h, id, 1)
		if err != nil {
			t.Fatal(err)
		}
		tip, err := h.tip(t.Context(), h.run(id), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			l.Run, l.RunLine = i, l.N
			if l.N > tip.full {
				over = append(over, l)
			} else {
				all = append(all, l)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b domain.Line) int { return a.At.Compare(b.At) })
	all = append(all, over...)
	for i := range all {
		all[i].N = int64(i + 1)
	}
	return all
}

// mergedAll pages through a merged log from line `from`, and checks what every page promises.
func mergedAll(m *Merged, from int64) ([]domain.Line, domain.LogPage, error) {
	var lines []domain.Line
	for {
		p, err := m.Read(context.Background(), from, 100)
		if err != nil {
			return nil, p, err
		}
		size := 0
		for i, l := range p.Lines {
			if l.N != p.From+int64(i) {
				return nil, p, fmt.Errorf("line %d in the place of %d", l.N, p.From+int64(i))
			}
			size += len(l.Text)
		}
		if size > pageBytes {
			return nil, p, fmt.Errorf("page of %d bytes", size)
		}
		if len(p.Lines) == 0 {
			if from <= p.Last {
				return nil, p, fmt.Errorf("no line %d of %d", from, p.Last)
			}
			return lines, p, nil
		}
		lines = append(lines, p.Lines...)
		from += int64(len(p.Lines))
	}
}

func compareMerged(t *testing.T, what string, h *Hub, runs []string, r *rand.Rand) {
	t.Helper()
	want, m := naive(t, h, runs), h.Merged(runs)
	got, page, err := mergedAll(m, 1)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if page.Last != int64(len(want)) || !slices.Equal(got, want) {
		t.Fatalf("%s: %d lines of %d, or others", what, len(got), len(want))
	}
	for range 20 { // anywhere, in any order
		from := 1 + r.Int64N(int64(len(want))+1)
		p, err := m.Read(t.Context(), from, 1+r.IntN(20))
		if err != nil || p.From != from || !slices.Equal(p.Lines, want[from-1:from-1+int64(len(p.Lines))]) {
			t.Fatalf("%s: from %d: %+v, %v", what, from, p, err)
		}
	}
	if len(want) > 0 {
		l := want[r.IntN(len(want))]
		run, text, total, err := m.Line(t.Context(), l.N, 0)
		part, size, own := h.Line(t.Context(), runs[l.Run], l.RunLine, 0)
		if err != nil || own != nil || run != l.Run || text != part || total != size {
			t.Fatalf("%s: line %d: run %d, %d bytes, %v; want run %d, %d bytes, %v", what, l.N, run, total, err, l.Run, size, own)
		}
	}
	for _, q := range []domain.TextQuery{{Text: "a"}, {Text: "wor"}, {Text: "^$", Regex: true}, {Text: "nowhere"}} {
		compareFound(t, what, h, m, runs, want, q)
	}
}

// compareFound finds in each run by itself, and in all together.
func compareFound(t *testing.T, what string, h *Hub, m *Merged, runs []string, all []domain.Line, q domain.TextQuery) {
	t.Helper()
	type place struct {
		run  int
		line int64
	}
	hits := map[place]bool{}
	for i, id := range runs {
		for next, done := int64(1), false; !done; {
			p, err := h.Find(t.Context(), id, q, next)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range p.Lines {
				hits[place{i, n}] = true
			}
			next, done = p.Next, p.Done
		}
	}
	var want, got []int64
	for _, l := range all {
		if hits[place{l.Run, l.RunLine}] {
			want = append(want, l.N)
		}
	}
	for next, done := int64(1), false; !done; {
		p, err := m.Find(t.Context(), q, next)
		if err != nil || len(p.Lines) > findLines {
			t.Fatalf("%s: find %q from %d: %d lines, %v", what, q.Text, next, len(p.Lines), err)
		}
		got = append(got, p.Lines...)
		next, done = p.Next, p.Done
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s: find %q: %d lines, want %d", what, q.Text, len(got), len(want))
	}
}

// clock is a time that tests move, also back.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time { return time.UnixMilli(c.ms.Load()) }

// The merged log is what sorting all lines gives, live, at the end and in another process; and whoever follows it meets
// every line once, in its place for ever.
func TestMergedEqualsTheNaiveMerge(t *testing.T) {
	rounds := 80
	if testing.Short() {
		rounds = 20
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 11)) // #nosec G404
			store, time := newMemStore(), &clock{}
			time.ms.Store(1_700_000_000_000)
			h := newHub(Options{Store: store, RingBytes: int64(1 + r.IntN(20_000)), Now: time.now}, smallLimits(r))
			runs := []string{"a", "b", "c", "d", "e"}[:1+r.IntN(5)]
			writers := make([]*Writer, len(runs))

			stop := make(chan struct{})
			var followed []domain.Line
			var reader sync.WaitGroup
			reader.Go(func() { followed = followMerged(t, h, runs, stop) })
			for n := r.IntN(400); n >= 0; n-- {
				i := r.IntN(len(runs))
				if writers[i] == nil {
					writers[i] = h.Open(t.Context(), runs[i])
				}
				if err := writers[i].Write(streamName(r.IntN(streams)), randomBytes(r)); err != nil {
					t.Fatal(err)
				}
				switch r.IntN(8) {
				case 0:
					time.ms.Add(r.Int64N(2000))
				case 1:
					time.ms.Add(-r.Int64N(500)) // set back
				case 2, 3:
					time.ms.Add(r.Int64N(3))
				}
			}
			for i, w := range writers {
				if w == nil {
					w = h.Open(t.Context(), runs[i])
				}
				if _, err := w.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				store.finish(runs[i])
			}
			close(stop)
			reader.Wait()
			compareMerged(t, "closed", h, runs, r)
			if want := naive(t, h, runs); !slices.Equal(followed, want[:len(followed)]) {
				t.Fatal("a line that was read while the runs went on stands elsewhere now")
			}
			if err := h.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			other := NewHub(Options{Store: store})
			compareMerged(t, "another process", other, runs, r)
			if err := other.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// followMerged reads what comes, by cursor, as a window does.
func followMerged(t *testing.T, h *Hub, runs []string, stop <-chan struct{}) (all []domain.Line) {
	m := h.Merged(runs)
	wake, done := m.Watch()
	defer done()
	for {
		lines, p, err := mergedAll(m, int64(len(all))+1)
		if err != nil || p.Order != 0 {
			t.Errorf("follow: order %d, %v", p.Order, err)
			return all
		}
		all = append(all, lines...)
		select {
		case <-wake:
		case <-stop:
			return all
		}
	}
}

// A line is in the merged log as soon as its own log has it: the clock may stand still meanwhile.
func TestMergedTellsALineAtOnce(t *testing.T) {
	store, time := newMemStore(), &clock{}
	time.ms.Store(1000)
	h := NewHub(Options{Store: store, Now: time.now})
	defer h.Close(t.Context()) //nolint:errcheck // nothing is lost with it
	a, b := h.Open(t.Context(), "a"), h.Open(t.Context(), "b")
	m := h.Merged([]string{"a", "b"})
	for n := range 10 {
		for i, w := range []*Writer{b, a} { // in the order in which they come, not in that of the runs
			if err := w.Write(domain.Stdout, []byte("x\n")); err != nil {
				t.Fatal(err)
			}
			p, err := m.Read(t.Context(), -1, 1)
			if err != nil || p.Last != int64(2*n+i+1) || p.Lines[0].Run != 1-i {
				t.Fatalf("%+v, %v", p, err)
			}
		}
	}
}

// A last line without newline stays open until every run has ended: it came before what was shown meanwhile.
func TestMergedKeepsALineWithoutNewlineForTheEnd(t *testing.T) {
	store := newMemStore()
	h := NewHub(Options{Store: store})
	defer h.Close(t.Context()) //nolint:errcheck // nothing is lost with it
	a, b := h.Open(t.Context(), "a"), h.Open(t.Context(), "b")
	write := func(w *Writer, s string) {
		t.Helper()
		if err := w.Write(domain.Stdout, []byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	end := func(w *Writer, id string) {
		t.Helper()
		if _, err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.finish(id)
	}
	write(a, "prompt> ")
	write(b, "one\n")
	end(a, "a")
	write(b, "two\n")
	m := h.Merged([]string{"a", "b"})
	p, err := m.Read(t.Context(), 1, 10)
	if err != nil || len(p.Lines) != 2 || len(p.Open) != 1 || p.Open[0].Text != "prompt> " || p.Open[0].Run != 0 || p.Done {
		t.Fatalf("%+v, %v", p, err)
	}
	end(b, "b")
	p, err = m.Read(t.Context(), 1, 10)
	if err != nil || len(p.Lines) != 3 || p.Lines[2].Text != "prompt> " || len(p.Open) != 0 || !p.Done {
		t.Fatalf("%+v, %v", p, err)
	}
}

// Another process stores one run's output later than it stored another's that came after it: the order moves, and the
// page says so.
func TestMergedTellsThatOutputCameLate(t *testing.T) {
	store, time := newMemStore(), &clock{}
	time.ms.Store(1_000_000)
	block := func(runID string, at int64, text string) {
		b := newBlock(nil)
		b.add(stdout, []byte(text), at, pieceBytes)
		c := newCodec()
		defer c.close()
		row, _ := c.encode(runID, b, false, nil, nil)
		if err := store.AppendBlocks(t.Context(), []domain.LogBlock{row}); err != nil {
			t.Fatal(err)
		}
	}
	h := NewHub(Options{Store: store, Now: time.now})
	defer h.Close(t.Context()) //nolint:errcheck // it only reads
	block("a", 900_000, "second\n")
	m := h.Merged([]string{"a", "b"})
	p, err := m.Read(t.Context(), 1, 10)
	if err != nil || p.Last != 1 || p.Order != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	block("b", 899_000, "first\n")
	store.finish("b")
	m.runs[1].asked = m.runs[1].asked.Add(-foreignEvery)
	p, err = m.Read(t.Context(), 1, 10)
	if err != nil || p.Last != 2 || p.Lines[0].Text != "first" || p.Order != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if p, err = m.Read(t.Context(), 1, 10); err != nil || p.Order != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
}

// Many VMs that flood, far more than is kept in memory: wherever one jumps, a page costs little.
func BenchmarkMerged(b *testing.B) {
	for _, vms := range []int{50, 200} {
		store := newMemStore()
		ms := &clock{}
		ms.ms.Store(1_700_000_000_000)
		h := NewHub(Options{Store: store, Now: ms.now})
		runs := make([]string, vms)
		writers := make([]*Writer, vms)
		for i := range runs {
			runs[i] = fmt.Sprint("run-", i)
			writers[i] = h.Open(b.Context(), runs[i])
		}
		const lines = 100_000
		for n := 0; n < lines; n += 160 { // what one packet of SSH carries
			for i, w := range writers {
				var text strings.Builder
				for k := range 160 {
					fmt.Fprintf(&text, "line %d of %s, with some words that make it as long as lines are: %d and more of them\n", n+k, runs[i], (n+k)*i)
				}
				if err := w.Write(domain.Stdout, []byte(text.String())); err != nil {
					b.Fatal(err)
				}
			}
			ms.ms.Add(2)
		}
		for i, w := range writers {
			if _, err := w.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
			store.finish(runs[i])
		}
		b.Run(fmt.Sprintf("open/%d", vms), func(b *testing.B) {
			for b.Loop() {
				h.merged = nil
				if p, err := h.Merged(runs).Read(b.Context(), -40, 40); err != nil || p.Last != lines*int64(vms) {
					b.Fatal(p.Last, err)
				}
			}
		})
		b.Run(fmt.Sprintf("jump/%d", vms), func(b *testing.B) {
			m, r := h.Merged(runs), rand.New(rand.NewPCG(1, 2))
			for b.Loop() {
				if _, err := m.Read(b.Context(), 1+r.Int64N(lines*int64(vms)-100), 100); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("scroll/%d", vms), func(b *testing.B) {
			m, n := h.Merged(runs), int64(lines)
			for b.Loop() {
				p, err := m.Read(b.Context(), n, 100)
				if err != nil {
					b.Fatal(err)
				}
				n += int64(len(p.Lines))
			}
		})
		b.Run(fmt.Sprintf("find/%d", vms), func(b *testing.B) {
			m, n, at := h.Merged(runs), int64(1), int64(0)
			for b.Loop() {
				p, err := m.Find(b.Context(), domain.TextQuery{Text: "nowhere"}, n)
				if err != nil {
					b.Fatal(err)
				}
				at += p.Next - n
				if n = p.Next; p.Done {
					n = 1
				}
			}
			b.ReportMetric(float64(at)/b.Elapsed().Seconds(), "lines/s")
		})
		if err := h.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
