package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

var background = context.Background()

// childRoles are further things that a second process can do.
var childRoles = map[string]func() error{}

func say(format string, args ...any) error { return fmt.Errorf(format, args...) }

// childRole is what a second process does. It says on stdout what it did and gives its exit status.
func childRole(role string) int {
	if do := childRoles[role]; do != nil {
		if err := do(); err != nil {
			fmt.Println(err)
			return 1
		}
		return 0
	}
	ctx := background
	s, err := Open(ctx, Options{Path: os.Getenv("STORE_TEST_PATH"), BallastBytes: 64 << 10})
	if err != nil {
		fmt.Println(domain.CodeOf(err))
		return 0
	}
	defer s.Close()
	if _, err := s.RegisterInstance(ctx, domain.OriginCLI); err != nil {
		fmt.Println(err)
		return 1
	}
	switch role {
	case "open":
		fmt.Println("opened")
	case "jobs": // many jobs with output, each finished
		for range childJobs {
			job, runs := newJob("web", "db")
			if _, err = s.InsertJob(ctx, job, runs); err != nil {
				break
			}
			for _, run := range runs {
				run.Status, run.StartedAt = domain.StatusRunning, at(1)
				_, err1 := s.UpdateRun(ctx, run)
				err2 := s.AppendBlocks(ctx, []domain.LogBlock{{RunID: run.ID, Bytes: 3, FirstLine: 1, Lines: 1, At: time.Now(), Data: []byte("hi\n")}})
				run.Status, run.FinishedAt = domain.StatusSucceeded, at(2)
				_, err3 := s.UpdateRun(ctx, run)
				for _, e := range []error{err1, err2, err3} {
					if e != nil {
						err = e
					}
				}
			}
		}
		if err != nil {
			fmt.Println(err, domain.AsError(err).Details)
			return 1
		}
		fmt.Println("done")
	case "hold": // one run running with output, one queued, until killed
		job, runs := newJob("web", "db")
		if _, err := s.InsertJob(ctx, job, runs); err != nil {
			fmt.Println(err)
			return 1
		}
		runs[0].Status, runs[0].StartedAt = domain.StatusRunning, at(1)
		_, err1 := s.UpdateRun(ctx, runs[0])
		err2 := s.AppendBlocks(ctx, []domain.LogBlock{{RunID: runs[0].ID, Bytes: 3, FirstLine: 1, Lines: 1, At: *at(5), Data: []byte("hi\n")}})
		fmt.Println(job.ID, err1, err2)
		bufio.NewReader(os.Stdin).ReadString('\n') //nolint:errcheck // waits to be killed
	}
	return 0
}

const childJobs = 25

