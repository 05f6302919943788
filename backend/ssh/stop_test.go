package ssh

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/wire"
	"vmorchestrator/internal/sshdtest"
)

// stubborn are commands that don't end by themselves, each hard to stop in its own way.
var stubborn = map[string]string{
	"plain":        "sleep 300",
	"ignores TERM": "trap '' TERM; while :; do sleep 1; done",
	"children":     "sleep 300 & sleep 301 & sh -c 'sleep 302; true'; wait",
	"set -m":       "set -m; sleep 300 & (sleep 301; true) & wait",
	"setsid":       "setsid sleep 300 & sleep 301",
	"double fork":  "(setsid sh -c 'sleep 300 & sleep 301; true' &) ; sleep 302",
	"stopped":      "sleep 300 & sleep 0.3; kill -STOP $!; wait",
	"silent":       "exec sleep 300 >/dev/null 2>&1",
}

// begin starts a script on "box" and waits until the target shows at least one process of it.
func begin(t testing.TB, c *Client, script string) (*Process, string) {
	t.Helper()
	id := runID(t)
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: id, Script: script}, &record{})
	if err != nil {
		t.Fatalf("start: %v (%s)", err, domain.AsError(err).Details)
	}
	// The pid is told before the script has started its children.
	eventually(t, "a process sleeps on the target", 5*time.Second, func() bool {
		for _, proc := range sshdtest.OfRun(id, p.Remote().PID) {
			if strings.HasPrefix(proc.Command, "sleep") {
				return true
			}
		}
		return false
	})
	time.Sleep(100 * time.Millisecond)
	return p, id
}

func nothingLeft(t testing.TB, id string, session int, limit time.Duration) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		left := sshdtest.OfRun(id, session)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left on the target: %v", left)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// After Stop nothing is left, found by the run's mark and by its session, as user and as root.
func TestStopLeavesNothing(t *testing.T) {
	for _, login := range sshdtest.Logins() {
		t.Run(login, func(t *testing.T) {
			c, _, _ := box(t, sshdtest.Options{User: login})
			for name, script := range stubborn {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					p, id := begin(t, c, script)
					pid := p.Remote().PID
					got := p.Stop(within(t), 500*time.Millisecond)
					if got.State != domain.StopStopped || len(got.PIDs) != 0 {
						t.Errorf("stop: %+v", got)
					}
					nothingLeft(t, id, pid, 0)
					if exit := p.Wait(); exit.Kind == domain.ExitStatus && exit.Code == 0 {
						t.Errorf("a stopped run ended as %+v", exit)
					}
				})
			}
		})
	}
}

// A stop within the first 50 ms, before any keeper runs, starts one.
func TestStopAtOnce(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	id := runID(t)
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: id, Script: "sleep 300"}, &record{})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Stop(within(t), time.Second); got.State != domain.StopStopped {
		t.Errorf("stop: %+v", got)
	}
	nothingLeft(t, id, p.Remote().PID, 0)
}

// Runs that begin and end at once all speak to one keeper; each request arrives whole and has its answer.
func TestManySpeakToOneKeeper(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	p, _ := begin(t, c, "sleep 300")
	defer p.Stop(within(t), 0)
	k, err := p.conn.keep(within(t))
	if err != nil {
		t.Fatal(err)
	}
	var all errgroup.Group
	for range 50 {
		id := runID(t)
		all.Go(func() error {
			for range 100 {
				if err := k.send(wire.Request{Verb: wire.Heartbeat}); err != nil {
					return err
				}
			}
			_, err := k.ask(within(t), wire.Request{Verb: wire.Stop, RunID: id}, time.Minute)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}

// What a run that ended by itself left behind is its own business.
func TestNormalEndKillsNothing(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	id := runID(t)
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: id, Script: "sleep 300 >/dev/null 2>&1 & sleep 0.3"}, &record{})
	if err != nil {
		t.Fatal(err)
	}
	if exit := p.Wait(); exit.Kind != domain.ExitStatus || exit.Code != 0 {
		t.Fatalf("exit %+v", exit)
	}
	if got := p.Stop(within(t), time.Second); got.State != domain.StopStopped || got.Note == "" {
		t.Errorf("stop after the end: %+v", got)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if len(sshdtest.OfRun(id, 0)) != 1 {
		t.Errorf("the child of a run that ended was killed: %v", sshdtest.OfRun(id, 0))
	}
}

// The same when the client is closed in the very moment of the end, wherever the keeper is then with the run.
func TestCloseAtTheEndKillsNothing(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	for _, lasts := range []string{"0.04", "0.05", "0.06", "0.07", "0.1", "0.3"} {
		t.Run(lasts, func(t *testing.T) {
			t.Parallel()
			c := newClient(t, home)
			id := runID(t)
			p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: id, Script: "sleep 30 >/dev/null 2>&1 & sleep " + lasts}, &record{})
			if err != nil {
				t.Fatal(err)
			}
			p.Wait()
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			if left := sshdtest.OfRun(id, 0); len(left) != 1 {
				t.Errorf("the child of a run that ended was killed: %v", left)
			}
		})
	}
}

