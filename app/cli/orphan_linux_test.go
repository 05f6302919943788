package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vmorchestrator/internal/sshdtest"
)

// orphanJobs is how many jobs TestNoOrphans has, and how many begin and are stopped at a time; VMO_ORPHAN_JOBS sets
// another number, and make test-root the full 200. The short form runs beside many other tests: how long a stop takes
// under what load isn't its subject.
func orphanJobs(t *testing.T) (n, atOnce int) {
	t.Helper()
	text := os.Getenv("VMO_ORPHAN_JOBS")
	if text == "" {
		return 24, 6 // each way of each account, with scripts of both kinds
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n, 14
}

// orphanSpan is how long after the last stop a process may live: the lease of 45 s, its slack, TERM, KILL.
const orphanSpan = 60 * time.Second

// orphanWays are the ways in which a job ends before its command does.
var orphanWays = []string{"stop", "time-out", "kill -9 of vmo", "link down"}

// meek and hard are the scripts of the jobs. N becomes a number that no other job has, so that a process is found
// even when it has left its session and lost its environment.
var (
	meek = []string{"sleep N", "sleep N & sleep N; true", "while :; do sleep N; done", "exec sleep N >/dev/null 2>&1"}
	hard = []string{
		"trap '' TERM; while :; do sleep N; done",
		"trap '' TERM HUP INT; sleep N & sh -c 'trap \"\" TERM; sleep N; true'; wait",
		"set -m; sleep N & (sleep N; true) & wait",
		"setsid sleep N & sleep N",
		"(setsid sh -c 'trap \"\" TERM; sleep N & sleep N; true' &); sleep N",
		"sleep N & sleep 0.3; kill -STOP $!; wait",
	}
	// Under sudo the environment is new: what leaves the session is found only if it is given the run's id.
	meekRoot = []string{"sudo -n sleep N", "sudo -n sh -c 'sleep N & sleep N; true'", "sleep N & sudo -n sleep N"}
	hardRoot = []string{
		"sudo -n sh -c 'trap \"\" TERM; while :; do sleep N; done'",
		"sudo -n bash -c 'set -m; sleep N & (sleep N; true) & wait'",
		"trap '' TERM; sudo -n sh -c 'trap \"\" TERM HUP; sleep N & sleep N; true'",
		"sudo -n VMO_RUN_ID=$VMO_RUN_ID sh -c '(setsid sh -c \"sleep N & sleep N; true\" &); sleep N'",
	}
)

// orphan is one job: who runs what, how it is ended, and what the target showed of it.
type orphan struct {
	n       int
	account string // "root", "sudo" or a name
	way     string
	script  string
	arg     string // of its sleeps
	target  string // its Host in ssh_config
	link    *sshdtest.Link
	freeze  bool // link down as a black hole, else as a reset

	id      string
	session int
	stopped time.Time
	took    time.Duration // of vmo cancel
	ended   int64         // when vmo or the link was, as sshdtest.Now says; 0: it isn't
}

// left are the processes of the job in a look at all: none of a job that never told its run and session.
func (o *orphan) left(all []sshdtest.Proc) []sshdtest.Proc {
	if o.id == "" || o.session <= 1 {
		return nil
	}
	var found []sshdtest.Proc
	for _, p := range all {
		if strings.HasPrefix(p.Command, vmoBinary) {
			continue // it has the script in its arguments
		}
		// Once a session is over, its number may become that of somebody else's.
		session := p.Session == o.session && (o.ended == 0 || p.Started <= o.ended)
		if p.RunID == o.id || session || strings.Contains(p.Command, o.arg) {
			found = append(found, p)
		}
	}
	return found
}

// orphanServers starts a real sshd for each login and gives the account of every kind of job.
func orphanServers(t *testing.T) map[string]*sshdtest.Server {
	t.Helper()
	servers := map[string]*sshdtest.Server{}
	for _, login := range sshdtest.Logins() {
		servers[login] = sshdtest.Start(t, sshdtest.Options{User: login})
	}
	if user := sshdtest.Logins()[0]; sshdtest.AllowSudo(t, user) {
		servers["sudo"] = servers[user]
	}
	return servers
}

// orphansOf deals n jobs: every way in turn, half of the scripts hard to stop, every account in turn.
func orphansOf(t *testing.T, n int, home *sshdtest.Home, servers map[string]*sshdtest.Server, deal *rand.Rand) []*orphan {
	t.Helper()
	accounts := sshdtest.Logins()
	if servers["sudo"] != nil {
		accounts = append(accounts, "sudo")
	}
	base := 1_000_000 + 1000*deal.IntN(9000)
	keys := map[*sshdtest.Server]bool{}
	var jobs []*orphan
	for i := range n {
		o := &orphan{n: i, way: orphanWays[i%4], account: accounts[i/8%len(accounts)], freeze: i/16%2 == 0}
		scripts := map[bool][]string{false: meek, true: hard}
		if o.account == "sudo" {
			scripts = map[bool][]string{false: meekRoot, true: hardRoot}
		}
		o.arg = strconv.Itoa(base + i)
		from := scripts[i/4%2 == 1]
		o.script = strings.ReplaceAll(from[deal.IntN(len(from))], "sleep N", "sleep "+o.arg)
		srv := servers[o.account]
		if !keys[srv] {
			keys[srv] = true
			must(t, srv.Authorize(home.Key.Public))
			home.Host(srv.User, srv)
			home.Trust(srv)
		}
		o.target = srv.User
		if o.way == "link down" {
			o.link = sshdtest.NewLink(t, srv.Addr)
			through := &sshdtest.Server{Host: o.link.Host, Port: o.link.Port, User: srv.User, HostKeys: srv.HostKeys}
			o.target = fmt.Sprintf("link-%d", i)
			home.Host(o.target, through)
			home.Trust(through)
		}
		jobs = append(jobs, o)
	}
	deal.Shuffle(n, func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	return jobs
}

// look is all processes of this computer, looked at again at most ten times a second for all that ask.
type look struct {
	mu  sync.Mutex
	at  time.Time
	all []sshdtest.Proc
}

func (l *look) now() []sshdtest.Proc {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) > 100*time.Millisecond {
		l.all, l.at = sshdtest.Living(), time.Now()
	}
	return l.all
}

// begin starts the job's vmo and waits until the target shows its command, and the keeper of its connection if nobody
// else is going to end the job.
func (o *orphan) begin(t *testing.T, d *data, l *look) *started {
	t.Helper()
	args := []string{"run", "--on", o.target}
	if o.way == "time-out" {
		args = append(args, "--timeout", "8s")
	}
	run := d.start(append(args, "--", "echo $VMO_RUN_ID $$; "+o.script)...)
	began := false
	defer func() {
		if !began {
			t.Errorf("job %d (%s) did not begin: vmo printed %q and %q", o.n, o.account, run.out, run.errs)
		}
	}()
	eventually(t, fmt.Sprintf("job %d (%s) runs on the target", o.n, o.script), func() bool {
		line, _, whole := strings.Cut(run.out.String(), "\n")
		words := strings.Fields(strings.TrimPrefix(line, o.target+" | "))
		if !whole || len(words) != 2 {
			return false
		}
		o.id = words[0]
		o.session, _ = strconv.Atoi(words[1])
		all := l.now()
		sleeps := strings.Contains(fmt.Sprint(o.left(all)), ": sleep "+o.arg)
		return sleeps && (o.way == "stop" || o.way == "time-out" || len(o.keeper(all)) > 0)
	})
	began = true
	return run
}

// keeper are the processes of the keeper that the job's connection has: it and the command are children of one sshd.
// Its stderr is nowhere once it is ready; before that a .bashrc may take its time.
func (o *orphan) keeper(all []sshdtest.Proc) []sshdtest.Proc {
	parent := 0
	for _, p := range all {
		if p.PID == o.session {
			parent = p.PPID
		}
	}
	sessions := map[int]bool{}
	for _, p := range all {
		if parent > 1 && p.PPID == parent && strings.Contains(p.Command, "vmo-keeper") {
			sessions[p.Session] = true
		}
	}
	var found []sshdtest.Proc
	ready := false
	for _, p := range all {
		if sessions[p.Session] {
			found = append(found, p)
			to, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", p.PID))
			ready = ready || to == os.DevNull
		}
	}
	if !ready {
		return nil
	}
	return found
}

// end ends the job in its way and notes when.
func (o *orphan) end(t *testing.T, d *data, run *started, l *look, pause time.Duration) {
	t.Helper()
	if o.way == "kill -9 of vmo" || o.way == "link down" {
		// The keeper may be there and not know the run yet: of that moment the next start of the app takes care.
		time.Sleep(pause)
	}
	o.stopped = time.Now()
	switch o.way {
	case "stop":
		status, out, errs := d.call("cancel", "1")
		if status != exitOK {
			t.Errorf("job %d (%s, %s): vmo cancel ended with %d, %q, %q", o.n, o.account, o.script, status, out, errs)
		}
		o.took = time.Since(o.stopped)
		run.exit()
	case "time-out":
		run.exit()
		o.stopped = time.Now()
	case "kill -9 of vmo":
		must(t, run.Process.Kill())
		<-run.done
	case "link down":
		if o.freeze {
			o.link.Freeze()
		} else {
			o.link.Cut()
		}
	}
	o.ended = sshdtest.Now()
	// What vmo calls stopped is stopped when it says so.
	if o.way == "stop" || o.way == "time-out" {
		if left := o.left(sshdtest.Living()); len(left) > 0 {
			t.Errorf("job %d (%s, %s, %s): vmo said that it has stopped, with %v left; it printed %q and %q",
				o.n, o.way, o.account, o.script, left, run.out, run.errs)
		}
	}
}

// However many jobs are ended, in whatever way and whatever they do against it, no process of any is left on the
// target a minute later. The seed makes the same jobs again, in the same order.
func TestNoOrphans(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("VMO_ORPHAN_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
	}
	deal := rand.New(rand.NewPCG(seed, 0))
	n, atOnce := orphanJobs(t)
	home := sshdtest.NewHome(t)
	jobs := orphansOf(t, n, home, orphanServers(t), deal)
	began := time.Now()
	l := &look{}
	var wait sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for _, o := range jobs {
		d := newData(t, home)
		pause := time.Duration(500+deal.IntN(1000)) * time.Millisecond
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			o.end(t, d, o.begin(t, d, l), l, pause)
		})
	}
	wait.Wait()
	ended := time.Now()
	t.Logf("all %d jobs have ended; what is left of them has %v", n, orphanSpan) // .ci/run goes on at these words
	var survivors map[*orphan][]sshdtest.Proc
	for {
		survivors = map[*orphan][]sshdtest.Proc{}
		all := sshdtest.Living()
		for _, o := range jobs {
			if left := o.left(all); len(left) > 0 {
				survivors[o] = left
			}
		}
		if len(survivors) == 0 || time.Since(ended) > orphanSpan {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	count := map[string]int{}
	var slowest time.Duration
	for _, o := range jobs {
		count[o.way+", "+o.account]++
		slowest = max(slowest, o.took)
	}
	t.Logf("seed %d: %d jobs in %v, slowest cancel %v, looked at for %v after the last stop, %d left something: %v", seed, n,
		ended.Sub(began).Round(time.Second), slowest.Round(10*time.Millisecond), time.Since(ended).Round(time.Second), len(survivors), count)
	for o, left := range survivors {
		t.Errorf("job %d (%s %v ago, %s, %s): %v", o.n, o.way, time.Since(o.stopped).Round(time.Second), o.account, o.script, left)
	}
	killAll(t, survivors)
}

// What has no run of its own is nobody's: without this look, a job that never began would own every process of the
// computer, and as root killAll would end them all.
func TestOrphanThatNeverBeganOwnsNothing(t *testing.T) {
	t.Parallel()
	all := sshdtest.Living()
	if len(all) == 0 {
		t.Fatal("this computer has no processes")
	}
	for _, o := range []*orphan{{arg: "1000001"}, {arg: "1000001", session: 1}, {arg: "1000001", id: "run"}} {
		if left := o.left(all); len(left) > 0 {
			t.Errorf("run %q, session %d: %d processes, like %v", o.id, o.session, len(left), left[0])
		}
	}
}

func killAll(t *testing.T, survivors map[*orphan][]sshdtest.Proc) {
	t.Helper()
	for _, left := range survivors {
		signalAll(t, left, syscall.SIGKILL)
	}
}

// signalAll sends a signal to each that still lives.
func signalAll(t *testing.T, all []sshdtest.Proc, signal syscall.Signal) {
	t.Helper()
	for _, p := range all {
		if err := syscall.Kill(p.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%v to %v: %v", signal, p, err)
		}
	}
}

// The control: where the keeper is gone, kill -9 of vmo leaves every job running, so the test above can see survivors.
func TestOrphansWithoutKeeper(t *testing.T) {
	t.Parallel()
	home := sshdtest.NewHome(t)
	jobs := orphansOf(t, 24, home, orphanServers(t), rand.New(rand.NewPCG(1, 1)))
	l := &look{}
	var wait sync.WaitGroup
	survivors := map[*orphan][]sshdtest.Proc{}
	for _, o := range jobs {
		if o.way != "kill -9 of vmo" {
			continue
		}
		survivors[o] = nil
		d := newData(t, home)
		wait.Go(func() {
			run := o.begin(t, d, l)
			// Stopped first: were its reader to end before the rest of it, that would still do its work. What is
			// stopped ends by itself when the parent of its group does.
			for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
				signalAll(t, o.keeper(sshdtest.Living()), signal)
			}
			must(t, run.Process.Kill())
			<-run.done
		})
	}
	wait.Wait()
	time.Sleep(5 * time.Second)
	all := sshdtest.Living()
	for o := range survivors {
		if survivors[o] = o.left(all); len(survivors[o]) == 0 {
			t.Errorf("job %d (%s, %s) left nothing without a keeper: TestNoOrphans proves nothing", o.n, o.account, o.script)
		}
	}
	t.Logf("%d jobs left processes without a keeper", len(survivors))
	killAll(t, survivors)
}
