package ssh

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// strange is a home that has a key for the server's login and knows no host.
func strange(t testing.TB, s *sshdtest.Server, lines ...string) *sshdtest.Home {
	t.Helper()
	home := sshdtest.NewHome(t)
	home.Host("box", s, lines...)
	if err := s.Authorize(home.Key.Public); err != nil {
		t.Fatal(err)
	}
	return home
}

func contents(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// yes is a person who trusts n times.
func yes(n int) *script {
	s := &script{}
	for range n {
		s.answers = append(s.answers, domain.PromptAnswer{Accept: true})
	}
	return s
}

func prompting(p Prompter) func(*Options) { return func(o *Options) { o.Prompter = p } }

// logged keeps what the client logs.
func logged(into *safeBuffer) func(*Options) {
	return func(o *Options) { o.Log = slog.New(slog.NewTextHandler(into, nil)) }
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// realSSH is what OpenSSH's own client makes of the same configuration.
func realSSH(home *sshdtest.Home) error {
	out, err := exec.Command("ssh", "-F", home.ConfigFile, "-o", "BatchMode=yes", "box", "true").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// An address behind which another server may stand at the next connection.
type movable struct {
	*sshdtest.Server
	to atomic.Value
}

func newMovable(t *testing.T, first *sshdtest.Server) *movable {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &movable{Server: &sshdtest.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: first.User, HostKeys: first.HostKeys}}
	m.to.Store(first.Addr)
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", m.to.Load().(string))
			if err != nil {
				client.Close()
				continue
			}
			pass := func(to, from net.Conn) {
				_, _ = io.Copy(to, from)
				to.Close()
				from.Close()
			}
			wait.Go(func() { pass(server, client) })
			wait.Go(func() { pass(client, server) })
		}
	})
	t.Cleanup(func() { l.Close(); wait.Wait() })
	return m
}

// A key that changes while the app runs is seen at the next connection, and the run doesn't begin.
func TestHostKeyChangedBetweenConnectAndReconnect(t *testing.T) {
	first, second := sshdtest.Start(t, sshdtest.Options{}), sshdtest.Start(t, sshdtest.Options{})
	at := newMovable(t, first)
	home := sshdtest.NewHome(t)
	home.Host("box", at.Server, "StrictHostKeyChecking no")
	home.Trust(at.Server)
	for _, s := range []*sshdtest.Server{first, second} {
		if err := s.Authorize(home.Key.Public); err != nil {
			t.Fatal(err)
		}
	}
	c := newClient(t, home)
	if err := login(t, c); err != nil {
		t.Fatalf("login: %v", err)
	}
	at.to.Store(second.Addr)
	first.KillConnections()
	eventually(t, "the connection is known to be gone", 5*time.Second, func() bool { return c.Connections() == 0 })
	want(t, login(t, c), domain.CodeHostKeyChanged, second.HostKeys[0].Fingerprint, first.HostKeys[0].Fingerprint, "known_hosts:1")
	if len(tried(second.Log())) > 0 {
		t.Errorf("a key was offered to the wrong server:\n%s", second.Log())
	}
}

// Only hop 1 is wrong: nothing is sent beyond it, no agent is asked and no password.
func TestHostKeyChangedOnFirstHopOnly(t *testing.T) {
	jump, target := sshdtest.Start(t, sshdtest.Options{}), sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Host("jump", jump, "IdentityAgent /the/agent", "IdentitiesOnly no")
	home.TrustKey(jump, sshdtest.MustKey(t, sshdtest.Ed25519, "").Public, "")
	home.Ready("box", target, "ProxyJump jump", "IdentityAgent /the/agent", "IdentitiesOnly no")
	asked := yes(3)
	c := newClient(t, home, prompting(asked))
	agents := fakeAgent(t, c, func(net.Conn) {})
	want(t, login(t, c), domain.CodeHostKeyChanged, "jump", jump.HostKeys[0].Fingerprint)
	if len(agents.paths) > 0 || len(asked.asked) > 0 {
		t.Errorf("agent dialled %v, asked\n%s", agents.paths, brief(asked.asked))
	}
	if strings.Contains(target.Log(), "Connection from") {
		t.Error("the target was connected to")
	}
}

