package ssh

import (
	"sync/atomic"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// hold starts a run that goes on until it is stopped.
func hold(t *testing.T, c *Client) *Process {
	t.Helper()
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: "hold"}, &record{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func running(p *Process) bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// The network swallows everything: after ServerAliveInterval times ServerAliveCountMax, and no later than an interval
// more, the run is lost, and the next one connects anew.
func TestKeepaliveGivesUp(t *testing.T) {
	t.Parallel()
	c, srv := faulty(t, "ServerAliveInterval 1", "ServerAliveCountMax 2")
	p := hold(t, c)
	kept(t, p)
	srv.Freeze()
	began := time.Now()
	exit := p.Wait()
	took := time.Since(began)
	if exit.Kind != domain.ExitUnknown || exit.Err == nil || exit.Err.Code != domain.CodeLost {
		t.Errorf("exit %+v", exit)
	}
	if took < time.Second || took > 15*time.Second {
		t.Errorf("given up after %v", took)
	}
	works(t, c)
	if srv.Accepted() != 2 {
		t.Errorf("%d connections were made, want 2", srv.Accepted())
	}
}

// ServerAliveCountMax 1 still gives the server its time to answer: it gave up every connection that was quiet for one
// interval, unasked.
func TestKeepaliveAsksBeforeItGivesUp(t *testing.T) {
	t.Parallel()
	c, srv := faulty(t, "ServerAliveInterval 1", "ServerAliveCountMax 1")
	c.o.NoKeeper = true // its heartbeats would keep the line busy
	p := hold(t, c)
	time.Sleep(3500 * time.Millisecond)
	if !running(p) || srv.Accepted() != 1 {
		t.Errorf("a server that answers was given up (%d connections): %+v", srv.Accepted(), p.exit)
	}
	p.leave()
}

// clock is a clock that can be put forward, as the sleep of a computer does.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// The computer slept for an hour and the connection still stands: the run on it goes on, and it is used again.
func TestSleepWithAConnectionThatStands(t *testing.T) {
	t.Parallel()
	c, srv := faulty(t, "ServerAliveInterval 1", "ServerAliveCountMax 2")
	var at clock
	c.o.Now, c.o.NoKeeper = at.now, true
	p := hold(t, c)
	at.ahead.Store(int64(time.Hour))
	time.Sleep(2500 * time.Millisecond)
	at.ahead.Store(int64(2 * time.Hour))
	works(t, c)
	if !running(p) || srv.Accepted() != 1 {
		t.Errorf("a connection that answers was given up after a sleep (%d were made): %+v", srv.Accepted(), p.exit)
	}
	p.leave()
}

// The computer slept, and meanwhile its router forgot the connection: it is asked, and replaced within the probe's time.
func TestSleepWithADeadConnection(t *testing.T) {
	t.Parallel()
	c, srv := faulty(t, "ServerAliveInterval 60")
	var at clock
	c.o.Now = at.now
	works(t, c)
	srv.Freeze()
	at.ahead.Store(int64(time.Hour))
	began := time.Now()
	works(t, c)
	if took := time.Since(began); took > 20*time.Second || srv.Accepted() != 2 {
		t.Errorf("%v and %d connections", took, srv.Accepted())
	}
}

// A connection without runs waits for the next one for a while, and then it is closed.
func TestIdleConnectionIsClosed(t *testing.T) {
	t.Parallel()
	c, srv := faulty(t)
	c.limits.idle = 500 * time.Millisecond
	works(t, c)
	works(t, c)
	if srv.Accepted() != 1 {
		t.Errorf("%d connections for two runs, one after the other", srv.Accepted())
	}
	eventually(t, "the idle connection is closed", 5*time.Second, func() bool { return c.Connections() == 0 && srv.Standing() == 0 })
	works(t, c)
	p := hold(t, c)
	time.Sleep(time.Second)
	if !running(p) {
		t.Error("a connection with a run on it was closed as idle")
	}
	p.Stop(within(t), time.Second)
}

// Too many logins at once: sshd drops a connection before its banner. It comes again, each time after a longer pause of
// which half is random; one that was dropped later isn't tried again.
func TestRetryBeforeTheBanner(t *testing.T) {
	c, srv := faulty(t)
	srv.Set(sshdtest.Fault{At: sshdtest.AtAccept, Times: 3})
	began := time.Now()
	works(t, c)
	if took := time.Since(began); srv.Accepted() != 4 || took < resetDelay/2*7 || took > resetDelay*7+20*time.Second {
		t.Errorf("%d connections in %v", srv.Accepted(), took)
	}
	late, lateSrv := faulty(t)
	lateSrv.Set(sshdtest.Fault{At: sshdtest.AtAuth})
	if err := login(t, late); lateSrv.Accepted() != 1 {
		t.Errorf("%d connections, dropped after the banner: %v", lateSrv.Accepted(), err)
	}
}

// Eight runs have a place on a connection beside the keeper; the ninth takes a second connection.
func TestEightRunsOnAConnection(t *testing.T) {
	c, srv := faulty(t)
	var all []*Process
	for n := 1; n <= 9; n++ {
		all = append(all, hold(t, c))
		if want := (n + jobsPerConnection - 1) / jobsPerConnection; srv.Standing() != want {
			t.Errorf("%d connections for %d runs, want %d", srv.Standing(), n, want)
		}
	}
	for _, p := range all {
		p.Stop(within(t), time.Second)
	}
}
