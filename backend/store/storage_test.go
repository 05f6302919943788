package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

func onward(context.Context) error { return nil }

// finished is a job that ended, with so many blocks of 1,000 bytes and 10 lines each.
func finished(t *testing.T, s *Store, name string, blocks int) domain.Job {
	t.Helper()
	_, runs := aJob(t, s, name)
	noise := rand.New(rand.NewPCG(1, uint64(blocks)))
	var all []domain.LogBlock
	for i := range blocks {
		data := make([]byte, 1000)
		for j := range data {
			data[j] = byte(noise.Uint32())
		}
		all = append(all, domain.LogBlock{
			RunID: runs[0].ID, FirstByte: int64(i) * 1000, Bytes: 1000, FirstLine: int64(i)*10 + 1, Lines: 10, At: time.Now(), Header: []byte{1}, Data: data,
		})
	}
	must(t, s.AppendBlocks(t.Context(), all))
	runs[0].Status, runs[0].Bytes, runs[0].Lines, runs[0].Complete = domain.StatusSucceeded, int64(blocks)*1000, int64(blocks)*10, true
	job, err := s.UpdateRun(t.Context(), runs[0])
	must(t, err)
	return job
}

func TestBackupAndRestore(t *testing.T) {
	s, ctx := opened(t), t.Context()
	must(t, s.InsertVMs(ctx, []domain.VM{aVM("web")}))
	job := finished(t, s, "web", 50)
	file := filepath.Join(t.TempDir(), "all.vmo")
	must(t, os.WriteFile(file, []byte("older"), 0o644))
	// A write that comes during the copying is in it as a whole or not at all.
	var last, total int64
	b, err := s.Backup(ctx, file, func(n, of int64) { last, total = n, of })
	must(t, err)
	if b.Jobs != 1 || b.VMs != 1 || b.Bytes == 0 || last != total || total == 0 {
		t.Errorf("%+v, %d of %d", b, last, total)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others can read it", info.Mode(), err)
	}
	must(t, s.DeleteJob(ctx, job.ID))
	finished(t, s, "later", 1)

	o := Options{Path: s.path}
	_, err = Restore(ctx, o, file, nil)
	wantCode(t, err, domain.CodeDatabase) // it is open
	must(t, s.Close())
	restored, err := Restore(ctx, o, file, nil)
	must(t, err)
	if restored.Jobs != 1 || restored.Replaced == "" {
		t.Errorf("%+v", restored)
	}
	again := open(t, s.path)
	if jobs, _, err := again.ListJobs(ctx, domain.JobFilter{}); err != nil || len(jobs) != 1 || jobs[0].ID != job.ID {
		t.Errorf("%v, %v", jobs, err)
	}
	if blocks, err := again.BlocksFrom(ctx, onlyRun(t, again, job.ID), 0, 100); err != nil || len(blocks) != 50 {
		t.Errorf("%d blocks, %v", len(blocks), err)
	}
	// What was replaced is a whole database too.
	was := open(t, restored.Replaced)
	if jobs, _, err := was.ListJobs(ctx, domain.JobFilter{}); err != nil || len(jobs) != 1 || jobs[0].VMNames[0] != "later" {
		t.Errorf("%v, %v", jobs, err)
	}
	if storage, err := again.Storage(ctx); err != nil || len(storage.Copies) != 1 || storage.Copies[0].Path != restored.Replaced {
		t.Errorf("%+v, %v", storage.Copies, err)
	}
}

func onlyRun(t *testing.T, s *Store, job string) string {
	t.Helper()
	d, err := s.GetJob(t.Context(), job)
	must(t, err)
	return d.Runs[0].ID
}

// A backup that is stopped leaves nothing behind, and what had its name stays.
func TestBackupIsStopped(t *testing.T) {
	s := opened(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "all.vmo")
	must(t, os.WriteFile(file, []byte("older"), 0o600))
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	if _, err := s.Backup(ctx, file, nil); !errors.Is(err, stopped) && !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%v", left)
	}
	if text, _ := os.ReadFile(file); string(text) != "older" {
		t.Errorf("%q", text)
	}
	_, err := s.Backup(t.Context(), filepath.Join(dir, "none", "all.vmo"), nil)
	wantCode(t, err, domain.CodeLocal)
}

