package store

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// The blocks of a run, whatever mix of tails and chunks, read as one row of them.
func TestBlocksAgainstModel(t *testing.T) {
	s, ctx := opened(t), t.Context()
	_, runs := aJob(t, s, "a", "b")
	r := rand.New(rand.NewPCG(1, 2))
	var model []domain.LogBlock // of runs[0]
	tails := 0                  // how many blocks at the end of model are tails
	end := func() (int64, int64) {
		if len(model) == 0 {
			return 0, 1
		}
		last := model[len(model)-1]
		return last.FirstByte + last.Bytes, last.FirstLine + last.Lines
	}
	for step := range 400 {
		if r.IntN(4) > 0 {
			n, line := end()
			b := domain.LogBlock{RunID: runs[0].ID, FirstByte: n, Bytes: 1 + r.Int64N(300), FirstLine: line, Lines: r.Int64N(4), At: *at(step), Header: []byte{byte(step)}, Data: []byte{byte(step), 0}}
			other := b
			other.RunID = runs[1].ID
			// The second run's copy is there to be in the way.
			must(t, s.AppendBlocks(ctx, []domain.LogBlock{b, other}))
			model, tails = append(model, b), tails+1
		} else if tails > 1 {
			k := 1 + r.IntN(tails)
			first := len(model) - tails
			chunk := model[first]
			for _, b := range model[first+1 : first+k] {
				chunk.Bytes += b.Bytes
				chunk.Lines += b.Lines
			}
			chunk.Data = []byte{byte(step), 1}
			must(t, s.ReplaceTails(ctx, chunk))
			model = append(append(model[:first:first], chunk), model[first+k:]...)
			tails -= k
		}
	}
	bytesEnd, lineEnd := end()
	same := func(what string, got, want domain.LogBlock) {
		t.Helper()
		if got.RunID != want.RunID || got.FirstByte != want.FirstByte || got.Bytes != want.Bytes || got.FirstLine != want.FirstLine || got.Lines != want.Lines ||
			!got.At.Equal(want.At) || !bytes.Equal(got.Data, want.Data) || !bytes.Equal(got.Header, want.Header) {
			t.Fatalf("%s: got %+v, want %+v", what, got, want)
		}
	}
	for line := int64(0); line <= lineEnd; line++ {
		got, ok, err := s.BlockAtLine(ctx, runs[0].ID, line)
		must(t, err)
		found := false
		for _, b := range model {
			if b.FirstLine <= line && line < b.FirstLine+b.Lines {
				found = true
				same("at line", got, b)
			}
		}
		if ok != found {
			t.Fatalf("line %d: %v", line, ok)
		}
	}
	for from := int64(0); from <= bytesEnd; from += 1 + r.Int64N(50) {
		got, err := s.BlocksFrom(ctx, runs[0].ID, from, 3)
		must(t, err)
		i := 0
		for _, b := range model {
			if b.FirstByte+b.Bytes > from && i < 3 {
				if i >= len(got) {
					t.Fatalf("from %d: %d blocks", from, len(got))
				}
				same("from", got[i], b)
				i++
			}
		}
		if i != len(got) {
			t.Fatalf("from %d: %d blocks, want %d", from, len(got), i)
		}
	}
	for _, after := range []int64{-1, 0, bytesEnd / 2, bytesEnd} {
		got, err := s.Marks(ctx, runs[0].ID, after)
		must(t, err)
		want := []domain.LogMark{}
		for _, b := range model {
			if b.FirstByte > after {
				want = append(want, domain.LogMark{FirstByte: b.FirstByte, FirstLine: b.FirstLine, At: b.At.UnixMilli()})
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("marks after %d: %v, want %v", after, got, want)
		}
	}
	last, ok, err := s.LastBlock(ctx, runs[0].ID)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	same("last", last, model[len(model)-1])
	totals, err := s.Totals(ctx, runs[0].ID)
	if err != nil || totals.Bytes != bytesEnd || totals.Lines != lineEnd-1 {
		t.Errorf("%+v, %v; want %d bytes, %d lines", totals, err, bytesEnd, lineEnd-1)
	}
}

func TestOutputOutOfPlaceIsRefusedWhole(t *testing.T) {
	s, ctx := opened(t), t.Context()
	_, runs := aJob(t, s, "a", "b")
	block := func(run int, first, n int64) domain.LogBlock {
		return domain.LogBlock{RunID: runs[run].ID, FirstByte: first, Bytes: n, FirstLine: 1, At: time.Now()}
	}
	must(t, s.AppendBlocks(ctx, []domain.LogBlock{block(0, 0, 10)}))
	wantCode(t, s.AppendBlocks(ctx, []domain.LogBlock{block(1, 0, 5), block(0, 11, 5)}), domain.CodeInternal)
	wantCode(t, s.AppendBlocks(ctx, []domain.LogBlock{block(0, 0, 10)}), domain.CodeInternal)
	wantCode(t, s.ReplaceTails(ctx, block(0, 0, 5)), domain.CodeInternal)  // would cut a tail
	wantCode(t, s.ReplaceTails(ctx, block(0, 20, 5)), domain.CodeInternal) // would leave a gap
	must(t, s.ReplaceTails(ctx, block(0, 0, 10)))
	wantCode(t, s.ReplaceTails(ctx, block(0, 0, 10)), domain.CodeInternal) // is there
	missing := block(0, 0, 1)
	missing.RunID = "nothing"
	wantCode(t, s.AppendBlocks(ctx, []domain.LogBlock{missing}), domain.CodeNotFound)
	if totals, err := s.Totals(ctx, runs[1].ID); err != nil || totals.Bytes != 0 {
		t.Errorf("half a call was kept: %+v, %v", totals, err)
	}
	if _, ok, err := s.LastBlock(ctx, runs[1].ID); ok || err != nil {
		t.Error(ok, err)
	}
	if _, ok, err := s.BlockAtLine(ctx, "nothing", 1); ok || err != nil {
		t.Error(ok, err)
	}
	_, err := s.RunFinished(ctx, "nothing")
	wantCode(t, err, domain.CodeNotFound)
}

// The database may not grow any more: output is refused, and how runs ended is still written once the ballast is gone.
func TestFullDatabase(t *testing.T) {
	s, ctx := opened(t), t.Context()
	_, runs := aJob(t, s, "a")
	var pages int
	must(t, s.writer.QueryRow(`PRAGMA page_count`).Scan(&pages))
	must(t, s.writer.QueryRow(`PRAGMA max_page_count = 1`).Scan(&pages)) // the least is what there is
	big := domain.LogBlock{RunID: runs[0].ID, Bytes: 1 << 20, FirstLine: 1, At: time.Now(), Data: make([]byte, 1<<20)}
	err := s.AppendBlocks(ctx, []domain.LogBlock{big})
	wantCode(t, err, domain.CodeDiskFull)
	if domain.AsError(err).Hint == "" {
		t.Error("no next step")
	}
	if _, err := s.GetRun(ctx, runs[0].ID); err != nil {
		t.Errorf("reading: %v", err)
	}
	if !s.ballast.giveUp() || s.ballast.giveUp() {
		t.Error("the ballast can be given up once")
	}
	if !s.ballast.room() { // this disk has room, so it is put back
		t.Error("no room")
	}
}
