package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// Every filter, alone and together, gives what a look at each job gives, page by page.
func TestFiltersAgainstModel(t *testing.T) {
	s, ctx := opened(t), t.Context()
	r := rand.New(rand.NewPCG(3, 4))
	type entry struct {
		job  domain.Job
		runs []domain.Run
	}
	var model []entry
	commands := []string{"c1", "c2"}
	for i := range 120 {
		var names []string
		for range 1 + r.IntN(6) {
			names = append(names, fmt.Sprintf("vm%d", r.IntN(5)))
		}
		job, runs := newJob(names...)
		job.Name, job.Script = fmt.Sprintf("Job Äpfel %d", i%7), strings.Repeat("x", 5000*(i%2))+"tail"
		if i%9 == 0 {
			job.Name = fmt.Sprintf(`say "hi" * OR ^x 1%d 🍏🍏🍏`, i)
		}
		job.CreatedAt = *at(i + r.IntN(3))
		job.Origin = []domain.Origin{domain.OriginCLI, domain.OriginWindow}[i%2]
		if i%3 > 0 {
			job.CommandID = &commands[i%2]
		}
		job, err := s.InsertJob(ctx, job, runs)
		must(t, err)
		for j := range runs {
			runs[j].Status = domain.Statuses[r.IntN(len(domain.Statuses))]
			job, err = s.UpdateRun(ctx, runs[j])
			must(t, err)
		}
		if i%5 == 0 {
			job.Starred = true
			must(t, s.SetStarred(ctx, job.ID, true))
		}
		if i%11 == 0 && job.Status.Finished() {
			must(t, s.DeleteJob(ctx, job.ID))
			continue
		}
		model = append(model, entry{job, runs})
	}
	yes, no := true, false
	pick := func(n int) bool { return r.IntN(n) == 0 }
	for range 400 {
		var f domain.JobFilter
		if pick(3) {
			f.VMIDs = [][]string{{"vm-vm1"}, {"vm-vm1", "vm-vm3"}, {"nothing"}}[r.IntN(3)]
		}
		if pick(4) {
			f.VMName = "vm2"
		}
		if pick(4) {
			f.CommandID = commands[r.IntN(2)]
		}
		if pick(3) {
			f.Statuses = [][]domain.Status{{domain.StatusFailed}, {domain.StatusLost, domain.StatusCanceled}, {domain.StatusRunning}}[r.IntN(3)]
		}
		if pick(3) {
			texts := []string{"äPFEL 3", "VM4", "tail", "100%_", "äp", "é", `"HI" * or ^`, `"`, "*", "🍏🍏🍏", "🍏", "10", "#109", "1,9", "7", "a\x00bc", "\xff\xff\xff"}
			f.Text = texts[r.IntN(len(texts))]
		}
		if pick(3) {
			f.Since = at(r.IntN(150))
		}
		if pick(4) {
			f.Before = at(r.IntN(150))
		}
		if pick(4) {
			f.Origin = domain.OriginWindow
		}
		if pick(4) {
			f.Starred = []*bool{&yes, &no}[r.IntN(2)]
		}
		f.Limit = 1 + r.IntN(20)
		var want []int64
		counts := map[domain.Status]int{}
		for _, e := range slices.Backward(model) {
			if matches(f, e.job, e.runs) {
				want = append(want, e.job.Number)
				counts[e.job.Status]++
			}
		}
		stats, err := s.JobStats(ctx, f)
		must(t, err)
		if stats.Total != len(want) || fmt.Sprint(stats.Counts) != fmt.Sprint(counts) {
			t.Fatalf("%+v: stats %+v, want %v", f, stats, counts)
		}
		var got []int64
		for {
			jobs, next, err := s.ListJobs(ctx, f)
			must(t, err)
			for _, job := range jobs {
				got = append(got, job.Number)
				if len(job.Script) > listedScript {
					t.Fatal("a list gives the whole script")
				}
			}
			if f.Cursor = next; next == "" {
				break
			}
			if len(jobs) != f.Limit {
				t.Fatalf("a page of %d, limit %d", len(jobs), f.Limit)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: got %v, want %v", f, got, want)
		}
	}
	_, _, err := s.ListJobs(ctx, domain.JobFilter{Cursor: "x"})
	wantCode(t, err, domain.CodeInvalid)
}

func matches(f domain.JobFilter, job domain.Job, runs []domain.Run) bool {
	anyRun := func(ok func(domain.Run) bool) bool { return slices.ContainsFunc(runs, ok) }
	text := strings.ToLower(job.Name + "\n" + job.Script)
	for _, run := range runs {
		text += "\n" + strings.ToLower(run.VMName)
	}
	switch {
	case len(f.VMIDs) > 0 && !anyRun(func(r domain.Run) bool { return slices.Contains(f.VMIDs, *r.VMID) }),
		f.VMName != "" && !anyRun(func(r domain.Run) bool { return r.VMName == f.VMName }),
		f.CommandID != "" && (job.CommandID == nil || *job.CommandID != f.CommandID),
		len(f.Statuses) > 0 && !slices.Contains(f.Statuses, job.Status),
		f.Text != "" && !strings.Contains(text, strings.ToLower(f.Text)) && !isNumber(f.Text, job.Number),
		f.Since != nil && job.CreatedAt.Before(*f.Since),
		f.Before != nil && !job.CreatedAt.Before(*f.Before),
		f.Origin != "" && job.Origin != f.Origin,
		f.Starred != nil && job.Starred != *f.Starred:
		return false
	}
	return true
}

func isNumber(text string, number int64) bool {
	n, ok := jobNumber(text)
	return ok && n == number
}

// What deletes a job, by whatever way, takes it out of the index of texts too.
func TestGramsFollowTheJobs(t *testing.T) {
	s, ctx := opened(t), t.Context()
	for i := range 20 {
		job, runs := newJob("web")
		job.Name = fmt.Sprintf("job %d of %d", i, i%3)
		_, err := s.InsertJob(ctx, job, runs)
		must(t, err)
	}
	_, err := s.writer.ExecContext(ctx, `DELETE FROM jobs WHERE number % 4 = 1`)
	must(t, err)
	_, err = s.writer.ExecContext(ctx, `INSERT INTO job_grams (job_grams, rank) VALUES ('integrity-check', 1)`)
	must(t, err)
	jobs, _, err := s.ListJobs(ctx, domain.JobFilter{Text: "of 2"})
	must(t, err)
	if len(jobs) != 5 {
		t.Errorf("%d jobs, want 5", len(jobs))
	}
}

// The figures of a long history: 100,000 jobs of 2 runs, one run of 1 M lines.
func BenchmarkHistory(b *testing.B) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: b.TempDir() + "/vmo.db"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if _, err := s.writer.Exec(fillHistory); err != nil {
		b.Fatal(err)
	}
	listed := func(f domain.JobFilter, want int) func() error {
		return func() error {
			jobs, _, err := s.ListJobs(ctx, f)
			if err == nil && len(jobs) != want {
				return fmt.Errorf("%d jobs, want %d", len(jobs), want)
			}
			return err
		}
	}
	now := time.UnixMilli(100_000 * 300_000)
	since := now.Add(-7 * 24 * time.Hour)
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"newest50", listed(domain.JobFilter{}, 50)},
		{"newest50ofVM", listed(domain.JobFilter{VMIDs: []string{"vm7"}}, 50)},
		{"newest50ofRareVM", listed(domain.JobFilter{VMIDs: []string{"rare"}}, 10)},
		{"newest50ofTwoVMs", listed(domain.JobFilter{VMIDs: []string{"vm7", "vm9"}}, 50)},
		{"failedLastWeek", listed(domain.JobFilter{Statuses: []domain.Status{domain.StatusFailed}, Since: &since}, 50)},
		{"failedLastWeekOfVM", listed(domain.JobFilter{VMIDs: []string{"vm10"}, Statuses: []domain.Status{domain.StatusFailed}, Since: &since}, 20)},
		{"lineInMiddle", func() error {
			_, ok, err := s.BlockAtLine(ctx, "r1", 500_000)
			if err == nil && !ok {
				return fmt.Errorf("no block")
			}
			return err
		}},
		{"statsOfAll", func() error { _, err := s.JobStats(ctx, domain.JobFilter{}); return err }},
		{"statsOfVM", func() error { _, err := s.JobStats(ctx, domain.JobFilter{VMIDs: []string{"vm7"}}); return err }},
		{"textOfAll", listed(domain.JobFilter{Text: "no such text"}, 0)},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if err := c.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

