package ssh

import (
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// faulty is a server with switches as "box", and a client whose every wait is two seconds: in one, a machine with
// much to do may not answer either.
func faulty(t *testing.T, lines ...string) (*Client, *sshdtest.FaultServer) {
	t.Helper()
	srv := sshdtest.NewFaultServer(t)
	home := sshdtest.NewHome(t)
	home.Host("box", srv.Server, append(lines, "ConnectTimeout 2", "ServerAliveInterval 2", "ServerAliveCountMax 1")...)
	home.Trust(srv.Server)
	c := newClient(t, home, func(o *Options) { o.Lease = 9 * time.Second })
	c.limits.auth, c.limits.open, c.limits.begin, c.limits.probe = 2*time.Second, 2*time.Second, 2*time.Second, 2*time.Second
	return c, srv
}

// attemptRun runs a script on "box" as far as that goes; the error is that of the start or of the run's loss.
func attemptRun(t *testing.T, c *Client, script string) (*record, domain.Exit, error) {
	t.Helper()
	sink := &record{}
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: script}, sink)
	if err != nil {
		return sink, domain.Exit{}, err
	}
	exit := p.Wait()
	if exit.Kind == domain.ExitUnknown {
		return sink, exit, exit.Err
	}
	return sink, exit, nil
}

// works is the proof that the pool has recovered.
func works(t *testing.T, c *Client) {
	t.Helper()
	sink, exit, err := attemptRun(t, c, "print 3")
	if err != nil || sink.stdout() != "line 0\nline 1\nline 2\n" || exit != (domain.Exit{Kind: domain.ExitStatus}) {
		t.Errorf("the next run: %q, %+v, %v", sink.stdout(), exit, err)
	}
}

// Wherever a connection breaks or falls silent, the run ends in time with the right code, and the next one works.
func TestFaultAtEachPhase(t *testing.T) {
	for _, tc := range []struct {
		at    sshdtest.Phase
		hole  bool
		code  domain.Code
		words string
	}{
		{sshdtest.AtAccept, false, domain.CodeHandshake, "MaxStartups"},
		{sshdtest.AtBanner, false, domain.CodeHandshake, "broke off"},
		{sshdtest.AtKex, false, domain.CodeHandshake, "broke off"},
		{sshdtest.AtAuth, false, domain.CodeHandshake, "during the login"},
		{sshdtest.AtSession, false, domain.CodeHandshake, "opens no session"},
		{sshdtest.AtExec, false, domain.CodeLost, "contact"},
		{sshdtest.AtOutput, false, domain.CodeLost, "contact"},
		{sshdtest.AtAccept, true, domain.CodeConnectTimeout, "says nothing"},
		{sshdtest.AtBanner, true, domain.CodeConnectTimeout, "key exchange"},
		{sshdtest.AtKex, true, domain.CodeConnectTimeout, "key exchange"},
		{sshdtest.AtAuth, true, domain.CodeConnectTimeout, "the login"},
		{sshdtest.AtSession, true, domain.CodeConnectTimeout, "opens no session"},
		{sshdtest.AtExec, true, domain.CodeLost, "contact"},
		{sshdtest.AtOutput, true, domain.CodeLost, "contact"},
	} {
		name := "reset at " + string(tc.at)
		if tc.hole {
			name = "black hole at " + string(tc.at)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, srv := faulty(t)
			srv.Set(sshdtest.Fault{At: tc.at, Hole: tc.hole})
			began := time.Now()
			_, _, err := attemptRun(t, c, "hold")
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			want(t, err, tc.code, tc.words)
			t.Logf("%v after %v: %v", name, time.Since(began).Round(10*time.Millisecond), err)
			srv.Set(sshdtest.Fault{})
			works(t, c)
			if n := c.Connections(); n != 1 {
				t.Errorf("%d connections after it, want 1", n)
			}
		})
	}
}

// What answers isn't SSH, or never comes to the point.
func TestStrangersOnThePort(t *testing.T) {
	for name, tc := range map[string]struct {
		fault sshdtest.Fault
		code  domain.Code
		words string
	}{
		"a web server":         {sshdtest.Fault{Says: "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n<html>"}, domain.CodeNotSSH, "HTTP/1.1 400"},
		"a mail server":        {sshdtest.Fault{Says: "220 mail.example ESMTP\r\n"}, domain.CodeNotSSH, "ESMTP"},
		"a banner without end": {sshdtest.Fault{Endless: true}, domain.CodeNotSSH, "spam"},
		"a byte at a time":     {sshdtest.Fault{ByteEvery: 100 * time.Millisecond}, domain.CodeConnectTimeout, "key exchange"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			limit := 20 * time.Second
			if tc.code == domain.CodeNotSSH {
				// It must be read before the time is up, also on a machine with much to do: a banner is read byte by byte.
				lines, limit = []string{"ConnectTimeout 40"}, time.Minute
			}
			c, srv := faulty(t, lines...)
			srv.Set(tc.fault)
			began := time.Now()
			_, _, err := attemptRun(t, c, "exit 0")
			if took := time.Since(began); took > limit {
				t.Errorf("it took %v", took)
			}
			want(t, err, tc.code, tc.words)
			srv.Set(sshdtest.Fault{})
			works(t, c)
		})
	}
}

// A slow line isn't a dead one: bytes that come singly arrive all, and each counts as a sign of life.
func TestByteAtATime(t *testing.T) {
	t.Parallel()
	c, srv := faulty(t, "ConnectTimeout 30")
	c.limits.auth, c.limits.open, c.limits.begin = 30*time.Second, 30*time.Second, 30*time.Second
	srv.Set(sshdtest.Fault{ByteEvery: 500 * time.Microsecond})
	sink, exit, err := attemptRun(t, c, "print 20")
	if err != nil || strings.Count(sink.stdout(), "\n") != 20 || exit.Kind != domain.ExitStatus {
		t.Errorf("%q, %+v, %v", sink.stdout(), exit, err)
	}
}

// A server that takes three sessions a connection, the keeper being one: further runs go over further connections.
func TestSessionsRefused(t *testing.T) {
	c, srv := faulty(t)
	srv.Set(sshdtest.Fault{MaxSessions: 3})
	var all []*Process
	for range 6 {
		p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: "hold"}, &record{})
		if err != nil {
			t.Fatal(err)
		}
		kept(t, p)
		all = append(all, p)
	}
	for _, p := range all {
		if got := p.Stop(within(t), time.Second); got.State != domain.StopStopped {
			t.Errorf("stop: %+v", got)
		}
		if exit := p.Wait(); exit.Kind != domain.ExitSignal || exit.Signal != "TERM" {
			t.Errorf("a stopped run ended as %+v", exit)
		}
	}
	if n := srv.Standing(); n < 3 || n > 4 {
		t.Errorf("%d connections for 6 runs, two on each beside the keeper", n)
	}
	works(t, c)
}

// Without a keeper nothing proves a stop, and a server needn't take signals: Stop says so instead of hoping.
func TestStopWhereNoKeeperCanRun(t *testing.T) {
	c, srv := faulty(t)
	srv.Set(sshdtest.Fault{NoKeeper: true})
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: "hold"}, &record{})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Stop(within(t), 100*time.Millisecond); got.State != domain.StopUnproved || got.Note == "" {
		t.Errorf("stop: %+v", got)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	p.Wait()
}
