package main

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// stubborn are commands that go on until they are stopped, each in its own way.
var stubborn = map[string]string{
	"sleep":        "sleep 300",
	"ignores TERM": "trap '' TERM; while :; do sleep 1; done",
	"children":     "sleep 300 & sleep 301 & sh -c 'sleep 302; true'; wait",
	"set -m":       "set -m; sleep 300 & (sleep 301; true) & wait",
}

// stops are the ways to stop a run of another process, with the exit status that it has then.
var stops = map[string]struct {
	flags  []string
	do     func(d *data, run *started, number int64)
	exit   int
	status domain.Status
}{
	"vmo cancel": {nil, func(d *data, _ *started, number int64) {
		if out := d.ok("cancel", strconv.FormatInt(number, 10)); !strings.HasPrefix(out, "box: canceled, ") {
			d.t.Errorf("vmo cancel printed %q", out)
		}
	}, exitSome, domain.StatusCanceled},
	"Ctrl-C": {nil, func(d *data, run *started, _ int64) {
		must(d.t, run.Process.Signal(os.Interrupt))
	}, exitInterrupted, domain.StatusCanceled},
	"time-out": {[]string{"--timeout", "2s"}, func(*data, *started, int64) {}, exitSome, domain.StatusTimedOut},
}

// goes starts a command on "box" and waits until the target shows a process of it; run id and session find them all.
func goes(t *testing.T, d *data, script string, flags ...string) (run *started, id string, session int) {
	t.Helper()
	run = d.start(append(append([]string{"run", "--on", "box"}, flags...), "--", "echo $VMO_RUN_ID; "+script)...)
	eventually(t, "the command runs on the target", func() bool {
		line, _, whole := strings.Cut(run.out.String(), "\n")
		if id = strings.TrimPrefix(line, "box | "); !whole {
			return false
		}
		for _, p := range sshdtest.OfRun(id, 0) {
			if session = p.Session; strings.HasPrefix(p.Command, "sleep") {
				return true
			}
		}
		return false
	})
	return run, id, session
}

// However a job is stopped, and however it resists, nothing of it is left on the target when vmo says so.
func TestStopMatrix(t *testing.T) {
	for _, login := range sshdtest.Logins() {
		srv := sshdtest.Start(t, sshdtest.Options{User: login})
		home := sshdtest.NewHome(t)
		home.Ready("box", srv)
		t.Run(login, func(t *testing.T) {
			for how, stop := range stops {
				for what, script := range stubborn {
					t.Run(how+", "+what, func(t *testing.T) {
						t.Parallel()
						d := newData(t, home)
						run, id, session := goes(t, d, script, stop.flags...)
						stop.do(d, run, 1)
						if status := run.exit(); status != stop.exit {
							t.Errorf("exit status %d, want %d", status, stop.exit)
						}
						if left := sshdtest.OfRun(id, session); len(left) > 0 {
							t.Errorf("left on the target: %v", left)
						}
						if j := d.jobs(); len(j) != 1 || j[0].Status != stop.status {
							t.Errorf("history %+v", j)
						}
						if t.Failed() {
							t.Logf("vmo printed %q and %q", run.out, run.errs)
						}
					})
				}
			}
		})
	}
}

// vmo is killed: the target ends the run by itself, and the next vmo shows it as lost, with output that was committed
// while it came. How much of the last is missing is told; TestKilledWhileWriting holds it to its bound.
func TestKillOfVmo(t *testing.T) {
	for _, login := range sshdtest.Logins() {
		t.Run(login, func(t *testing.T) {
			srv := sshdtest.Start(t, sshdtest.Options{User: login})
			home := sshdtest.NewHome(t)
			home.Ready("box", srv)
			d := newData(t, home)
			type mark struct {
				id      string
				session int
				killed  time.Time
			}
			var marks []mark
			for n := range 5 {
				run, id, session := goes(t, d, "trap '' TERM; while :; do date +%s%N; sleep 0.01; done")
				number := strconv.Itoa(n + 1)
				eventually(t, "its output is read from the disk while it runs", func() bool {
					return strings.Count(d.ok("logs", number, "--raw"), "\n") > 1
				})
				time.Sleep(time.Duration(n) * 47 * time.Millisecond) // another moment of the writer each time
				must(t, run.Process.Kill())
				marks = append(marks, mark{id, session, time.Now()})
				<-run.done
			}
			var gaps []time.Duration
			for i, m := range marks {
				eventually(t, "nothing is left on the target", func() bool { return len(sshdtest.OfRun(m.id, m.session)) == 0 })
				gaps = append(gaps, m.killed.Sub(lastStamp(t, d.ok("logs", strconv.Itoa(i+1), "--raw"))))
			}
			t.Logf("the last line on disk was written %v before the kill; nothing is left %v after the last one",
				gaps, time.Since(marks[len(marks)-1].killed))
			for _, j := range d.jobs() {
				if j.Status != domain.StatusLost {
					t.Errorf("job %d is %s", j.Number, j.Status)
				}
			}
		})
	}
}

// lastStamp is the last whole line, a time in nanoseconds.
func lastStamp(t *testing.T, log string) time.Time {
	t.Helper()
	whole := strings.Split(log[:strings.LastIndexByte(log, '\n')], "\n")
	ns, err := strconv.ParseInt(whole[len(whole)-1], 10, 64)
	if err != nil {
		t.Fatalf("log %q", log)
	}
	return time.Unix(0, ns)
}