// Processes that start at the same moment on no database at all make one, and lose nothing of each other's.
func TestManyProcessesFromTheFirstMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	const processes = 4
	var wg sync.WaitGroup
	for range processes {
		cmd := childCommand(t, "jobs", path)
		wg.Go(func() {
			if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != "done" {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	s := open(t, path)
	jobs, _, err := s.ListJobs(t.Context(), domain.JobFilter{Limit: domain.MaxJobPage})
	must(t, err)
	if len(jobs) != processes*childJobs {
		t.Fatalf("%d jobs", len(jobs))
	}
	for i, job := range jobs {
		if job.Number != int64(len(jobs)-i) || job.Status != domain.StatusSucceeded || job.Counts[domain.StatusSucceeded] != 2 {
			t.Errorf("%+v", job)
		}
	}
	var check string
	must(t, s.writer.QueryRow(`PRAGMA integrity_check`).Scan(&check))
	if check != "ok" {
		t.Error(check)
	}
	var owners int
	must(t, s.reader.QueryRow(`SELECT count(*) FROM instances`).Scan(&owners))
	if owners != 0 {
		t.Errorf("%d processes left their row", owners)
	}
}

// hold starts a process that owns a job and gives the job's id.
func hold(t *testing.T, path string) (*exec.Cmd, string) {
	t.Helper()
	cmd := childCommand(t, "hold", path)
	_, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	words := strings.Fields(line)
	if len(words) != 3 || words[1] != "<nil>" || words[2] != "<nil>" {
		t.Fatalf("child: %s", line)
	}
	return cmd, words[0]
}

func TestKilledProcessLosesItsRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	s, other := open(t, path), open(t, path)
	register(t, s)
	register(t, other)
	own, _ := aJob(t, s, "mine")
	cmd, id := hold(t, path)

	lost, err := s.ReapDead(t.Context())
	must(t, err)
	if len(lost) != 0 {
		t.Fatalf("a living process's runs were taken: %v", lost)
	}
	wantCode(t, s.DeleteJob(t.Context(), id), domain.CodeNotAllowed)

	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	// Two processes look at once: each run is given to one of them.
	var mu sync.Mutex
	var all []domain.Run
	var wg sync.WaitGroup
	for _, store := range []*Store{s, other, s, other} {
		wg.Go(func() {
			runs, err := store.ReapDead(context.Background())
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			all = append(all, runs...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(all) != 2 {
		t.Fatalf("%d runs", len(all))
	}
	d, err := s.GetJob(t.Context(), id)
	must(t, err)
	if d.Job.Status != domain.StatusLost || d.Job.Counts[domain.StatusLost] != 2 || d.Job.FinishedAt == nil {
		t.Errorf("%+v", d.Job)
	}
	for _, run := range d.Runs {
		if run.Status != domain.StatusLost || run.Error == nil || run.Error.Code != domain.CodeAppDied || run.Error.Hint == "" || run.Complete {
			t.Errorf("%+v", run)
		}
	}
	if !d.Runs[0].FinishedAt.Equal(*at(5)) || d.Runs[0].Bytes != 3 {
		t.Errorf("the last sign of life was at %v, got %+v", at(5), d.Runs[0])
	}
	if blocks, err := s.BlocksFrom(t.Context(), d.Runs[0].ID, 0, 10); err != nil || len(blocks) != 1 || string(blocks[0].Data) != "hi\n" {
		t.Errorf("%v, %v", blocks, err)
	}
	if d, err := s.GetJob(t.Context(), own.ID); err != nil || d.Job.Status != domain.StatusQueued {
		t.Errorf("%+v, %v", d.Job, err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "locks", "instance-*"))
	must(t, err)
	if len(files) != 2 {
		t.Errorf("lock files: %v", files)
	}
}

func TestCancelFromAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	s, other := open(t, path), open(t, path)
	id := register(t, s)
	register(t, other)
	job, runs := aJob(t, s, "web", "db")
	must(t, other.RequestCancel(t.Context(), job.ID, ""))
	must(t, other.RequestCancel(t.Context(), fmt.Sprint(job.Number), runs[1].ID))
	wantCode(t, other.RequestCancel(t.Context(), "nothing", ""), domain.CodeNotFound)
	wantCode(t, other.RequestCancel(t.Context(), job.ID, "nothing"), domain.CodeNotFound)
	got, err := s.PendingCancels(t.Context(), id)
	must(t, err)
	if len(got) != 2 || got[0] != (domain.CancelRequest{JobID: job.ID}) || got[1].RunID != runs[1].ID {
		t.Errorf("%+v", got)
	}
	if got, err = s.PendingCancels(t.Context(), id); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, run := range runs {
		run.Status = domain.StatusCanceled
		_, err := s.UpdateRun(t.Context(), run)
		must(t, err)
	}
	wantCode(t, other.RequestCancel(t.Context(), job.ID, ""), domain.CodeNotAllowed)
}

func TestChangesOfOthersWake(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	s, other := open(t, path), open(t, path)
	_, start, err := s.Changes(t.Context(), -1)
	must(t, err)
	woken := make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.watch(ctx, 5*time.Millisecond, func() { woken <- struct{}{} }) })
	defer wg.Wait()
	defer cancel()

	// Own writes don't wake; the other's does. Only after the first look can a change be seen.
	deadline := time.After(10 * time.Second)
	for woke := false; !woke; {
		must(t, other.InsertVMs(t.Context(), []domain.VM{aVM(newID())}))
		select {
		case <-woken:
			woke = true
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			t.Fatal("not woken")
		}
	}
	vm := aVM("own")
	must(t, s.InsertVMs(t.Context(), []domain.VM{vm}))
	changes, last, err := s.Changes(t.Context(), start)
	must(t, err)
	if len(changes) < 2 || changes[len(changes)-1] != (domain.Change{Seq: last, Entity: domain.EntityVM, ID: vm.ID}) {
		t.Errorf("%+v, last %d", changes, last)
	}
	if changes, _, err := s.Changes(t.Context(), last); err != nil || len(changes) != 0 {
		t.Errorf("%+v, %v", changes, err)
	}
}

func TestForgottenChanges(t *testing.T) {
	s := opened(t)
	_, err := s.writer.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
		INSERT INTO changes (entity, id) SELECT 'vm', i FROM n`)
	must(t, err)
	var kept int
	must(t, s.reader.QueryRow(`SELECT count(*) FROM changes`).Scan(&kept))
	if kept > 11_000 {
		t.Errorf("%d changes kept", kept)
	}
	changes, last, err := s.Changes(t.Context(), 3)
	must(t, err)
	if len(changes) != 5 || changes[0].ID != "" || last != 25000 {
		t.Errorf("%d changes, last %d", len(changes), last)
	}
}
