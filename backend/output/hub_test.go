package output

import (
	"bytes"
	"context"
	"errors"
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

func TestFullDiskKeepsWhatCameBefore(t *testing.T) {
	store := newMemStore()
	full := false
	store.fail = func([]domain.LogBlock) error {
		if full {
			return domain.NewError(domain.CodeDiskFull, "Make room.", "the disk is full")
		}
		return nil
	}
	h := NewHub(Options{Store: store})
	defer closeHub(t, h)
	w := h.Open(bg, "run")
	m := &model{}
	chunk := bytes.Repeat([]byte("0123456789\n"), 3000)
	var err error
	for i := 0; err == nil; i++ {
		store.mu.Lock()
		full = store.appends > 8
		store.mu.Unlock()
		if err = w.Write(domain.Stdout, chunk); err == nil {
			m.write(stdout, chunk)
		}
	}
	if domain.CodeOf(err) != domain.CodeDiskFull {
		t.Fatalf("write says %v", err)
	}
	p, rerr := h.Read(bg, "run", -3, 10)
	if rerr != nil || p.Last < int64(len(m.lines)) || len(p.Lines) != 3 {
		t.Fatalf("while the run lives, all that was accepted is readable: %+v, %v", p.Last, rerr)
	}
	totals, err := w.Close(bg)
	if domain.CodeOf(err) != domain.CodeDiskFull || totals.Complete || totals.Bytes == 0 {
		t.Fatalf("close says %+v, %v", totals, err)
	}
	lines, p, err := readAll(bg, h, "run", 1)
	if err != nil || int64(len(lines)) != totals.Lines || !p.Done {
		t.Fatalf("%d lines are readable, totals say %d; %v", len(lines), totals.Lines, err)
	}
	var raw bytes.Buffer
	if n, err := h.Raw(bg, "run", "", 0, &raw); err != nil || n != totals.Bytes || !bytes.HasPrefix(m.all, raw.Bytes()) {
		t.Fatalf("%d bytes are readable, totals say %d; %v", n, totals.Bytes, err)
	}
}

func TestRoomMadeBeforeTheEndLosesNothing(t *testing.T) {
	store := newMemStore()
	full := true
	store.fail = func([]domain.LogBlock) error {
		if full {
			return domain.NewError(domain.CodeDiskFull, "", "the disk is full")
		}
		return nil
	}
	h := NewHub(Options{Store: store})
	defer closeHub(t, h)
	w := h.Open(bg, "run")
	wake, stop := h.Watch("run")
	defer stop()
	write(t, w, domain.Stdout, "kept\n")
	<-wake
	<-wake // the failed commit
	store.mu.Lock()
	full = false
	store.mu.Unlock()
	if totals, err := w.Close(bg); err != nil || totals != (domain.LogTotals{Bytes: 5, Lines: 1, Complete: true}) {
		t.Fatalf("%+v, %v", totals, err)
	}
}

func TestASlowStoreHoldsTheWriterBackAndMemoryStaysBounded(t *testing.T) {
	store := newMemStore()
	gate := make(chan struct{})
	var once sync.Once
	h := NewHub(Options{Store: &slowStore{store, gate}, RingBytes: 8 << 20})
	defer closeHub(t, h)
	defer once.Do(func() { close(gate) })
	w := h.Open(bg, "run")
	wrote := make(chan error, 1)
	text := bytes.Repeat([]byte("y\n"), 16<<10)
	go func() {
		for range 1000 { // 32 MB
			if err := w.Write(domain.Stdout, text); err != nil {
				wrote <- err
				return
			}
		}
		wrote <- nil
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		r := w.run
		r.mu.Lock()
		blocked := r.blocked
		r.mu.Unlock()
		if blocked {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the writer is never held back")
		}
	}
	if p := h.pending.Load(); p > 5<<20 {
		t.Fatalf("%d bytes pending", p)
	}
	if p, err := h.Read(bg, "run", -10, 10); err != nil || len(p.Lines) != 10 {
		t.Fatalf("a blocked run is readable: %+v, %v", p, err)
	}
	once.Do(func() { close(gate) })
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	totals, err := w.Close(bg)
	if err != nil || totals.Lines != 1000*16<<10 {
		t.Fatalf("%+v, %v", totals, err)
	}
}

// slowStore lets appends through when the gate is open.
type slowStore struct {
	*memStore
	gate chan struct{}
}

func (s *slowStore) AppendBlocks(ctx context.Context, blocks []domain.LogBlock) error {
	<-s.gate
	return s.memStore.AppendBlocks(ctx, blocks)
}

func TestOneRunsFaultIsNotTheOthers(t *testing.T) {
	store := newMemStore()
	store.fail = func(blocks []domain.LogBlock) error {
		for _, b := range blocks {
			if b.RunID == "bad" {
				return domain.NewError(domain.CodeNotFound, "", "there is no such run")
			}
		}
		return nil
	}
	h := NewHub(Options{Store: store})
	defer closeHub(t, h)
	var ws []*Writer
	for _, id := range []string{"a", "bad", "b", "c"} {
		w := h.Open(bg, id)
		write(t, w, domain.Stdout, id+"\n")
		ws = append(ws, w)
	}
	for i, w := range ws {
		totals, err := w.Close(bg)
		if bad := i == 1; bad != (err != nil) || bad == totals.Complete {
			t.Errorf("writer %d: %+v, %v", i, totals, err)
		}
	}
}

func TestABusyStoreIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		tries := 0
		store.fail = func([]domain.LogBlock) error {
			if tries++; tries < 6 {
				return domain.NewError(domain.CodeDatabase, "", "database is locked")
			}
			return nil
		}
		h := NewHub(Options{Store: store})
		defer closeHub(t, h)
		w := h.Open(bg, "run")
		write(t, w, domain.Stdout, "x\n")
		if totals, err := w.Close(bg); err != nil || !totals.Complete {
			t.Fatalf("%+v, %v", totals, err)
		}
		store.mu.Lock()
		store.fail = func([]domain.LogBlock) error { return errors.New("broken for good") }
		store.mu.Unlock()
		w = h.Open(bg, "other")
		write(t, w, domain.Stdout, "x\n")
		totals, err := w.Close(bg)
		if domain.CodeOf(err) != domain.CodeInternal || totals.Complete || totals.Bytes != 0 {
			t.Fatalf("%+v, %v", totals, err)
		}
	})
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