// linked is "box" behind a link that can fail.
func linked(t *testing.T, o sshdtest.Options, change ...func(*Options)) (*Client, *sshdtest.Link, *sshdtest.Server) {
	t.Helper()
	srv := sshdtest.Start(t, o)
	link := sshdtest.NewLink(t, srv.Addr)
	through := &sshdtest.Server{Host: link.Host, Port: link.Port, User: srv.User, HostKeys: srv.HostKeys}
	home := sshdtest.NewHome(t)
	home.Host("box", through, "ConnectTimeout 2")
	home.Trust(through)
	if err := srv.Authorize(home.Key.Public); err != nil {
		t.Fatal(err)
	}
	return newClient(t, home, change...), link, srv
}

func kept(t testing.TB, p *Process) {
	t.Helper()
	eventually(t, "the keeper knows the run", 10*time.Second, func() bool { return p.leaseEnds() != nil })
}

// The connection is cut, as by a crash of this side: the keeper's input ends and it ends the run.
func TestCutConnectionLeavesNothing(t *testing.T) {
	for _, login := range sshdtest.Logins() {
		t.Run(login, func(t *testing.T) {
			c, link, _ := linked(t, sshdtest.Options{User: login})
			p, id := begin(t, c, stubborn["setsid"])
			pid := p.Remote().PID
			kept(t, p)
			link.Cut()
			exit := p.Wait()
			if exit.Kind != domain.ExitUnknown || exit.Err == nil || exit.Err.Code != domain.CodeLost {
				t.Errorf("exit %+v", exit)
			}
			nothingLeft(t, id, pid, 10*time.Second)
		})
	}
}

// The network swallows everything: the keeper hears nothing for its lease and ends the run.
func TestLeaseLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, login := range sshdtest.Logins() {
		t.Run(login, func(t *testing.T) {
			c, link, _ := linked(t, sshdtest.Options{User: login}, func(o *Options) { o.Lease = 2 * time.Second })
			p, id := begin(t, c, stubborn["ignores TERM"])
			pid := p.Remote().PID
			kept(t, p)
			time.Sleep(3 * time.Second)
			if len(sshdtest.OfRun(id, pid)) == 0 {
				t.Fatal("heartbeats came, and the run was ended all the same")
			}
			link.Freeze()
			nothingLeft(t, id, pid, 15*time.Second)
		})
	}
}

func TestStopWithoutNetwork(t *testing.T) {
	t.Parallel()
	c, link, _ := linked(t, sshdtest.Options{}, func(o *Options) { o.Lease = 3 * time.Second })
	p, id := begin(t, c, "sleep 300")
	kept(t, p)
	link.Freeze()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	got := p.Stop(ctx, 100*time.Millisecond)
	if got.State != domain.StopUnreachable || got.LeaseEndsAt == nil {
		t.Fatalf("stop over a dead network: %+v", got)
	}
	nothingLeft(t, id, p.Remote().PID, time.Until(*got.LeaseEndsAt)+5*time.Second)
}

// The control: without a keeper the same cut leaves survivors, so the tests above can see them.
func TestWithoutKeeperSomethingIsLeft(t *testing.T) {
	t.Parallel()
	c, link, _ := linked(t, sshdtest.Options{}, func(o *Options) { o.NoKeeper = true })
	p, id := begin(t, c, stubborn["silent"])
	link.Cut()
	p.Wait()
	time.Sleep(3 * time.Second)
	if len(sshdtest.OfRun(id, p.Remote().PID)) == 0 {
		t.Error("nothing is left without a keeper: the tests of the keeper prove nothing")
	}
}

