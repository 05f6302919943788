package output

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vmorchestrator/backend/domain"
)

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
