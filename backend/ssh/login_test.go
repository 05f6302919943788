package ssh

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

func login(t testing.TB, c *Client) error {
	t.Helper()
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: "true"}, &record{})
	if err == nil {
		p.Wait()
	}
	return err
}

// want checks code, and that a person is told what to do next.
func want(t testing.TB, err error, code domain.Code, words ...string) {
	t.Helper()
	if domain.CodeOf(err) != code {
		t.Fatalf("error %v (%s: %s), want %s", err, domain.CodeOf(err), detailsOf(err), code)
	}
	e := domain.AsError(err)
	if e.Hint == "" {
		t.Errorf("%q has no next step", e.Message)
	}
	for _, w := range words {
		if !strings.Contains(e.Message+" "+e.Hint+" "+e.Details, w) {
			t.Errorf("%q / %q / %q doesn't say %q", e.Message, e.Hint, e.Details, w)
		}
	}
}

func detailsOf(err error) string {
	if err == nil {
		return ""
	}
	return domain.AsError(err).Details
}

func TestKeyKinds(t *testing.T) {
	for _, kind := range []sshdtest.KeyType{sshdtest.Ed25519, sshdtest.RSA, sshdtest.ECDSA} {
		t.Run(string(kind), func(t *testing.T) {
			key := sshdtest.MustKey(t, kind, "")
			host := sshdtest.MustKey(t, kind, "")
			srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}, HostKeys: []sshdtest.Key{host}})
			home := sshdtest.NewHome(t)
			home.Host("box", srv, "IdentityFile "+key.Path)
			home.Trust(srv)
			if err := login(t, newClient(t, home)); err != nil {
				t.Errorf("login: %v (%s)", err, detailsOf(err))
			}
		})
	}
}

func TestPassphrase(t *testing.T) {
	t.Parallel()
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "secret")
	srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}})
	home := sshdtest.NewHome(t)
	home.Host("box", srv, "IdentityFile "+key.Path)
	home.Trust(srv)
	answer := func(secrets ...string) *script {
		s := &script{}
		for _, one := range secrets {
			s.answers = append(s.answers, domain.PromptAnswer{Accept: true, Secret: one})
		}
		return s
	}
	t.Run("second try", func(t *testing.T) {
		asked := answer("wrong", "secret")
		c := newClient(t, home, func(o *Options) { o.Prompter = asked })
		if err := login(t, c); err != nil {
			t.Fatalf("login: %v", err)
		}
		if len(asked.asked) != 2 || asked.asked[1].Attempt != 2 || asked.asked[0].KeyFile != key.Path || asked.asked[0].Kind != domain.PromptPassphrase {
			t.Errorf("asked %+v", asked.asked)
		}
	})
	t.Run("three times wrong", func(t *testing.T) {
		asked := answer("a", "b", "c", "secret")
		want(t, login(t, newClient(t, home, func(o *Options) { o.Prompter = asked })), domain.CodePassphrase, key.Path)
		if len(asked.asked) != 3 {
			t.Errorf("asked %d times", len(asked.asked))
		}
	})
	t.Run("canceled", func(t *testing.T) {
		want(t, login(t, newClient(t, home, func(o *Options) { o.Prompter = &script{answers: make([]domain.PromptAnswer, 1)} })), domain.CodePassphrase)
	})
	t.Run("nobody there", func(t *testing.T) {
		want(t, login(t, newClient(t, home)), domain.CodePassphrase, "ssh-add")
	})
	// The server is asked first: for a key it doesn't want nobody is asked for a passphrase.
	t.Run("not wanted", func(t *testing.T) {
		other := sshdtest.NewHome(t)
		other.Ready("box", srv, "IdentityFile "+sshdtest.MustKey(t, sshdtest.Ed25519, "x").Path)
		asked := answer("x")
		if err := login(t, newClient(t, other, func(o *Options) { o.Prompter = asked })); err != nil {
			t.Fatalf("login: %v", err)
		}
		if len(asked.asked) != 0 {
			t.Errorf("asked %+v", asked.asked)
		}
	})
}