func TestCloseGivesUpWithItsContext(t *testing.T) {
	store := newMemStore()
	h := NewHub(Options{Store: &stuckStore{store}})
	w := h.Open(bg, "run")
	write(t, w, domain.Stdout, "x\n")
	ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
	defer cancel()
	if totals, err := w.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || totals.Complete {
		t.Errorf("%+v, %v", totals, err)
	}
	if err := h.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if totals, err := w.Close(bg); err == nil || totals.Complete || totals.Bytes != 0 {
		t.Errorf("%+v, %v", totals, err)
	}
}

// stuckStore never finishes an append.
type stuckStore struct{ *memStore }

func (s *stuckStore) AppendBlocks(ctx context.Context, _ []domain.LogBlock) error {
	<-ctx.Done()
	return ctx.Err()
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

func TestADamagedBlockIsToldAndTheRestIsRead(t *testing.T) {
	store := newMemStore()
	h := newHub(Options{Store: store}, func() limits { l := defaultLimits(); l.chunkBytes = 1000; return l }())
	w := h.Open(bg, "run")
	write(t, w, domain.Stdout, strings.Repeat("some words\n", 500))
	if _, err := w.Close(bg); err != nil {
		t.Fatal(err)
	}
	closeHub(t, h)
	store.finish("run")
	store.blocks["run"][1].Data[9] ^= 0xff
	h = NewHub(Options{Store: store})
	defer closeHub(t, h)
	if _, err := h.Read(bg, "run", 100, 10); domain.CodeOf(err) != domain.CodeDatabase {
		t.Errorf("a damaged block reads as %v", err)
	}
	for _, from := range []int64{1, 300} {
		if p, err := h.Read(bg, "run", from, 10); err != nil || len(p.Lines) != 10 {
			t.Errorf("from %d: %v", from, err)
		}
	}
	var raw bytes.Buffer
	if n, err := h.Raw(bg, "run", domain.Stdout, 0, &raw); domain.CodeOf(err) != domain.CodeDatabase || n == 0 {
		t.Errorf("raw: %d, %v", n, err)
	}
}

func TestTextOfLines(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"plain", "plain"},
		{"dos\r", "dos"},
		{"dos\r\r", "dos"},
		{"10%\r50%\r100%", "100%"},
		{"10%\r100%\r", "100%"},
		{"\r", ""},
		{"\rx", "x"},
		{"bad \xff\xfe end", "bad \ufffd\ufffd end"},
		{"cut \xe2\x82", "cut \ufffd\ufffd"},
		{strings.Repeat("a", 4095) + "é", strings.Repeat("a", 4095)},
		{strings.Repeat("a", 4094) + "éx", strings.Repeat("a", 4094) + "é"},
		{strings.Repeat("\xff", 5000), strings.Repeat("\ufffd", 1365)},
	} {
		for cut := range min(len(c.raw), 12) + 1 { // the edge of a block may be anywhere
			if got := (carry{}).with([]byte(c.raw[:cut])).with([]byte(c.raw[cut:])).lineText(); got != c.want {
				t.Errorf("%.20q cut at %d is %.20q", c.raw, cut, got)
			}
		}
		if got := completeText([]byte(c.raw)); got != c.want {
			t.Errorf("%.20q is %.20q", c.raw, got)
		}
	}
}
