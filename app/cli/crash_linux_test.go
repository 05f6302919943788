package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/store"
	"vmorchestrator/internal/sshdtest"
)

// A number from the environment asks for the long form of a test, whose times count then: a machine that runs other
// tests beside has other times.
func asked(t *testing.T, name string, short int) (n int, long bool) {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return short, false
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n, true
}

const (
	// crashRuns write at once when vmo is killed.
	crashRuns = 10
	// lossAlone and lossContended are how much of the last output a kill may cost, without and with another process that
	// writes into the same database (contracts.md).
	lossAlone     = 250 * time.Millisecond
	lossContended = time.Second
)

// sender writes numbered lines with the time in microseconds, first into a file of its own: what was sent, and when.
const sender = `cd %s; mkfifo f.$VMO_RUN_ID; exec 9<>f.$VMO_RUN_ID 3>sent.$VMO_RUN_ID; n=0; p='%s'
while :; do n=$((n+1)); l="$n ${EPOCHREALTIME/[.,]/} ${p:0:n%%97*9}"; echo "$l" >&3; echo "$l"; read -t 0.00$((n%%9+1)) -u 9; done`

// vmo is killed at random moments while ten runs write. The database opens every time, what is stored of each run is
// exactly the beginning of what was sent, all counts agree with it, and only the last moment is missing. Every second
// time another vmo writes into the same database. VMO_CRASH_KILLS=100 does it that often and holds the times.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	kills, long := asked(t, "VMO_CRASH_KILLS", 4)
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	args := []string{"run", "--quiet", "--parallel", strconv.Itoa(crashRuns)}
	for i := range crashRuns {
		alias := fmt.Sprintf("box-%d", i)
		home.Ready(alias, srv)
		args = append(args, "--on", alias)
	}
	sent := filepath.Join(srv.Dir, "sent")
	must(t, os.Mkdir(sent, 0o777))
	must(t, os.Chmod(sent, 0o777)) // the account is another one
	args = append(args, "--", fmt.Sprintf(sender, sent, strings.Repeat("abcdefghi ", 100)))
	d := newData(t, home)
	seed := uint64(time.Now().UnixNano())
	deal := rand.New(rand.NewPCG(seed, 0))
	var alone, contended []time.Duration
	for round := range kills {
		var other *started
		if round%2 == 1 {
			other = d.start("run", "--quiet", "--on", "box-0", "--", "while :; do head -c 500000 /dev/urandom; sleep 0.03; done")
			eventually(t, "the other process writes", func() bool { return len(d.jobs()) > 0 && d.jobs()[0].Status == domain.StatusRunning })
		}
		run := d.start(args...)
		eventually(t, "all runs write", func() bool {
			found, err := filepath.Glob(filepath.Join(sent, "sent.*"))
			return err == nil && len(found) == crashRuns
		})
		time.Sleep(time.Duration(deal.IntN(1500)) * time.Millisecond)
		killed := time.Now()
		must(t, run.Process.Kill())
		<-run.done
		losses := lossesOf(t, d, sent, killed)
		if other == nil {
			alone = append(alone, losses...)
		} else {
			contended = append(contended, losses...)
			must(t, other.Process.Kill())
			<-other.done
		}
		// The keeper ends the senders when their connection is gone.
		eventually(t, "nothing writes any more", func() bool {
			return !slices.ContainsFunc(sshdtest.Living(), func(p sshdtest.Proc) bool {
				return strings.Contains(p.Command, sent) && strings.Contains(p.Command, "EPOCHREALTIME")
			})
		})
		for _, pattern := range []string{"sent.*", "f.*"} {
			found, err := filepath.Glob(filepath.Join(sent, pattern))
			must(t, err)
			for _, file := range found {
				must(t, os.Remove(file))
			}
		}
	}
	d.sound()
	slices.Sort(alone)
	slices.Sort(contended)
	middle := func(all []time.Duration) time.Duration { return all[len(all)/2] }
	t.Logf("seed %d: %d kills of %d runs; lost alone: median %v, most %v; beside another writer: median %v, most %v", seed, kills, crashRuns,
		middle(alone), alone[len(alone)-1], middle(contended), contended[len(contended)-1])
	if long && (alone[len(alone)-1] > lossAlone || contended[len(contended)-1] > lossContended) {
		t.Errorf("more than %v alone or %v beside another writer is lost", lossAlone, lossContended)
	}
}

