package store

import (
	"reflect"
	"slices"
	"testing"

	"vmorchestrator/backend/domain"
)

func tail(runID string, firstByte, bytes, firstLine, lines int64) domain.LogBlock {
	return domain.LogBlock{RunID: runID, FirstByte: firstByte, Bytes: bytes, FirstLine: firstLine, Lines: lines, At: *at(1), Data: []byte("x")}
}

func TestSignatures(t *testing.T) {
	s, ctx := opened(t), t.Context()
	_, runs := aJob(t, s, "a", "b")
	must(t, s.AppendBlocks(ctx, []domain.LogBlock{tail(runs[0].ID, 0, 100, 1, 10), tail(runs[1].ID, 0, 50, 1, 5)}))
	newest, fresh, err := s.Unsigned(ctx, nil)
	must(t, err)
	if newest != 0 || len(fresh) != 2 || fresh[0].Run <= fresh[1].Run {
		t.Fatalf("newest %d, %+v", newest, fresh)
	}
	b, a := fresh[0], fresh[1]
	if a.Bytes != 100 || a.FirstLine != 1 || a.Lines != 10 || b.Bytes != 50 {
		t.Fatalf("unsigned %+v", fresh)
	}
	part := domain.LogRange{Run: a.Run, Bytes: 60, FirstLine: 1, Lines: 6}
	must(t, s.AddSignatures(ctx, domain.SignaturePack{Bytes: 110, Slices: [][]byte{[]byte("one"), []byte("1")}, Ranges: [][]domain.LogRange{{part}, {b}}}))
	wantCode(t, s.AddSignatures(ctx, domain.SignaturePack{Bytes: 150, Slices: [][]byte{[]byte("two")}, Ranges: [][]domain.LogRange{{b}}}), domain.CodeConflict)
	newest, fresh, err = s.Unsigned(ctx, []string{runs[1].ID})
	must(t, err)
	want := []domain.LogRange{{Run: b.Run, FirstByte: 50, FirstLine: 6}, {Run: a.Run, FirstByte: 60, Bytes: 40, FirstLine: 7, Lines: 4}}
	if newest != 1 || !reflect.DeepEqual(fresh, want) {
		t.Fatalf("newest %d, %+v, want %+v", newest, fresh, want)
	}
	must(t, s.AddSignatures(ctx, domain.SignaturePack{Bytes: 40, Slices: [][]byte{[]byte("three")}, Ranges: [][]domain.LogRange{{want[1]}}}))
	read := func(newest int64, limit int) []domain.SignaturePack {
		packs, err := s.Packs(ctx, newest, limit)
		must(t, err)
		return packs
	}
	packs := read(9, 5)
	if first, second := read(9, 1), read(1, 5); !reflect.DeepEqual(slices.Concat(first, second), packs) || len(first) != 1 {
		t.Fatalf("in two parts %+v and %+v, at once %+v", first, second, packs)
	}
	if len(packs) != 2 || packs[0].Bytes != 40 || packs[1].Bytes != 110 {
		t.Fatalf("packs %+v", packs)
	}
	slice := func(n int, keys ...int64) map[int]string {
		all := map[int]string{}
		must(t, s.Slices(ctx, keys, n, func(i int, data []byte) { all[i] = string(data) }))
		return all
	}
	if got, want := slice(0, packs[0].Key, 999, packs[1].Key), (map[int]string{0: "three", 2: "one"}); !reflect.DeepEqual(got, want) {
		t.Fatalf("slices %v, want %v", got, want)
	}
	if got, want := slice(1, packs[0].Key, packs[1].Key), (map[int]string{1: "1"}); !reflect.DeepEqual(got, want) {
		t.Fatalf("slices %v, want %v", got, want)
	}
	ranges, err := s.SignedRanges(ctx, packs[1].Key, []int{1, 2})
	must(t, err)
	if !reflect.DeepEqual(ranges, []domain.LogRange{b}) {
		t.Fatalf("ranges %+v", ranges)
	}
	ids, err := s.RunIDs(ctx, []int64{a.Run, 999})
	must(t, err)
	if len(ids) != 1 || ids[a.Run] != runs[0].ID {
		t.Fatalf("ids %v", ids)
	}

	// The signatures of a run go with it, and a pack with the last of them.
	_, err = s.writer.Exec(`DELETE FROM runs WHERE key = ?`, a.Run)
	must(t, err)
	if packs = read(9, 5); len(packs) != 1 || packs[0].Key != 1 {
		t.Fatalf("packs %+v", packs)
	}
	if got := slice(0, 1, 2); len(got) != 1 || got[0] != "one" {
		t.Fatalf("slices %v are left", got)
	}
	// So they do with the output alone.
	must(t, s.ReplaceTails(ctx, tail(runs[1].ID, 0, 50, 1, 5)))
	_, err = s.writer.Exec(`DELETE FROM log_chunks WHERE run = ?`, b.Run)
	must(t, err)
	if bytes, err := s.SignatureBytes(ctx, 9); err != nil || bytes != 0 {
		t.Fatalf("%d bytes are signed (%v)", bytes, err)
	}
}

func TestSearchRuns(t *testing.T) {
	s, ctx := opened(t), t.Context()
	first, _ := aJob(t, s, "web-1", "web-2")
	_, more := aJob(t, s, "web-1")
	gone, goes := aJob(t, s, "web-1")
	more[0].Status, more[0].ExitCode, more[0].FinishedAt = domain.StatusFailed, new(3), at(40)
	_, err := s.UpdateRun(ctx, more[0])
	must(t, err)
	goes[0].Status = domain.StatusCanceled
	_, err = s.UpdateRun(ctx, goes[0])
	must(t, err)
	must(t, s.DeleteJob(ctx, gone.ID))
	code, wrong := 3, 4
	for _, c := range []struct {
		name string
		f    domain.SearchFilter
		want []string
	}{
		{"all", domain.SearchFilter{}, []string{"2 web-1", "1 web-1", "1 web-2"}},
		{"a VM", domain.SearchFilter{VMNames: []string{"web-2", "x"}}, []string{"1 web-2"}},
		{"a job's name", domain.SearchFilter{Commands: []string{first.Name}}, []string{"2 web-1", "1 web-1", "1 web-2"}},
		{"a status", domain.SearchFilter{Statuses: []domain.Status{domain.StatusFailed, domain.StatusLost}}, []string{"2 web-1"}},
		{"an exit code", domain.SearchFilter{ExitCode: &code}, []string{"2 web-1"}},
		{"another exit code", domain.SearchFilter{ExitCode: &wrong}, nil},
		{"since", domain.SearchFilter{Since: at(50)}, []string{"1 web-1", "1 web-2"}},
		{"before", domain.SearchFilter{Before: at(-1_800_000_000)}, nil},
	} {
		runs, err := s.SearchRuns(ctx, []int64{1, 2, 3, 4}, c.f)
		must(t, err)
		var got []string
		for _, r := range runs {
			got = append(got, string(rune('0'+r.JobNumber))+" "+r.VMName)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