func TestPassword(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root can give an account a password
	}
	srv := sshdtest.Start(t, sshdtest.Options{Shell: "/bin/dash", Password: "open sesame"})
	home := sshdtest.NewHome(t)
	home.Host("box", srv)
	home.Trust(srv)
	asked := &script{answers: []domain.PromptAnswer{{Accept: true, Secret: "no"}, {Accept: true, Secret: "open sesame"}}}
	c := newClient(t, home, func(o *Options) { o.Prompter = asked })
	if err := login(t, c); err != nil {
		t.Fatalf("login: %v (%s)", err, detailsOf(err))
	}
	if len(asked.asked) != 2 || asked.asked[0].Kind != domain.PromptPassword {
		t.Errorf("asked %+v", asked.asked)
	}
	want(t, login(t, newClient(t, home)), domain.CodeAuth)
}

func TestAgent(t *testing.T) {
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}})
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: key.Private}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = agent.ServeAgent(ring, conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	home := sshdtest.NewHome(t)
	home.Host("box", srv, "IdentityAgent "+socket, "IdentitiesOnly no", "IdentityFile none")
	home.Trust(srv)
	if err := login(t, newClient(t, home)); err != nil {
		t.Errorf("login by the agent: %v (%s)", err, detailsOf(err))
	}
	gone := sshdtest.NewHome(t)
	gone.Host("box", srv, "IdentityAgent "+socket+".gone", "IdentitiesOnly no", "IdentityFile /no/such/key")
	gone.Trust(srv)
	gone.Key.Path = "/no/such/key"
	if err := os.Remove(gone.Dir + "/.ssh/id_ed25519"); err != nil {
		t.Fatal(err)
	}
	want(t, login(t, newClient(t, gone)), domain.CodeAgent, "ssh-add -l")
}