// lossesOf checks what is stored of the newest job of many runs against what was sent, and gives how much time is
// missing of each run's end.
func lossesOf(t *testing.T, d *data, sentDir string, killed time.Time) []time.Duration {
	t.Helper()
	newest := newestOf(t, d, crashRuns)
	number := strconv.FormatInt(newest.Job.Number, 10)
	var losses []time.Duration
	for _, r := range newest.Runs {
		if r.Status != domain.StatusLost {
			t.Errorf("job %s on %s is %s", number, r.VMName, r.Status)
		}
		stored := d.ok("logs", number, "--vm", r.VMName, "--raw", "--stream", "stdout")
		raw, err := os.ReadFile(filepath.Join(sentDir, "sent."+r.ID))
		must(t, err)
		sent := string(raw)
		if !strings.HasPrefix(sent, stored) {
			at := 0
			for at < min(len(sent), len(stored)) && sent[at] == stored[at] {
				at++
			}
			t.Fatalf("job %s on %s: of %d bytes stored and %d sent, those from %d on differ: %.60q is stored, %.60q was sent",
				number, r.VMName, len(stored), len(sent), at, stored[at:], sent[at:])
		}
		if lines := int64(strings.Count(stored, "\n")); r.Bytes != int64(len(stored)) || r.Lines != lines {
			t.Errorf("job %s on %s: %d bytes and %d lines are told, %d and %d are stored", number, r.VMName, r.Bytes, r.Lines, len(stored), lines)
		}
		next := stored[:strings.LastIndexByte(stored, '\n')+1]
		line, _, _ := strings.Cut(sent[len(next):], "\n")
		var n, micros int64
		if _, err := fmt.Sscanf(line, "%d %d", &n, &micros); err != nil {
			losses = append(losses, 0) // nothing was sent after it
			continue
		}
		losses = append(losses, max(0, killed.Sub(time.UnixMicro(micros))))
	}
	if len(losses) != crashRuns {
		t.Fatalf("%d runs", len(losses))
	}
	return losses
}

// newestOf is the newest job of so many runs, once vmo has seen that its owner is dead.
func newestOf(t *testing.T, d *data, runs int) domain.JobDetail {
	t.Helper()
	d.ok("jobs")
	s := d.store()
	defer s.Close()
	jobs, _, err := s.ListJobs(t.Context(), domain.JobFilter{})
	must(t, err)
	for _, j := range jobs {
		if j.RunCount == runs {
			detail, err := s.GetJob(t.Context(), j.ID)
			must(t, err)
			return detail
		}
	}
	t.Fatalf("no job of %d runs", runs)
	return domain.JobDetail{}
}

// store is the database, opened as vmo does it.
func (d *data) store() *store.Store {
	d.t.Helper()
	s, err := store.Open(d.t.Context(), d.database())
	must(d.t, err)
	return s
}

func (d *data) database() store.Options {
	return store.Options{Path: filepath.Join(d.dir, "vmo.db"), LockDir: filepath.Join(d.dir, "locks")}
}

// sound says that no page of the database is damaged.
func (d *data) sound() {
	d.t.Helper()
	if got, err := store.Repair(d.t.Context(), d.database()); err != nil || !got.Sound {
		d.t.Errorf("the database is damaged: %+v, %v", got, err)
	}
}

// Two processes write into one database at once: no error, nothing is lost of either. VMO_TWO_WRITERS=300 does it for
// so many seconds.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	seconds, _ := asked(t, "VMO_TWO_WRITERS", 4)
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	d := newData(t, home)
	// Runs of a second, so that starting and ending them is part of it; each says a number of lines that is known.
	script := `i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo "$i ${VMO_RUN_ID} some text that is as long as a line is"; done; head -c 300000 /dev/zero | tr '\0' x`
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	type result struct {
		jobs int
		errs []string
	}
	writers := make(chan result)
	for range 2 {
		go func() {
			var r result
			for time.Now().Before(until) {
				run := d.command("run", "--json", "--on", "box", "--", script)
				out, err := run.Output()
				r.jobs++
				last := out[strings.LastIndexByte(strings.TrimSuffix(string(out), "\n"), '\n')+1:]
				var said struct {
					Status domain.Status
					Runs   []struct{ Bytes, Lines int64 }
				}
				if err != nil || json.Unmarshal(last, &said) != nil || said.Status != domain.StatusSucceeded {
					r.errs = append(r.errs, fmt.Sprintf("%v: %s", err, last))
				}
			}
			writers <- r
		}()
	}
	jobs := 0
	for range 2 {
		r := <-writers
		jobs += r.jobs
		for _, e := range r.errs {
			t.Error(e)
		}
	}
	d.sound()
	s := d.store()
	defer s.Close()
	for number := range jobs {
		j, err := s.GetJob(t.Context(), strconv.Itoa(number+1))
		must(t, err)
		r := j.Runs[0]
		if j.Job.Status != domain.StatusSucceeded || !r.Complete || r.Lines != 4001 {
			t.Errorf("job %d: %s, %+v", number+1, j.Job.Status, r)
		}
		if number%max(1, jobs/200) != 0 {
			continue // of very many, two hundred are read back
		}
		got := d.ok("logs", strconv.Itoa(number+1), "--raw")
		lines := strings.Split(got, "\n")
		if len(lines) != 4001 || len(lines[4000]) != 300_000 || int64(len(got)) != r.Bytes {
			t.Fatalf("job %d: %d lines, %d bytes of %d", number+1, len(lines), len(got), r.Bytes)
		}
		for k, line := range lines[:4000] {
			if !strings.HasPrefix(line, fmt.Sprintf("%d %s ", k+1, r.ID)) {
				t.Fatalf("job %d, line %d: %q", number+1, k+1, line)
			}
		}
	}
	if jobs < 2 {
		t.Errorf("only %d jobs", jobs)
	}
	t.Logf("%d jobs of two processes in %d s", jobs, seconds)
}
