package output

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"

	"vmorchestrator/backend/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// model is the naive truth: every byte, split one by one.
type model struct {
	raw   [streams][]byte
	all   []byte
	line  [streams][]byte // open
	lines []modelLine
	calls []modelLine // as they were written
}

type modelLine struct {
	stream int
	raw    []byte
}

func (m *model) write(s int, p []byte) {
	m.calls = append(m.calls, modelLine{s, p})
	m.raw[s] = append(m.raw[s], p...)
	m.all = append(m.all, p...)
	for _, c := range p {
		if c == '\n' {
			m.lines = append(m.lines, modelLine{s, m.line[s]})
			m.line[s] = nil
			continue
		}
		m.line[s] = append(m.line[s], c)
	}
}

// finish is what the end of a run makes of the open lines.
func (m *model) finish() {
	for s := range streams {
		if len(m.line[s]) > 0 {
			m.lines = append(m.lines, modelLine{s, m.line[s]})
			m.line[s] = nil
		}
	}
}

// upTo is the model after its first n bytes.
func (m *model) upTo(n int64) *model {
	part := &model{}
	for _, c := range m.calls {
		k := min(n, int64(len(c.raw)))
		part.write(c.stream, c.raw[:k])
		n -= k
	}
	return part
}

var quietEnd = regexp.MustCompile("^(\x1b(\\[[ -?]*[ABCDEFGHf`adehlmnqrsu]|[78]))*(\x1b(\\[[ -?]*)?)?$")

// lastOverlay is the rule for what is shown of a line, the slow way: where it begins, and its bytes.
func lastOverlay(line string) (from int, shown string) {
	parts := strings.Split(line, "\r")
	for i := len(parts) - 1; ; i-- {
		if part := parts[i]; i == 0 || len(part) > quietBytes || !quietEnd.MatchString(part) {
			return len(strings.Join(parts[:i], "\r")) + min(i, 1), part
		}
	}
}