const fillHistory = `
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
INSERT INTO jobs (id, status, created_at, starred, origin, owner, name, kind, parallelism, timeout_seconds, work_dir, counts, vm_names, run_count, vals, env, script)
SELECT 'j' || i, CASE WHEN i % 20 = 0 THEN 'failed' ELSE 'succeeded' END, i * 300000, 0, 'cli', '', 'Command ' || (i % 40), 'ssh', 32, 0, '',
	'{"succeeded":2}', '["web","db"]', 2, '{}', '{}', hex(randomblob(150)) FROM n;
INSERT INTO job_search SELECT number, lower(name || script) FROM jobs;
INSERT INTO runs (id, job, position, vm_id, vm_name, target, status, signal, note, bytes, lines, complete)
SELECT 'r' || number, number, 0, 'vm' || (number % 50), 'vm' || (number % 50), '{}', status, '', '', 100, 10, 1 FROM jobs;
INSERT INTO runs (id, job, position, vm_id, vm_name, target, status, signal, note, bytes, lines, complete)
SELECT 's' || number, number, 1, iif(number % 9973 = 0, 'rare', 'vm' || (number % 7)), 'x', '{}', status, '', '', 100, 10, 1 FROM jobs;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 7999)
INSERT INTO log_chunks (run, first_byte, bytes, first_line, lines, at, header, data)
SELECT 1 + (i / 400) * 5, (i % 400) * 262144, 262144, (i % 400) * 2600 + 1, 2600, 0, zeroblob(200), zeroblob(38000) FROM n;
`