// Whatever is no whole backup of this app is refused, and the database stays.
func TestRestoreRefuses(t *testing.T) {
	s, ctx := opened(t), t.Context()
	finished(t, s, "kept", 50)
	good := filepath.Join(t.TempDir(), "good")
	_, err := s.Backup(ctx, good, nil)
	must(t, err)
	must(t, s.Close())
	whole, err := os.ReadFile(good)
	must(t, err)
	before, err := os.ReadFile(s.path)
	must(t, err)
	broken := bytes.Clone(whole)
	for i := len(broken) / 2; i < len(broken)/2+3*pageSize; i++ {
		broken[i] = 0x5a
	}
	newer := filepath.Join(t.TempDir(), "newer")
	must(t, os.WriteFile(newer, whole, 0o600))
	n := open(t, newer)
	_, err = n.writer.Exec(`PRAGMA user_version = 99`)
	must(t, err)
	must(t, n.Close())
	newerText, err := os.ReadFile(newer)
	must(t, err)
	for name, tc := range map[string]struct {
		text []byte
		code domain.Code
	}{
		"text":      {[]byte("hello\n"), domain.CodeInvalid},
		"empty":     {nil, domain.CodeInvalid},
		"truncated": {whole[:len(whole)/2], domain.CodeInvalid},
		"damaged":   {broken, domain.CodeInvalid},
		"newer":     {newerText, domain.CodeDatabaseNew},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "b")
			must(t, os.WriteFile(file, tc.text, 0o600))
			_, err := Restore(ctx, Options{Path: s.path}, file, nil)
			wantCode(t, err, tc.code)
		})
	}
	_, err = Restore(ctx, Options{Path: s.path}, filepath.Join(t.TempDir(), "none"), nil)
	wantCode(t, err, domain.CodeInvalid)
	_, err = Restore(ctx, Options{Path: s.path}, t.TempDir(), nil)
	wantCode(t, err, domain.CodeInvalid)
	if after, err := os.ReadFile(s.path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database is another one: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(s.path), ".vmo-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestPrune(t *testing.T) {
	now := time.Now()
	s, ctx := opened(t), t.Context()
	s.now = func() time.Time { return now }
	age := func(job domain.Job, days int) {
		t.Helper()
		_, err := s.writer.Exec(`UPDATE jobs SET created_at = ? WHERE number = ?`, now.AddDate(0, 0, -days).UnixMilli(), job.Number)
		must(t, err)
	}
	old, starred, fresh := finished(t, s, "old", 200), finished(t, s, "starred", 1), finished(t, s, "fresh", 200)
	running, _ := aJob(t, s, "running")
	for _, job := range []domain.Job{old, starred, running} {
		age(job, 100)
	}
	must(t, s.SetStarred(ctx, starred.ID, true))
	undone := finished(t, s, "deleted", 5)
	must(t, s.DeleteJob(ctx, undone.ID))

	steps := 0
	removed, err := s.Prune(ctx, domain.Retention{Days: 90}, func(context.Context) error { steps++; return nil })
	must(t, err)
	if len(removed) != 1 || removed[0].Jobs != 1 || removed[0].Bytes != 200_000 || removed[0].Why != domain.RemovedAge {
		t.Errorf("%+v", removed)
	}
	if steps < 4 {
		t.Errorf("200 blocks went in %d steps", steps)
	}
	wantJobs(t, s, "starred", "fresh", "running")
	// The end of the history says so, and no other page.
	page, err := s.JobPage(ctx, domain.JobFilter{})
	if err != nil || page.Removed == nil || page.Removed.Jobs != 1 || page.Removed.Why != domain.RemovedAge {
		t.Errorf("%+v, %v", page.Removed, err)
	}
	if page, err = s.JobPage(ctx, domain.JobFilter{Limit: 1}); err != nil || page.Next == "" || page.Removed != nil {
		t.Errorf("a page with more after it: %+v, %v", page, err)
	}
	if _, err := s.RestoreJob(ctx, undone.ID); err != nil {
		t.Errorf("its undo was not over: %v", err)
	}
	must(t, s.DeleteJob(ctx, undone.ID))

	// Once the undo is over it is gone, and its room is the disk's again.
	now = now.Add(2 * undoSpan)
	removed, err = s.Prune(ctx, domain.Retention{}, onward)
	if err != nil || len(removed) != 1 || removed[0].Why != domain.RemovedDeleted || removed[0].Bytes != 5000 {
		t.Errorf("%+v, %v", removed, err)
	}
	if page, err = s.JobPage(ctx, domain.JobFilter{}); err != nil || page.Removed == nil || page.Removed.Why != domain.RemovedAge {
		t.Errorf("what was deleted is no news: %+v, %v", page.Removed, err)
	}
	_, err = s.RestoreJob(ctx, undone.ID)
	wantCode(t, err, domain.CodeNotFound)
	var free, rows int
	must(t, s.reader.QueryRow(`PRAGMA freelist_count`).Scan(&free))
	must(t, s.reader.QueryRow(`SELECT count(*) FROM log_tails`).Scan(&rows))
	if free != 0 || rows != 201 {
		t.Errorf("%d free pages, %d blocks", free, rows)
	}

	// By size: the oldest that may go does.
	used, err := s.usedBytes(ctx)
	must(t, err)
	removed, err = s.Prune(ctx, domain.Retention{Bytes: used - 50_000}, onward)
	if err != nil || len(removed) != 1 || removed[0].Why != domain.RemovedSize || removed[0].Jobs != 1 {
		t.Errorf("%+v, %v", removed, err)
	}
	_, err = s.GetJob(ctx, fresh.ID)
	wantCode(t, err, domain.CodeNotFound)
	wantJobs(t, s, "starred", "running")
	// Nothing that may go is left: as much as is, is.
	removed, err = s.Prune(ctx, domain.Retention{Bytes: 1}, onward)
	if err != nil || len(removed) != 0 {
		t.Errorf("%+v, %v", removed, err)
	}
	storage, err := s.Storage(ctx)
	must(t, err)
	if len(storage.Removals) != 3 || storage.Removals[0].Why != domain.RemovedSize || storage.Jobs != 2 || storage.Starred != 1 {
		t.Errorf("%+v", storage)
	}
}