// text is the rule for a completed line, the slow way.
func (l modelLine) text() string {
	_, shown := lastOverlay(string(l.raw))
	var b strings.Builder
	for _, r := range shown {
		if b.Len()+utf8.RuneLen(r) > lineTextBytes {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// style is the one in force where the text of line i begins, read from all before it in one piece.
func (m *model) style(i int) style {
	line := m.lines[i]
	var before []byte
	for _, l := range m.lines[:i] {
		if l.stream == line.stream {
			before = append(append(before, l.raw...), '\n')
		}
	}
	from, _ := lastOverlay(string(line.raw))
	return sgr{}.after(append(before, line.raw[:from]...)).style
}

// openText is the rule for an open line, for lines below the limit.
func (m *model) openText(s int) string {
	from, tail := lastOverlay(string(m.line[s]))
	if from+len(tail) == len(m.line[s]) {
		for back := 1; back < utf8.UTFMax && back <= len(tail); back++ {
			if r := tail[len(tail)-back:]; utf8.RuneStart(r[0]) {
				if !utf8.FullRuneInString(r) {
					tail = tail[:len(tail)-back]
				}
				break
			}
		}
	}
	return string([]rune(tail))
}

func smallLimits(r *rand.Rand) limits {
	l := defaultLimits()
	l.chunkBytes = 16 + r.IntN(400)
	l.pieceBytes = 1 + r.IntN(64)
	l.blockPieces = 2 + r.IntN(60)
	l.groupTails = 2 + r.IntN(10)
	l.compactMin = 1 + r.IntN(100)
	l.pendingBytes = 64 + r.IntN(4096)
	l.minPending = 64
	l.runRing = r.IntN(4096)
	l.commitAfter = time.Duration(r.IntN(3)) * time.Millisecond
	l.pauseMin = time.Microsecond
	l.idleAfter = time.Duration(r.IntN(10)) * time.Millisecond
	return l
}

var alphabet = []string{"\n", "\n", "\r", "\r\n", "a", "bc", "ä", "€", "\U0001f600", "\xe2", "\x82", "\xff", "\x00", "word ", "\x1b[31m", "\r\x1b[1B", "\x1b[?25h\r", "\x1b[", "\x1b[2K"}

func randomBytes(r *rand.Rand) []byte {
	var p []byte
	for n := r.IntN(30); n >= 0; n-- {
		p = append(p, alphabet[r.IntN(len(alphabet))]...)
	}
	switch r.IntN(40) {
	case 0: // a long line
		p = append(p, bytes.Repeat([]byte("0123456789é"), r.IntN(900))...)
	case 1: // many short ones
		p = append(p, bytes.Repeat([]byte("y\n"), r.IntN(300))...)
	}
	cut := r.IntN(len(p) + 1) // edges fall anywhere, also into characters
	return p[:cut]
}

// readAll pages through a run from line `from` as a viewer does, and checks what every page promises.
func readAll(ctx context.Context, h *Hub, runID string, from int64) ([]domain.Line, domain.LogPage, error) {
	var lines []domain.Line
	for {
		p, err := h.Read(ctx, runID, from, 100)
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

func compare(t *testing.T, what string, h *Hub, runID string, m *model) {
	t.Helper()
	ctx := context.Background()
	lines, page, err := readAll(ctx, h, runID, 1)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if len(lines) != len(m.lines) || page.Last != int64(len(m.lines)) {
		t.Fatalf("%s: %d lines, last %d; want %d", what, len(lines), page.Last, len(m.lines))
	}
	for i, l := range lines {
		want := m.lines[i]
		if l.Text != want.text() || l.Len != int64(len(want.raw)) || l.Stream != streamName(want.stream) {
			t.Fatalf("%s: line %d is %s %d %q; want %s %d %q", what, l.N, l.Stream, l.Len, l.Text,
				streamName(want.stream), len(want.raw), want.text())
		}
	}
	for i := 0; i < len(m.lines); i += 1 + len(m.lines)/20 {
		var whole strings.Builder
		for off := int64(0); ; off += lineStepBytes {
			part, total, err := h.Line(ctx, runID, int64(i+1), off)
			if err != nil {
				t.Fatalf("%s: line %d: %v", what, i+1, err)
			}
			whole.WriteString(part)
			if off+lineStepBytes >= total {
				break
			}
		}
		if want := string([]rune(string(m.lines[i].raw))); whole.String() != want {
			t.Fatalf("%s: whole line %d is %q; want %q", what, i+1, whole.String(), want)
		}
	}
	for s := -1; s < streams; s++ {
		want, name := m.all, domain.Stream("")
		if s >= 0 {
			want, name = m.raw[s], streamName(s)
		}
		from := rand.Int64N(int64(len(want)) + 1)
		for _, from := range []int64{0, from, int64(len(want))} {
			var got bytes.Buffer
			if n, err := h.Raw(ctx, runID, name, from, &got); err != nil || n != int64(len(want))-from {
				t.Fatalf("%s: raw %q from %d: %d of %d, %v", what, name, from, n, len(want), err)
			}
			if !bytes.Equal(got.Bytes(), want[from:]) {
				t.Fatalf("%s: raw %q from %d differs", what, name, from)
			}
		}
	}
}

func TestOutputEqualsTheNaiveModel(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 30
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 7)) // #nosec G404
			store := newMemStore()
			if seed%3 == 0 { // a store that is busy now and then
				store.fail = func([]domain.LogBlock) error {
					if store.tries++; store.tries%7 < 3 {
						return domain.NewError(domain.CodeDatabase, "", "database is locked")
					}
					return nil
				}
			}
			h := newHub(Options{Store: store, RingBytes: int64(1 + r.IntN(20_000))}, smallLimits(r))
			w := h.Open(context.Background(), "run")
			m := &model{}

			stop := make(chan struct{})
			var readers sync.WaitGroup
			for k := range 2 {
				readers.Go(func() { readWhileWritten(t, h, k, stop) })
			}
			for n := r.IntN(300); n >= 0; n-- {
				s, p := r.IntN(streams), randomBytes(r)
				m.write(s, p)
				if err := w.Write(streamName(s), p); err != nil {
					t.Fatal(err)
				}
				if r.IntN(60) == 0 {
					compare(t, "live", h, "run", m)
					compareOpen(t, h, m)
				}
				if r.IntN(60) == 0 {
					kill(t, h, store, m)
				}
				if r.IntN(50) == 0 {
					time.Sleep(time.Duration(r.IntN(5)) * time.Millisecond) // lets deadlines pass: that makes tail rows
				}
			}
			compare(t, "before the end", h, "run", m)
			totals, err := w.Close(context.Background())
			close(stop)
			readers.Wait()
			m.finish()
			want := domain.LogTotals{Bytes: int64(len(m.all)), Lines: int64(len(m.lines)), Complete: true}
			if err != nil || totals != want {
				t.Fatalf("close: %+v, %v; want %+v", totals, err, want)
			}
			compare(t, "closed", h, "run", m)
			if err := h.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			store.finish("run")
			other := NewHub(Options{Store: store})
			compare(t, "another process", other, "run", m)
			if err := other.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			if len(store.faults) > 0 {
				t.Fatal(store.faults)
			}
			if h.pending.Load() != 0 || h.resident.Load() != 0 || h.live.Load() != 0 {
				t.Fatalf("left over: pending %d, resident %d, live %d", h.pending.Load(), h.resident.Load(), h.live.Load())
			}
		})
	}
}