// Keys are exchanged anew on a connection that stands. The host key of the login is right without known_hosts, and no
// clock starts that would end the connection.
func TestKeyExchangeDuringARun(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{Lines: []string{"RekeyLimit 64K", "LogLevel DEBUG"}})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	c := newClient(t, home)
	if err := login(t, c); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(home.KnownHosts, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got, exit := run(t, c, domain.Exec{Script: "head -c 3000000 /dev/zero"})
	if len(got.stdout()) != 3000000 || exit.Kind != domain.ExitStatus || exit.Code != 0 {
		t.Errorf("%d bytes, exit %+v", len(got.stdout()), exit)
	}
	if n := strings.Count(srv.Log(), "SSH2_MSG_KEXINIT received"); n < 3 {
		t.Errorf("%d key exchanges: this test can't fail", n)
	}
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	for _, h := range c.pool.hosts {
		for _, cn := range h.conns {
			cn.w.mu.Lock()
			if cn.w.phase != "" {
				t.Errorf("the clock of %q runs on a connection that stands", cn.w.phase)
			}
			cn.w.mu.Unlock()
		}
	}
}

// hostCert is a host key with a certificate by ca in front of it.
func hostCert(t testing.TB, ca string, args ...string) (*sshdtest.Server, sshdtest.Key) {
	t.Helper()
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	sshKeygen(t, append(append([]string{"-s", ca, "-I", "host", "-h"}, args...), key.Path+".pub")...)
	return sshdtest.Start(t, sshdtest.Options{HostKeys: []sshdtest.Key{key}, Lines: []string{"HostCertificate " + key.Path + "-cert.pub"}}), key
}

// Host certificates, on the real server; ssh judges each case as we do.
func TestHostCertificates(t *testing.T) {
	t.Parallel()
	ca, other := generated(t, "", "-t", "ed25519"), generated(t, "", "-t", "ed25519")
	for name, tc := range map[string]struct {
		by      string
		args    []string
		markers []string // of the lines that name the authority ca
		plain   bool     // the key itself is known
		code    domain.Code
		words   []string
	}{
		"right":                       {ca, []string{"-n", "127.0.0.1"}, []string{"@cert-authority"}, false, "", nil},
		"by another authority":        {other, []string{"-n", "127.0.0.1"}, []string{"@cert-authority"}, false, domain.CodeHostKeyUnknown, nil},
		"expired":                     {ca, []string{"-n", "127.0.0.1", "-V", "20200101:20200201"}, []string{"@cert-authority"}, false, domain.CodeHandshake, []string{"expired", "new host certificate"}},
		"expired, the key is known":   {ca, []string{"-n", "127.0.0.1", "-V", "20200101:20200201"}, []string{"@cert-authority"}, true, "", nil},
		"for another host":            {ca, []string{"-n", "db.example"}, []string{"@cert-authority"}, false, domain.CodeHandshake, []string{"db.example", "127.0.0.1"}},
		"authority revoked":           {ca, []string{"-n", "127.0.0.1"}, []string{"@cert-authority", "@revoked"}, false, domain.CodeHostKeyRevoked, nil},
		"nothing known, key isn't it": {other, []string{"-n", "127.0.0.1"}, nil, false, domain.CodeHostKeyUnknown, nil},
	} {
		t.Run(name, func(t *testing.T) {
			srv, key := hostCert(t, tc.by, tc.args...)
			for _, strict := range []string{"ask", "yes"} {
				home := strange(t, srv, "StrictHostKeyChecking "+strict)
				for _, marker := range tc.markers {
					home.TrustKey(srv, publicOf(ca), marker)
				}
				if tc.plain {
					home.Trust(srv)
				}
				err := connect(t, newClient(t, home))
				if theirs := realSSH(home); (theirs == nil) != (err == nil) {
					t.Errorf("StrictHostKeyChecking %s: we say %v, ssh says %v", strict, err, theirs)
				}
				if tc.code == "" {
					if err != nil {
						t.Errorf("login: %v (%s)", err, detailsOf(err))
					}
					continue
				}
				words := tc.words
				if tc.code == domain.CodeHostKeyUnknown {
					// The fingerprint that ssh-keygen -l shows on the server: that of the key, not of the certificate.
					words = []string{key.Fingerprint}
				}
				want(t, err, tc.code, words...)
			}
		})
	}
	t.Run("changed", func(t *testing.T) {
		srv, key := hostCert(t, other, "-n", "127.0.0.1")
		home := strange(t, srv)
		home.TrustKey(srv, sshdtest.MustKey(t, sshdtest.Ed25519, "").Public, "")
		want(t, connect(t, newClient(t, home)), domain.CodeHostKeyChanged, key.Fingerprint, "ED25519")
	})
}