func TestCloseOfTheClientLeavesNothing(t *testing.T) {
	t.Parallel()
	c, _, _ := box(t, sshdtest.Options{})
	p, id := begin(t, c, "trap '' TERM; sleep 300 & while :; do sleep 1; done")
	kept(t, p)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	nothingLeft(t, id, p.Remote().PID, 10*time.Second)
}

// An earlier process of the app was killed before a keeper ran: the next one finds the run by pid and mark.
func TestVerifyLeftover(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	dead := newClient(t, home, func(o *Options) { o.NoKeeper = true })
	p, id := begin(t, dead, stubborn["silent"])
	remote := *p.Remote()
	if remote.StartTime == "" {
		t.Error("no start time was told")
	}
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	if len(sshdtest.OfRun(id, remote.PID)) == 0 {
		t.Fatal("nothing is left to be found")
	}
	next := newClient(t, home)
	got, err := next.VerifyLeftover(within(t), alias("box"), remote, id)
	if err != nil || got.State != domain.StopStopped {
		t.Fatalf("leftover: %+v, %v", got, err)
	}
	nothingLeft(t, id, remote.PID, 0)

	// The same pid with another start time is another process, and isn't touched.
	other, otherID := begin(t, next, "sleep 300")
	wrong := domain.RemoteProcess{PID: other.Remote().PID, StartTime: "1"}
	if got, err := next.VerifyLeftover(within(t), alias("box"), wrong, "no-such-run"); err != nil || got.State != domain.StopStopped {
		t.Errorf("leftover with a reused pid: %+v, %v", got, err)
	}
	if len(sshdtest.OfRun(otherID, other.Remote().PID)) == 0 {
		t.Error("a process with a reused pid was killed")
	}
	srv.StopListening()
	srv.KillConnections()
	if got, err := newClient(t, home).VerifyLeftover(within(t), alias("box"), remote, id); err == nil || got.State != domain.StopUnreachable {
		t.Errorf("leftover on a dead host: %+v, %v", got, err)
	}
}

// MaxSessions 1 leaves no place for a keeper beside the run: Stop goes over a connection of its own.
func TestStopWithOneSession(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{MaxSessions: 1})
	p, id := begin(t, c, "sleep 300")
	if got := p.Stop(within(t), time.Second); got.State != domain.StopStopped {
		t.Errorf("stop: %+v", got)
	}
	nothingLeft(t, id, p.Remote().PID, 0)
}

func TestBytesExact(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for d := dir; d != "/tmp" && len(d) > 5; d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755)
	}
	sum := func(name string, size int) [32]byte {
		data := make([]byte, size)
		rand.Read(data)
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		return sha256.Sum256(data)
	}
	out, errs := sum("out", 50<<20), sum("err", 5<<20)
	c, _, _ := box(t, sshdtest.Options{})
	got, exit := run(t, c, domain.Exec{Script: fmt.Sprintf("cat %s/err >&2; cat %s/out", dir, dir)})
	if exit.Kind != domain.ExitStatus || exit.Code != 0 {
		t.Errorf("exit %+v", exit)
	}
	if sha256.Sum256(got.out.Bytes()) != out || sha256.Sum256(got.err.Bytes()) != errs {
		t.Errorf("bytes differ: %d and %d came", got.out.Len(), got.err.Len())
	}
}

// A child holds the output open: the exit is told after a while, with a note.
func TestOutputHeldOpen(t *testing.T) {
	t.Parallel()
	c, _, _ := box(t, sshdtest.Options{})
	got, exit := run(t, c, domain.Exec{Script: "sleep 300 & echo hi"})
	if got.stdout() != "hi\n" || exit.Kind != domain.ExitStatus || exit.Code != 0 || exit.Note == "" {
		t.Errorf("stdout %q, exit %+v", got.stdout(), exit)
	}
}

// A sink that can't keep the output stops the run.
func TestSinkFails(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	id := runID(t)
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: id, Script: "echo hi; sleep 300"}, &record{fail: os.ErrClosed})
	if err != nil {
		t.Fatal(err)
	}
	p.Wait()
	nothingLeft(t, id, p.Remote().PID, 5*time.Second)
}