// kill looks at what a process finds that starts after this one was killed now: everything stored, and that is a prefix.
func kill(t *testing.T, h *Hub, store *memStore, m *model) {
	t.Helper()
	run := h.run("run")
	run.mu.Lock()
	stored := run.stored
	run.mu.Unlock()
	next := NewHub(Options{Store: store.copy()})
	defer func() {
		if err := next.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	n, err := next.Raw(context.Background(), "run", "", 0, discard{})
	if err != nil || n < stored {
		t.Fatalf("after a kill %d bytes are there, %d were stored; %v", n, stored, err)
	}
	part := m.upTo(n)
	compare(t, "after a kill", next, "run", part)
	compareOpen(t, next, part)
}

// readWhileWritten follows a run by cursor: what was read once never changes, and nothing is skipped.
func readWhileWritten(t *testing.T, h *Hub, k int, stop <-chan struct{}) {
	wake, done := h.Watch("run")
	defer done()
	next := int64(1)
	var raw int64
	for {
		p, err := h.Read(context.Background(), "run", next, 50)
		if err != nil || p.From != next || len(p.Lines) == 0 && p.Last >= next {
			t.Errorf("reader: from %d: %+v, %v", next, p, err)
			return
		}
		next += int64(len(p.Lines))
		n, err := h.Raw(context.Background(), "run", streamName(k), raw, discard{})
		if err != nil {
			t.Errorf("reader: raw from %d: %v", raw, err)
			return
		}
		raw += n
		select {
		case <-wake:
		case <-stop:
			return
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func compareOpen(t *testing.T, h *Hub, m *model) {
	t.Helper()
	p, err := h.Read(context.Background(), "run", -1, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := map[domain.Stream]string{}
	for _, o := range p.Open {
		got[o.Stream] = o.Text
	}
	for s := range streams {
		want, have := m.openText(s), got[streamName(s)]
		if len(want) > lineTextBytes {
			if !strings.HasSuffix(want, have) || len(have) < lineTextBytes-utf8.UTFMax || len(have) > lineTextBytes {
				t.Fatalf("open line of %d bytes shown as %d", len(want), len(have))
			}
			continue
		}
		if have != want {
			t.Fatalf("open line is %q; want %q (%q)", have, want, m.line[s])
		}
	}
}