func TestRevokedHostKeysFile(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	list := filepath.Join(t.TempDir(), "revoked")
	if err := os.WriteFile(list, []byte(contents(t, srv.HostKeys[0].Path+".pub")), 0o644); err != nil {
		t.Fatal(err)
	}
	home := strange(t, srv, "RevokedHostKeys "+list, "StrictHostKeyChecking no")
	home.Trust(srv)
	want(t, connect(t, newClient(t, home)), domain.CodeHostKeyRevoked, list)
	if realSSH(home) == nil {
		t.Error("ssh takes the key")
	}
}

// A host that has dropped the type under which it is known isn't taken for new, whatever StrictHostKeyChecking says; as
// long as it has that type, it is the one that is asked for.
func TestNewKeyTypeOfAKnownHost(t *testing.T) {
	ed, rsa := sshdtest.MustKey(t, sshdtest.Ed25519, ""), sshdtest.MustKey(t, sshdtest.RSA, "")
	both := sshdtest.Start(t, sshdtest.Options{HostKeys: []sshdtest.Key{ed, rsa}})
	home := strange(t, both)
	home.TrustKey(both, rsa.Public, "")
	if err := connect(t, newClient(t, home)); err != nil {
		t.Errorf("the known type isn't asked for: %v", err)
	}
	alone := sshdtest.Start(t, sshdtest.Options{HostKeys: []sshdtest.Key{ed}})
	for _, strict := range []string{"ask", "accept-new", "no"} {
		home = strange(t, alone, "StrictHostKeyChecking "+strict)
		home.TrustKey(alone, rsa.Public, "")
		asked := yes(3)
		want(t, connect(t, newClient(t, home, prompting(asked))), domain.CodeHostKeyChanged, ed.Fingerprint, rsa.Fingerprint)
		if len(asked.asked) > 0 {
			t.Errorf("asked\n%s", brief(asked.asked))
		}
	}
}

// Lines that can't be read are told of, with their place, and cost nothing else; also one of 70 kB.
func TestGarbageInKnownHosts(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := strange(t, srv)
	garbage := "box\nweb ssh-ed25519 !!!\n\x00\xff\xfe\n@nonsense box ssh-ed25519 AAAA\n|1|x|y ssh-rsa AAAA\n" +
		strings.Repeat("x", 70_000) + " ssh-ed25519 AAAA\r\n" + strings.Repeat("h,", 40_000) + "h "
	line := sshdtest.KnownHostsLine(srv, srv.HostKeys[0].Public)
	_, key, _ := strings.Cut(line, " ")
	if err := os.WriteFile(home.KnownHosts, []byte(garbage+key+line), 0o600); err != nil {
		t.Fatal(err)
	}
	var log safeBuffer
	if err := connect(t, newClient(t, home, logged(&log))); err != nil {
		t.Fatalf("login: %v (%s)", err, detailsOf(err))
	}
	for n := 1; n <= 6; n++ {
		if !strings.Contains(log.String(), fmt.Sprintf("line=%d ", n)) {
			t.Errorf("line %d isn't told of:\n%.2000s", n, log.String())
		}
	}
}

// Where the key can't be kept, the person's word (or StrictHostKeyChecking's) counts until the app ends, as ssh connects
// with no more than a warning. Each place in which it can't be kept is one that people have.
func TestHostKeyThatCannotBeKept(t *testing.T) {
	t.Parallel()
	srv := sshdtest.Start(t, sshdtest.Options{})
	for name, file := range map[string]string{"dev null": "/dev/null", "no such folder": "/proc/no/known_hosts"} {
		for _, strict := range []string{"no", "accept-new", "ask"} {
			t.Run(name+", "+strict, func(t *testing.T) {
				home := strange(t, srv, "StrictHostKeyChecking "+strict, "UserKnownHostsFile "+file)
				asked := yes(1)
				var log safeBuffer
				c := newClient(t, home, prompting(asked), logged(&log))
				for range 2 {
					if err := connect(t, c); err != nil {
						t.Fatalf("login: %v (%s)", err, detailsOf(err))
					}
					hangUp(c)
				}
				if n := len(asked.asked); strict == "ask" && n != 1 || strict != "ask" && n != 0 {
					t.Errorf("asked\n%s", brief(asked.asked))
				}
				if !strings.Contains(log.String(), srv.HostKeys[0].Fingerprint) {
					t.Errorf("not logged:\n%s", log.String())
				}
				if strict != "ask" {
					if err := realSSH(home); err != nil {
						t.Errorf("ssh: %v", err)
					}
				}
			})
		}
	}
	t.Run("none", func(t *testing.T) {
		home := strange(t, srv, "StrictHostKeyChecking no", "UserKnownHostsFile none")
		want(t, connect(t, newClient(t, home)), domain.CodeKnownHosts, "UserKnownHostsFile")
		if realSSH(home) == nil {
			t.Error("ssh connects")
		}
	})
	t.Run("another key is asked about anew", func(t *testing.T) {
		other := sshdtest.Start(t, sshdtest.Options{})
		at := newMovable(t, srv)
		home := sshdtest.NewHome(t)
		home.Host("box", at.Server, "UserKnownHostsFile /dev/null")
		for _, s := range []*sshdtest.Server{srv, other} {
			if err := s.Authorize(home.Key.Public); err != nil {
				t.Fatal(err)
			}
		}
		c := newClient(t, home, prompting(yes(1)))
		if err := connect(t, c); err != nil {
			t.Fatalf("login: %v", err)
		}
		at.to.Store(other.Addr)
		hangUp(c)
		want(t, connect(t, c), domain.CodeHostKeyUnknown, other.HostKeys[0].Fingerprint)
	})
}

