package output

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vmorchestrator/backend/domain"
)

var bg = context.Background()

func write(t *testing.T, w *Writer, s domain.Stream, text string) {
	t.Helper()
	if err := w.Write(s, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func closeHub(t *testing.T, h *Hub) {
	t.Helper()
	if err := h.Close(bg); err != nil {
		t.Error(err)
	}
}

func TestFreshOutputIsStoredWithinAQuarterOfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		h := NewHub(Options{Store: store})
		defer closeHub(t, h)
		w := h.Open(bg, "run")
		for i := range 8 {
			write(t, w, domain.Stdout, fmt.Sprintf("line %d\nprompt %d> ", i, i))
			time.Sleep(250 * time.Millisecond)
			killed := NewHub(Options{Store: store.copy()})
			p, err := killed.Read(bg, "run", -1, 10)
			if err != nil || p.Last != int64(i+1) || len(p.Open) != 1 || p.Open[0].Text != fmt.Sprintf("prompt %d> ", i) {
				t.Fatalf("after write %d a killed process leaves %+v, %v", i, p, err)
			}
			closeHub(t, killed)
		}
	})
}

func TestSilenceTurnsTailRowsIntoOneChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		h := NewHub(Options{Store: store})
		defer closeHub(t, h)
		w := h.Open(bg, "run")
		for i := range 20 {
			write(t, w, domain.Stdout, fmt.Sprintf("line %d\n", i))
			time.Sleep(time.Second)
		}
		if n := store.count("run"); n != 20 {
			t.Fatalf("%d tail rows, want 20", n)
		}
		time.Sleep(11 * time.Second)
		if n := store.count("run"); n != 1 {
			t.Fatalf("%d blocks after a silence, want 1", n)
		}
		write(t, w, domain.Stdout, "more\n")
		time.Sleep(time.Minute)
		if n := store.count("run"); n != 2 {
			t.Fatalf("%d blocks, want the chunk and one small row", n)
		}
	})
}

// Of many streams at once each is too slow for a chunk in the time that output may wait. Written as rows they would be
// read and written again.
func TestAFairlyFastStreamIsWrittenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		h := NewHub(Options{Store: store})
		w := h.Open(bg, "run")
		for range 10 {
			write(t, w, domain.Stdout, strings.Repeat("a line like others\n", chunkBytes/3/19))
			time.Sleep(250 * time.Millisecond)
		}
		if n := store.count("run"); n != 10 {
			t.Errorf("%d blocks within a quarter of a second each, want 10", n)
		}
		closeHub(t, h)
		if store.replaced != 0 {
			t.Errorf("%d blocks were written twice", store.replaced)
		}
		for _, b := range store.blocks["run"] {
			if len(b.Data) > int(b.Bytes)/10 {
				t.Errorf("a block of %d bytes is stored in %d", b.Bytes, len(b.Data))
			}
		}
	})
}

// readCounter counts the rows that are read.
type readCounter struct {
	*memStore
	rows int
}

func (c *readCounter) BlocksFrom(ctx context.Context, runID string, firstByte int64, limit int) ([]domain.LogBlock, error) {
	rows, err := c.memStore.BlocksFrom(ctx, runID, firstByte, limit)
	c.rows += len(rows)
	return rows, err
}

func TestMergingReadsNoRowOfAnotherGroup(t *testing.T) {
	store := &readCounter{memStore: newMemStore()}
	h := NewHub(Options{Store: store})
	defer closeHub(t, h)
	var want []byte
	b := newBlock(nil)
	for i := range 40 {
		line := fmt.Appendf(nil, "row %d\n", i)
		b.add(stdout, line, 1, pieceBytes)
		stored, _ := h.codec.encode("run", b, false, nil, nil)
		if err := store.AppendBlocks(bg, []domain.LogBlock{stored}); err != nil {
			t.Fatal(err)
		}
		if i >= 5 && i < 8 {
			want = append(want, line...)
		}
		b = newBlock(b)
	}
	first := store.blocks["run"][5].FirstByte
	merged, err := h.merge(compactJob{run: newRun(h, "run"), group: group{firstByte: first, bytes: int64(len(want)), tails: 3}})
	if err != nil {
		t.Fatal(err)
	}
	if got := merged.data[stdout]; string(got) != string(want) {
		t.Errorf("merged %q, want %q", got, want)
	}
	if store.rows != 3 {
		t.Errorf("%d rows were read for a group of 3", store.rows)
	}
}

func TestASlowLogReadsLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		h := NewHub(Options{Store: store})
		defer closeHub(t, h)
		w := h.Open(bg, "run")
		m := &model{}
		for i := range 1500 { // past groupTails, so that chunks and rows lie side by side
			p := fmt.Appendf(nil, "line %d\n", i)
			m.write(i%2, p)
			write(t, w, streamName(i%2), string(p))
			time.Sleep(300 * time.Millisecond)
		}
		other := NewHub(Options{Store: store})
		defer closeHub(t, other)
		compare(t, "another process", other, "run", m)
		compare(t, "this process", h, "run", m)
		if n := store.count("run"); n > 600 {
			t.Fatalf("%d blocks", n)
		}
	})
}

func TestOpenLinesAndWakeUps(t *testing.T) {
	h := NewHub(Options{Store: newMemStore()})
	defer closeHub(t, h)
	wake, stop := h.Watch("run")
	defer stop()
	w := h.Open(bg, "run")
	for range 10 {
		write(t, w, domain.Stderr, "Password:")
	}
	<-wake
	select {
	case <-wake:
		t.Fatal("wake-ups that nobody took were not joined")
	default:
	}
	p, err := h.Read(bg, "run", 1, 10)
	if err != nil || len(p.Open) != 1 || p.Open[0].Stream != domain.Stderr || !strings.HasSuffix(p.Open[0].Text, "Password:") {
		t.Fatalf("%+v, %v", p, err)
	}
	if p.From != 1 || p.Last != 0 || p.Done || p.Lines == nil || p.Notices == nil {
		t.Fatalf("%+v", p)
	}
	w.Notice("Stopped by you.")
	<-wake
	if _, err := w.Close(bg); err != nil {
		t.Fatal(err)
	}
	<-wake
	p, err = h.Read(bg, "run", 1, 10)
	if err != nil || !p.Done || p.Last != 1 || len(p.Open) != 0 || len(p.Lines) != 1 || len(p.Notices) != 1 {
		t.Fatalf("after the end: %+v, %v", p, err)
	}
	stop()
	if len(h.bells) != 0 {
		t.Fatal("a bell is left")
	}
}

func TestNoticesAreBounded(t *testing.T) {
	store := newMemStore()
	h := NewHub(Options{Store: store})
	defer closeHub(t, h)
	w := h.Open(bg, "run")
	write(t, w, domain.Stdout, "a\nb\n")
	for range 1000 {
		w.Notice(strings.Repeat("é", 5000))
	}
	if _, err := w.Close(bg); err != nil {
		t.Fatal(err)
	}
	w.Notice("too late")
	p, err := h.Read(bg, "run", 1, 1)
	if err != nil || len(p.Notices) != runNotices || len(p.Notices[0].Text) != lineTextBytes || p.Notices[0].AfterLine != 2 {
		t.Fatalf("%d notices, %v", len(p.Notices), err)
	}
	if last := p.Notices[runNotices-1].Text; !strings.HasPrefix(last, "Further remarks") {
		t.Fatalf("the last notice is %q", last)
	}
}

