package ssh

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// seen is what ssh-add says on the target about the agent it has.
func seen(t *testing.T, c *Client) string {
	t.Helper()
	got, _ := run(t, c, domain.Exec{Script: "ssh-add -l"})
	return got.stdout() + got.stderr()
}

// The target has the agent if ForwardAgent says so, and only then; a jump host never has it.
func TestAgentForwarding(t *testing.T) {
	jump, srv := sshdtest.Start(t, sshdtest.Options{Lines: []string{"LogLevel DEBUG"}}), sshdtest.Start(t, sshdtest.Options{})
	key := generated(t, "", "-t", "ed25519")
	a, other := startAgent(t), startAgent(t)
	a.add(key)
	second := generated(t, "", "-t", "ed25519")
	other.add(second)
	for name, tc := range map[string]struct {
		lines []string
		want  string
	}{
		"yes":               {[]string{"ForwardAgent yes", "IdentityAgent " + a.socket}, fingerprint(key)},
		"no":                {[]string{"ForwardAgent no", "IdentityAgent " + a.socket}, ""},
		"by default":        {[]string{"IdentityAgent " + a.socket}, ""},
		"a path":            {[]string{"ForwardAgent " + other.socket, "IdentityAgent " + a.socket}, fingerprint(second)},
		"no agent":          {[]string{"ForwardAgent yes", "IdentityAgent none"}, ""},
		"a dead agent":      {[]string{"ForwardAgent /no/such/socket"}, ""},
		"through a jump":    {[]string{"ForwardAgent yes", "IdentityAgent " + a.socket, "ProxyJump jump"}, fingerprint(key)},
		"of the jump alone": {[]string{"IdentityAgent " + a.socket, "ProxyJump jump"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			home := sshdtest.NewHome(t)
			home.Ready("jump", jump, "ForwardAgent yes", "IdentityAgent "+a.socket)
			home.Ready("box", srv, tc.lines...)
			c := newClient(t, home)
			for range 2 { // also by a connection that stands
				switch got := seen(t, c); {
				case tc.want != "" && !strings.Contains(got, tc.want):
					t.Errorf("ssh-add says %q, want %s", got, tc.want)
				case tc.want == "" && !strings.Contains(got, "Could not open a connection"):
					t.Errorf("ssh-add says %q, want no agent", got)
				}
			}
		})
	}
	if log := jump.Log(); !strings.Contains(log, "direct-tcpip") || strings.Contains(log, "auth-agent") {
		t.Errorf("the jump host was given the agent, or wasn't used:\n%s", log)
	}
}

// Many at a time, and an agent that dies meanwhile: the run goes on.
func TestForwardedAgentThatDies(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv, "ForwardAgent yes", "IdentityAgent /the/agent")
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	c := newClient(t, home)
	agents := fakeAgent(t, c, func(conn net.Conn) { _ = agent.ServeAgent(ring(t, key), conn) })
	got, exit := run(t, c, domain.Exec{Script: "for i in 1 2 3 4 5; do ssh-add -l & done; wait"})
	if n := strings.Count(got.stdout(), key.Fingerprint); n != 5 || exit.Code != 0 {
		t.Errorf("%d answers, exit %+v: %q %q", n, exit, got.stdout(), got.stderr())
	}
	agents.mu.Lock()
	agents.serve = func(conn net.Conn) { _, _ = io.CopyN(io.Discard, conn, 1) }
	agents.mu.Unlock()
	if got, _ := run(t, c, domain.Exec{Script: "ssh-add -l; echo on"}); !strings.Contains(got.stdout(), "on") {
		t.Errorf("printed %q %q", got.stdout(), got.stderr())
	}
}

// A server that asks for the agent unasked gets nothing, as with ssh.
func TestAgentIsRefusedToAServerThatAsks(t *testing.T) {
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	conf := &gossh.ServerConfig{NoClientAuth: true}
	conf.AddHostKey(key.Signer)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answers := make(chan error, 1)
	go func() {
		raw, err := l.Accept()
		if err != nil {
			answers <- nil
			return
		}
		defer raw.Close()
		sc, chans, reqs, err := gossh.NewServerConn(raw, conf)
		if err != nil {
			answers <- nil
			return
		}
		go gossh.DiscardRequests(reqs)
		go func() {
			for c := range chans {
				_ = c.Reject(gossh.Prohibited, "no")
			}
		}()
		_, _, err = sc.OpenChannel("auth-agent@openssh.com", nil)
		answers <- err
		_ = sc.Wait()
	}()
	srv := &sshdtest.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "x", HostKeys: []sshdtest.Key{key}}
	home := sshdtest.NewHome(t)
	home.Host("box", srv, "ForwardAgent yes", "IdentityAgent /the/agent")
	home.Trust(srv)
	c := newClient(t, home)
	agents := fakeAgent(t, c, func(net.Conn) {})
	if err := connect(t, c); err != nil {
		t.Fatalf("login: %v (%s)", err, detailsOf(err))
	}
	select {
	case err := <-answers:
		if err == nil {
			t.Error("the channel was opened")
		}
	case <-time.After(10 * time.Second):
		t.Error("no answer")
	}
	if agents.mu.Lock(); len(agents.paths) > 0 {
		t.Errorf("the agent was dialled: %v", agents.paths)
	}
	agents.mu.Unlock()
}