// accept-new and no store the key, hashed where that is wanted, and log it; the real ssh finds it afterwards.
func TestNewHostKeyIsStoredAndLogged(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	for _, strict := range []string{"accept-new", "no"} {
		for _, hashed := range []string{"yes", "no"} {
			t.Run(strict+", hashed "+hashed, func(t *testing.T) {
				home := strange(t, srv, "StrictHostKeyChecking "+strict, "HashKnownHosts "+hashed)
				if err := os.WriteFile(home.KnownHosts, []byte("# no newline at the end"), 0o600); err != nil {
					t.Fatal(err)
				}
				var log safeBuffer
				if err := connect(t, newClient(t, home, logged(&log))); err != nil {
					t.Fatalf("login: %v (%s)", err, detailsOf(err))
				}
				text := contents(t, home.KnownHosts)
				if strings.Contains(text, "\n|1|") != (hashed == "yes") || strings.Contains(text, fmt.Sprintf("\n[127.0.0.1]:%d ", srv.Port)) != (hashed == "no") {
					t.Errorf("known_hosts %q", text)
				}
				if !strings.Contains(log.String(), srv.HostKeys[0].Fingerprint) || !strings.Contains(log.String(), strict) {
					t.Errorf("log %q", log.String())
				}
				rewrite(t, home.ConfigFile, func(s string) string {
					return strings.Replace(s, "StrictHostKeyChecking "+strict, "StrictHostKeyChecking yes", 1)
				})
				if err := realSSH(home); err != nil {
					t.Errorf("ssh doesn't find the key: %v", err)
				}
			})
		}
	}
}

// Many connections that store keys at once lose none and write none twice.
func TestManyClientsStoreKeysAtOnce(t *testing.T) {
	servers := []*sshdtest.Server{sshdtest.Start(t, sshdtest.Options{}), sshdtest.Start(t, sshdtest.Options{})}
	home := sshdtest.NewHome(t)
	locks := t.TempDir()
	for i, s := range servers {
		home.Host(fmt.Sprintf("box%d", i), s, "StrictHostKeyChecking accept-new")
		if err := s.Authorize(home.Key.Public); err != nil {
			t.Fatal(err)
		}
	}
	var wait sync.WaitGroup
	for i := range 8 {
		c := newClient(t, home, func(o *Options) { o.LockDir = locks })
		wait.Go(func() {
			if test := c.Check(within(t), alias(fmt.Sprintf("box%d", i%2))); !test.OK {
				t.Errorf("check: %v", test.Error)
			}
		})
	}
	wait.Wait()
	text := contents(t, home.KnownHosts)
	if strings.Count(text, "\n") != 2 {
		t.Errorf("known_hosts %q", text)
	}
	for _, s := range servers {
		if strings.Count(text, sshdtest.KnownHostsLine(s, s.HostKeys[0].Public)) != 1 {
			t.Errorf("known_hosts %q lacks %s", text, s.Addr)
		}
	}
}