// Cut short in the middle of a job, the job is out of sight and the next time goes on with it.
func TestPruneIsStopped(t *testing.T) {
	s, ctx := opened(t), t.Context()
	finished(t, s, "big", 300)
	stop := errors.New("the app ends")
	_, err := s.Prune(ctx, domain.Retention{Bytes: 1}, func(context.Context) error { return stop })
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	wantJobs(t, s)
	if _, err := s.Prune(ctx, domain.Retention{}, onward); err != nil {
		t.Fatal(err)
	}
	var rows int
	must(t, s.reader.QueryRow(`SELECT (SELECT count(*) FROM log_tails) + (SELECT count(*) FROM jobs)`).Scan(&rows))
	if rows != 0 {
		t.Errorf("%d rows are left", rows)
	}
}

func wantJobs(t *testing.T, s *Store, names ...string) {
	t.Helper()
	jobs, _, err := s.ListJobs(t.Context(), domain.JobFilter{})
	must(t, err)
	var got []string
	for i := len(jobs) - 1; i >= 0; i-- {
		got = append(got, jobs[i].VMNames[0])
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("jobs %v, want %v", got, names)
	}
}

func TestRepairOfASoundDatabase(t *testing.T) {
	s, ctx := opened(t), t.Context()
	finished(t, s, "web", 5)
	_, err := Repair(ctx, Options{Path: s.path})
	wantCode(t, err, domain.CodeDatabase) // it is open
	must(t, s.Close())
	before, err := os.ReadFile(s.path)
	must(t, err)
	got, err := Repair(ctx, Options{Path: s.path})
	if err != nil || !got.Sound || got.Kept != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if after, _ := os.ReadFile(s.path); !bytes.Equal(before, after) {
		t.Error("it was changed")
	}
}

// A process that is killed while it folds its log into the file leaves it shorter than its first page says. With the log
// that is sound, and repair has nothing to do.
func TestRepairOfAHalfFoldedLog(t *testing.T) {
	s, ctx := opened(t), t.Context()
	finished(t, s, "web", 50)
	_, err := s.writer.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	must(t, err)
	finished(t, s, "db", 50)
	path := filepath.Join(t.TempDir(), "vmo.db")
	for _, side := range []string{"", "-wal"} {
		text, err := os.ReadFile(s.path + side)
		must(t, err)
		if side == "" {
			binary.BigEndian.PutUint32(text[headerPages:], uint32(len(text)/pageSize+1000))
		} else if len(text) == 0 {
			t.Fatal("nothing is in the log: this test can't fail")
		}
		must(t, os.WriteFile(path+side, text, 0o600))
	}
	got, err := Repair(ctx, Options{Path: path})
	if err != nil || !got.Sound || got.Kept != "" {
		t.Errorf("%+v, %v", got, err)
	}
	again := open(t, path)
	wantJobs(t, again, "web", "db")
}