func TestUnknownHostKey(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	fresh := func(t *testing.T, lines ...string) *sshdtest.Home {
		home := sshdtest.NewHome(t)
		home.Host("box", srv, lines...)
		if err := srv.Authorize(home.Key.Public); err != nil {
			t.Fatal(err)
		}
		return home
	}
	known := func(h *sshdtest.Home) string {
		text, err := os.ReadFile(h.KnownHosts)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	fingerprint := srv.HostKeys[0].Fingerprint
	t.Run("nobody there", func(t *testing.T) {
		home := fresh(t)
		want(t, login(t, newClient(t, home)), domain.CodeHostKeyUnknown, fingerprint)
		if known(home) != "" {
			t.Error("a key was stored that nobody trusted")
		}
	})
	t.Run("refused", func(t *testing.T) {
		home := fresh(t)
		want(t, login(t, newClient(t, home, func(o *Options) { o.Prompter = &script{answers: make([]domain.PromptAnswer, 1)} })), domain.CodeHostKeyUnknown, fingerprint)
		if known(home) != "" {
			t.Error("a key was stored that was refused")
		}
	})
	t.Run("trusted", func(t *testing.T) {
		home := fresh(t)
		asked := &script{answers: []domain.PromptAnswer{{Accept: true}}}
		if err := login(t, newClient(t, home, func(o *Options) { o.Prompter = asked })); err != nil {
			t.Fatalf("login: %v", err)
		}
		p := asked.asked[0]
		if p.Fingerprint != fingerprint || p.KeyType != "ED25519" || p.IP != "127.0.0.1" || p.KnownHostsFile != home.KnownHosts {
			t.Errorf("asked %+v", p)
		}
		if err := login(t, newClient(t, home)); err != nil {
			t.Errorf("the trusted key isn't known afterwards: %v", err)
		}
	})
	t.Run("accept-new", func(t *testing.T) {
		home := fresh(t, "StrictHostKeyChecking accept-new")
		if err := login(t, newClient(t, home)); err != nil || known(home) == "" {
			t.Errorf("login: %v, known_hosts %q", err, known(home))
		}
	})
	t.Run("yes", func(t *testing.T) {
		home := fresh(t, "StrictHostKeyChecking yes")
		want(t, login(t, newClient(t, home, func(o *Options) { o.Prompter = &script{answers: []domain.PromptAnswer{{Accept: true}}} })), domain.CodeHostKeyUnknown, fingerprint)
	})
}

func TestChangedAndRevokedHostKey(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	for _, strict := range []string{"ask", "no", "accept-new", "yes"} {
		t.Run("changed, "+strict, func(t *testing.T) {
			home := sshdtest.NewHome(t)
			home.Host("box", srv, "StrictHostKeyChecking "+strict)
			home.TrustKey(srv, sshdtest.MustKey(t, sshdtest.Ed25519, "").Public, "")
			asked := &script{answers: []domain.PromptAnswer{{Accept: true}}}
			want(t, login(t, newClient(t, home, func(o *Options) { o.Prompter = asked })), domain.CodeHostKeyChanged, srv.HostKeys[0].Fingerprint, "ssh-keygen", "known_hosts:1")
			if len(asked.asked) != 0 || len(asked.shown) != 1 || asked.shown[0].Kind != domain.PromptHostKeyChanged {
				t.Errorf("asked %+v, shown %+v", asked.asked, asked.shown)
			}
		})
	}
	t.Run("revoked", func(t *testing.T) {
		home := sshdtest.NewHome(t)
		home.Host("box", srv, "StrictHostKeyChecking no")
		home.Trust(srv)
		home.TrustKey(srv, srv.HostKeys[0].Public, "@revoked")
		want(t, login(t, newClient(t, home)), domain.CodeHostKeyRevoked)
	})
	// A server with several keys shows the one that is known.
	t.Run("second type known", func(t *testing.T) {
		rsa := sshdtest.MustKey(t, sshdtest.RSA, "")
		two := sshdtest.Start(t, sshdtest.Options{HostKeys: []sshdtest.Key{sshdtest.MustKey(t, sshdtest.Ed25519, ""), rsa}})
		home := sshdtest.NewHome(t)
		home.Host("box", two)
		home.TrustKey(two, rsa.Public, "")
		if err := two.Authorize(home.Key.Public); err != nil {
			t.Fatal(err)
		}
		if err := login(t, newClient(t, home)); err != nil {
			t.Errorf("login: %v", err)
		}
	})
}

func TestProxyJump(t *testing.T) {
	first, second, target := sshdtest.Start(t, sshdtest.Options{}), sshdtest.Start(t, sshdtest.Options{}), sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("first", first)
	home.Ready("second", second)
	home.Ready("box", target, "ProxyJump first,second")
	home.Host("loop", target, "ProxyJump loop2")
	home.Host("loop2", first, "ProxyJump loop")
	c := newClient(t, home)
	got, exit := run(t, c, domain.Exec{Script: "echo $VMO_SSHD_TEST"})
	if strings.TrimSpace(got.stdout()) != target.Mark || exit.Code != 0 {
		t.Errorf("printed %q", got.stdout())
	}
	if n := c.Connections(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
	if _, err := c.Start(within(t), alias("loop"), domain.Exec{RunID: "x", Script: "true"}, &record{}); domain.CodeOf(err) != domain.CodeJumpLoop {
		t.Errorf("loop: %v", err)
	}
	for i := range 50 {
		home.Host(fmt.Sprint("far", i), first, fmt.Sprint("ProxyJump far", i+1))
	}
	if _, err := c.Start(within(t), alias("far0"), domain.Exec{RunID: "x", Script: "true"}, &record{}); domain.CodeOf(err) != domain.CodeJumpLoop || !strings.Contains(err.Error(), "more than 8") {
		t.Errorf("50 hops: %v", err)
	}
	// The key of a hop is checked like any other.
	changed := sshdtest.NewHome(t)
	changed.Host("first", first)
	changed.TrustKey(first, sshdtest.MustKey(t, sshdtest.Ed25519, "").Public, "")
	changed.Ready("box", target, "ProxyJump first")
	want(t, login(t, newClient(t, changed)), domain.CodeHostKeyChanged, "first")
}

// answers is a listener that says a text to everybody and then keeps still.
func answers(t *testing.T, text string, hang bool) *sshdtest.Server {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(text))
			if hang {
				<-stop
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { close(stop); l.Close(); <-ended })
	return &sshdtest.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "nobody"}
}