func TestHostKeyQuestion(t *testing.T) {
	for name, tc := range map[string]struct {
		args  []string
		kind  string
		bits  int
		lines []string
	}{
		"ECDSA 384": {[]string{"-t", "ecdsa", "-b", "384"}, "ECDSA", 384, nil},
		"RSA 3072":  {[]string{"-t", "rsa", "-b", "3072"}, "RSA", 3072, nil},
		"ED25519":   {[]string{"-t", "ed25519"}, "ED25519", 256, []string{"HostKeyAlias Web-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := generated(t, "", tc.args...)
			key := sshdtest.Key{Path: path, Public: publicOf(path), Fingerprint: fingerprint(path)}
			srv := sshdtest.Start(t, sshdtest.Options{HostKeys: []sshdtest.Key{key}})
			home := strange(t, srv, tc.lines...)
			asked := yes(1)
			if err := connect(t, newClient(t, home, prompting(asked))); err != nil {
				t.Fatalf("login: %v", err)
			}
			if p := asked.asked[0]; p.KeyType != tc.kind || p.KeyBits != tc.bits || p.Fingerprint != key.Fingerprint || p.KnownHostsFile != home.KnownHosts {
				t.Errorf("asked %+v", p)
			}
			if text := contents(t, home.KnownHosts); len(tc.lines) > 0 && !strings.HasPrefix(text, "web-1 ") {
				t.Errorf("known_hosts %q", text)
			}
			if err := realSSH(home); err != nil {
				t.Errorf("ssh: %v", err)
			}
		})
	}
}

// Settings that say who may be trusted.
func TestHostKeySettings(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	rsa := sshdtest.Start(t, sshdtest.Options{HostKeys: []sshdtest.Key{sshdtest.MustKey(t, sshdtest.RSA, "")}})
	sha1 := sshdtest.Start(t, sshdtest.Options{HostKeys: []sshdtest.Key{sshdtest.MustKey(t, sshdtest.RSA, "")}, Lines: []string{"HostKeyAlgorithms ssh-rsa"}})
	wrong := sshdtest.MustKey(t, sshdtest.Ed25519, "").Public
	for name, tc := range map[string]struct {
		server  *sshdtest.Server
		lines   []string
		changed bool
		known   bool
		code    domain.Code
		words   []string
	}{
		"KnownHostsCommand":                {srv, []string{"KnownHostsCommand /bin/echo %H"}, false, true, domain.CodeUnsupported, []string{"KnownHostsCommand"}},
		"BatchMode":                        {srv, []string{"BatchMode yes"}, false, false, domain.CodeHostKeyUnknown, []string{srv.HostKeys[0].Fingerprint}},
		"RequiredRSASize":                  {rsa, []string{"RequiredRSASize 4096"}, false, true, domain.CodeHandshake, []string{"2048 bits"}},
		"SHA-1":                            {sha1, nil, false, true, domain.CodeHandshake, []string{"type of host key", "ssh-rsa", "rsa-sha2-512"}},
		"SHA-1 if the settings name it":    {sha1, []string{"HostKeyAlgorithms +ssh-rsa"}, false, true, "", nil},
		"NoHostAuthenticationForLocalhost": {srv, []string{"NoHostAuthenticationForLocalhost yes"}, true, false, "", nil},
		"the same with HostKeyAlias": {srv, []string{"NoHostAuthenticationForLocalhost yes", "HostKeyAlias web", "StrictHostKeyChecking yes"}, false, false,
			domain.CodeHostKeyUnknown, nil},
	} {
		t.Run(name, func(t *testing.T) {
			home := strange(t, tc.server, tc.lines...)
			if tc.changed {
				home.TrustKey(tc.server, wrong, "")
			}
			if tc.known {
				home.Trust(tc.server)
			}
			asked := yes(1)
			err := connect(t, newClient(t, home, prompting(asked)))
			if len(asked.asked) > 0 {
				t.Errorf("asked\n%s", brief(asked.asked))
			}
			if tc.code != "" {
				want(t, err, tc.code, tc.words...)
			} else if err != nil {
				t.Errorf("login: %v (%s)", err, detailsOf(err))
			}
			if name != "KnownHostsCommand" {
				if theirs := realSSH(home); (theirs == nil) != (err == nil) {
					t.Errorf("we say %v, ssh says %v", err, theirs)
				}
			}
		})
	}
}

// A question about a host key that nobody answers ends with the run's own end, not later.
func TestCancelWhileAskedAboutAHostKey(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := strange(t, srv)
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	c := newClient(t, home, prompting(askedForEver{cancel}))
	_, err := c.Start(ctx, alias("box"), domain.Exec{RunID: runID(t), Script: "true"}, &record{})
	if domain.CodeOf(err) != domain.CodeClosed {
		t.Errorf("error %v", err)
	}
	if contents(t, home.KnownHosts) != "" {
		t.Error("a key was stored that nobody trusted")
	}
}

type askedForEver struct{ cancel func() }

func (a askedForEver) Ask(ctx context.Context, _ domain.Prompt) (domain.PromptAnswer, error) {
	a.cancel()
	<-ctx.Done()
	return domain.PromptAnswer{}, ctx.Err()
}