// Pages are overwritten at random places. Each time what was saved opens, is sound, has no hole in any output, and says
// what is missing; of what isn't in the damaged pages nothing is lost.
func TestRepairOfADamagedDatabase(t *testing.T) {
	ctx := t.Context()
	s := opened(t)
	const jobs, blocks, rounds = 12, 30, 12
	var vms []domain.VM
	for i := range 50 {
		vms = append(vms, aVM(fmt.Sprintf("vm-%02d", i)))
	}
	must(t, s.InsertVMs(ctx, vms))
	for i := range jobs {
		finished(t, s, fmt.Sprintf("job-%02d", i), blocks)
	}
	must(t, s.Close())
	whole, err := os.ReadFile(s.path)
	must(t, err)
	seed := uint64(time.Now().UnixNano())
	deal := rand.New(rand.NewPCG(seed, 0))
	pages := len(whole) / pageSize
	saved, cut := 0, 0
	for round := range rounds {
		path := filepath.Join(t.TempDir(), "vmo.db")
		text := bytes.Clone(whole)
		// The first page holds the form of all others; without it nothing can be read.
		at := 1 + deal.IntN(pages-1)
		for i := range min(1+deal.IntN(3), pages-at) * pageSize {
			text[at*pageSize+i] = byte(deal.Uint32())
		}
		must(t, os.WriteFile(path, text, 0o600))
		got, err := Repair(ctx, Options{Path: path})
		if err != nil {
			// Only where the list of tables itself lay.
			if !strings.Contains(err.Error(), "nothing of the database can be read") {
				t.Errorf("seed %d, round %d, page %d: %v (%s)", seed, round, at, err, domain.AsError(err).Details)
			}
			if left, _ := os.ReadFile(path); !bytes.Equal(left, text) {
				t.Errorf("seed %d, round %d: a failed repair changed it", seed, round)
			}
			continue
		}
		if got.Sound {
			continue // a free page
		}
		saved++
		cut += got.Cut
		again := open(t, path)
		damage, err := damageOf(ctx, again.writer)
		if err != nil || len(damage) > 0 {
			t.Errorf("seed %d, round %d: what was saved is damaged: %v, %v", seed, round, damage, err)
		}
		list, _, err := again.ListJobs(ctx, domain.JobFilter{Limit: 200})
		must(t, err)
		for _, job := range list {
			run := onlyRun(t, again, job.ID)
			stored, err := again.BlocksFrom(ctx, run, 0, 1000)
			must(t, err)
			totals, err := again.Totals(ctx, run)
			must(t, err)
			for i, b := range stored {
				if b.FirstByte != int64(i)*1000 {
					t.Errorf("seed %d, round %d: a hole before byte %d", seed, round, b.FirstByte)
				}
			}
			if totals.Bytes != int64(len(stored))*1000 || totals.Complete != (len(stored) == blocks) {
				t.Errorf("seed %d, round %d: %d blocks, %+v", seed, round, len(stored), totals)
			}
			if notes, err := again.Notices(ctx, run); err != nil || len(stored) < blocks && (len(notes) == 0 || !strings.Contains(notes[len(notes)-1].Text, "incomplete")) {
				t.Errorf("seed %d, round %d: the hole isn't told: %v, %v", seed, round, notes, err)
			}
		}
		if _, err := os.Stat(got.Kept); err != nil {
			t.Errorf("seed %d, round %d: the damaged file isn't kept: %v", seed, round, err)
		}
		must(t, again.Close())
	}
	if saved < 4 || cut == 0 {
		t.Errorf("seed %d: only %d of %d were damaged, %d runs cut: this test hardly tests", seed, saved, rounds, cut)
	}
}

func TestRepairOfNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	must(t, os.WriteFile(path, []byte(strings.Repeat("no database at all\n", 1000)), 0o600))
	_, err := Repair(t.Context(), Options{Path: path})
	wantCode(t, err, domain.CodeDatabase)
	if !strings.Contains(domain.AsError(err).Hint, "vmo restore") {
		t.Errorf("%+v", domain.AsError(err))
	}
}