// What can go wrong at connect: each has its code, a sentence and a next step, and nothing hangs.
func TestConditions(t *testing.T) {
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closedPort := free.Addr().(*net.TCPAddr).Port
	free.Close()
	for name, tc := range map[string]struct {
		server *sshdtest.Server
		lines  []string
		code   domain.Code
		words  []string
	}{
		"refused":   {&sshdtest.Server{Host: "127.0.0.1", Port: closedPort, User: "x"}, nil, domain.CodeRefused, []string{"nothing listens"}},
		"no name":   {&sshdtest.Server{Host: "no-such-host.invalid", Port: 22, User: "x"}, nil, domain.CodeResolve, []string{"no-such-host.invalid"}},
		"dead host": {deadHost(t), nil, domain.CodeConnectTimeout, []string{"didn't answer"}},
		"silent":    {answers(t, "", true), nil, domain.CodeConnectTimeout, []string{"says nothing"}},
		"http":      {answers(t, "HTTP/1.1 400 Bad Request\r\n\r\n", false), nil, domain.CodeNotSSH, []string{"HTTP/1.1 400"}},
		"hangs up":  {answers(t, "", false), nil, domain.CodeHandshake, []string{"MaxStartups"}},
		"half":      {answers(t, "SSH-2.0-half\r\n", true), nil, domain.CodeConnectTimeout, []string{"key exchange"}},
		"no common": {sshdtest.Start(t, sshdtest.Options{Lines: []string{"Ciphers 3des-cbc"}}), nil, domain.CodeHandshake, []string{"cipher"}},
	} {
		t.Run(name, func(t *testing.T) {
			home := sshdtest.NewHome(t)
			home.Host("box", tc.server, append(tc.lines, "ConnectTimeout 1")...)
			begin := time.Now()
			err := login(t, newClient(t, home))
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
			want(t, err, tc.code, tc.words...)
		})
	}
}

func TestTargetWithoutShell(t *testing.T) {
	for name, o := range map[string]sshdtest.Options{
		"nologin":        {Shell: "/usr/sbin/nologin"},
		"forced command": {ForceCommand: "/bin/echo only this"},
		"no sessions":    {Lines: []string{"MaxSessions 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			if o.Shell != "" && os.Geteuid() != 0 {
				return
			}
			c, _, _ := box(t, o)
			want(t, login(t, c), domain.CodeNoShell)
			if test := c.Check(within(t), alias("box")); test.OK || test.Error == nil {
				t.Errorf("check: %+v", test)
			}
		})
	}
}

// More logins at once than sshd takes: those that it drops before the banner come again.
func TestMaxStartups(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{MaxStartups: "2"})
	var wait []chan error
	for range 6 {
		home := sshdtest.NewHome(t)
		home.Ready("box", srv)
		c := newClient(t, home)
		done := make(chan error, 1)
		go func() { done <- login(t, c) }()
		wait = append(wait, done)
	}
	for _, done := range wait {
		if err := <-done; err != nil {
			t.Errorf("login: %v", err)
		}
	}
}

func TestCheck(t *testing.T) {
	c, srv, _ := box(t, sshdtest.Options{})
	got := c.Check(within(t), alias("box"))
	if !got.OK || got.Connected != fmt.Sprintf("%s@127.0.0.1:%d", srv.User, srv.Port) || !strings.HasPrefix(got.Server, "SSH-2.0-OpenSSH") {
		t.Errorf("check: %+v", got)
	}
}

// Keys in memory, as the demo fleet has them, come first.
func TestSignersInMemory(t *testing.T) {
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}})
	home := sshdtest.NewHome(t)
	home.Host("box", srv)
	home.Trust(srv)
	c := newClient(t, home, func(o *Options) { o.Signers = func() []gossh.Signer { return []gossh.Signer{key.Signer} } })
	if err := login(t, c); err != nil {
		t.Errorf("login: %v", err)
	}
}