func TestManyRunsShareTransactions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		h := NewHub(Options{Store: store})
		defer closeHub(t, h)
		var ws []*Writer
		for i := range 100 {
			w := h.Open(bg, fmt.Sprint(i))
			write(t, w, domain.Stdout, "hello")
			ws = append(ws, w)
		}
		time.Sleep(250 * time.Millisecond)
		if n := store.transactions(); n > 3 {
			t.Errorf("%d transactions for 100 runs", n)
		}
		var wg sync.WaitGroup
		for _, w := range ws {
			wg.Go(func() {
				if totals, err := w.Close(bg); err != nil || totals != (domain.LogTotals{Bytes: 5, Lines: 1, Complete: true}) {
					t.Errorf("%+v, %v", totals, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestClosedAndMisused(t *testing.T) {
	h := NewHub(Options{Store: newMemStore()})
	w := h.Open(bg, "run")
	if err := w.Write("stdlog", []byte("x")); domain.CodeOf(err) != domain.CodeInternal {
		t.Errorf("unknown stream: %v", err)
	}
	twice := h.Open(bg, "run")
	if err := twice.Write(domain.Stdout, []byte("x")); domain.CodeOf(err) != domain.CodeInternal {
		t.Errorf("second writer: %v", err)
	}
	write(t, w, domain.Stdout, "x")
	first, err := w.Close(bg)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Close(bg); again != first || err != nil {
		t.Errorf("second close: %+v, %v", again, err)
	}
	if err := w.Write(domain.Stdout, []byte("x")); domain.CodeOf(err) != domain.CodeClosed {
		t.Errorf("write after close: %v", err)
	}
	if _, err := twice.Close(bg); domain.CodeOf(err) != domain.CodeInternal {
		t.Errorf("close of the second writer: %v", err)
	}
	open := h.Open(bg, "open")
	write(t, open, domain.Stdout, "last words")
	closeHub(t, h)
	if totals, err := open.Close(bg); err != nil || totals.Bytes != 10 || !totals.Complete {
		t.Errorf("the hub's close ends writers: %+v, %v", totals, err)
	}
	if err := h.Open(bg, "late").Write(domain.Stdout, []byte("x")); domain.CodeOf(err) != domain.CodeClosed {
		t.Errorf("open after close: %v", err)
	}
	closeHub(t, h)
}

func TestMemoryIsOneBudgetForAllRuns(t *testing.T) {
	const ring = 2 << 20
	store := newMemStore()
	h := NewHub(Options{Store: store, RingBytes: ring})
	defer closeHub(t, h)
	slow := h.Open(bg, "slow")
	write(t, slow, domain.Stdout, "first\n")
	var ws []*Writer
	for i := range 10 {
		ws = append(ws, h.Open(bg, fmt.Sprint(i)))
	}
	text := logText(300)
	for range 200 {
		for _, w := range ws {
			write(t, w, domain.Stdout, string(text))
		}
		if m := h.resident.Load() + h.pending.Load(); m > 4*ring { // a batch may be on its way
			t.Fatalf("%d bytes in memory", m)
		}
	}
	for i, w := range ws {
		p, err := h.Read(bg, fmt.Sprint(i), 1, 5)
		if err != nil || len(p.Lines) != 5 || p.Last != 200*300 {
			t.Fatalf("run %d: %+v, %v", i, p, err)
		}
		if _, err := w.Close(bg); err != nil {
			t.Fatal(err)
		}
	}
	write(t, slow, domain.Stdout, "second\n")
	if p, err := h.Read(bg, "slow", 1, 5); err != nil || len(p.Lines) != 2 || p.Lines[0].Text != "first" {
		t.Fatalf("%+v, %v", p, err)
	}
}

func TestTheMiddleOfOneGiantLine(t *testing.T) {
	store := newMemStore()
	h := NewHub(Options{Store: store})
	defer closeHub(t, h)
	w := h.Open(bg, "run")
	unit := "0123456789é€"
	for range 200 {
		write(t, w, domain.Stdout, strings.Repeat(unit, 1000))
		write(t, w, domain.Stderr, "e\n")
	}
	p, err := h.Read(bg, "run", -1, 1)
	if err != nil || len(p.Open) != 1 || !strings.HasSuffix(p.Open[0].Text, unit) || len(p.Open[0].Text) > lineTextBytes {
		t.Fatalf("%v", err)
	}
	write(t, w, domain.Stdout, "\nnext\n")
	if _, err := w.Close(bg); err != nil {
		t.Fatal(err)
	}
	p, err = h.Read(bg, "run", 201, 2)
	total := int64(200 * 1000 * len(unit))
	if err != nil || len(p.Lines) != 2 || p.Lines[0].Len != total || !strings.HasPrefix(p.Lines[0].Text, unit) || p.Lines[1].Text != "next" {
		t.Fatalf("%v", err)
	}
	var whole strings.Builder
	for off := int64(0); off < total; off += lineStepBytes {
		part, n, err := h.Line(bg, "run", 201, off)
		if err != nil || n != total {
			t.Fatal(n, err)
		}
		whole.WriteString(part)
	}
	if whole.String() != strings.Repeat(unit, 200*1000) {
		t.Fatal("the parts of the line don't join into it")
	}
	if _, _, err := h.Line(bg, "run", 999, 0); domain.CodeOf(err) != domain.CodeNotFound {
		t.Fatal(err)
	}
}
