package ssh

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// realAgent is an ssh-agent of the test's own.
type realAgent struct {
	t      testing.TB
	socket string
}

func startAgent(t testing.TB) *realAgent {
	t.Helper()
	// A socket's path has 108 bytes at most, fewer than t.TempDir may take.
	dir, err := os.MkdirTemp("", "vmo-agent-")
	if err != nil {
		t.Fatal(err)
	}
	a := &realAgent{t: t, socket: filepath.Join(dir, "socket")}
	cmd := exec.Command("ssh-agent", "-D", "-a", a.socket)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		os.RemoveAll(dir)
	})
	eventually(t, "the agent listens", 5*time.Second, func() bool { return len(installed(a.socket)) == 1 })
	return a
}

// add gives private keys without a passphrase to the agent, and the certificates beside them.
func (a *realAgent) add(paths ...string) {
	a.t.Helper()
	cmd := exec.Command("ssh-add", append([]string{"-q"}, paths...)...)
	cmd.Env = append(os.Environ(), "SSH_AUTH_SOCK="+a.socket)
	if out, err := cmd.CombinedOutput(); err != nil {
		a.t.Fatalf("ssh-add: %v, %s", err, out)
	}
}

// agentHome has no key file but those of lines.
func agentHome(t testing.TB, s *sshdtest.Server, socket string, lines ...string) *sshdtest.Home {
	t.Helper()
	return keyHome(t, s, "none", append([]string{"IdentityAgent " + socket}, lines...)...)
}

func TestWhichAgent(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	key := generated(t, "", "-t", "ed25519")
	authorize(t, srv, key)
	a := startAgent(t)
	a.add(key)
	for name, tc := range map[string]struct {
		setting string
		env     string // SSH_AUTH_SOCK
		ok      bool
	}{
		"a path":                       {a.socket, "", true},
		"none":                         {"none", a.socket, false},
		"the variable":                 {"SSH_AUTH_SOCK", a.socket, true},
		"the variable, not set":        {"SSH_AUTH_SOCK", "", false},
		"another way to name it":       {"$SSH_AUTH_SOCK", a.socket, true},
		"the path before the variable": {a.socket, "/no/such/socket", true},
	} {
		t.Run(name, func(t *testing.T) {
			home := agentHome(t, srv, tc.setting, "IdentitiesOnly no")
			t.Setenv("SSH_AUTH_SOCK", tc.env)
			err := connect(t, newClient(t, home, func(o *Options) { o.Getenv = os.Getenv }))
			if (err == nil) != tc.ok {
				t.Errorf("login: %v (%s)", err, detailsOf(err))
			}
			if err != nil {
				want(t, err, domain.CodeAuth, "none to offer")
			}
		})
	}
}

// The agent of the system, as Windows has one at a known name: used if it is there, and no fault if it isn't.
func TestAgentOfTheSystem(t *testing.T) {
	const pipe = `\\.\pipe\openssh-ssh-agent`
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}})
	home := keyHome(t, srv, "none", "IdentityAgent SSH_AUTH_SOCK", "IdentitiesOnly no")
	c := newClient(t, home)
	c.agents.fallback = pipe
	found := fakeAgent(t, c, func(conn net.Conn) { _ = agent.ServeAgent(ring(t, key), conn) })
	if err := connect(t, c); err != nil || len(found.paths) != 1 || found.paths[0] != pipe {
		t.Errorf("login: %v (%s), dialled %q", err, detailsOf(err), found.paths)
	}
	missing := newClient(t, home)
	missing.agents.fallback = pipe
	missing.agents.dial = func(string, time.Duration) (net.Conn, error) { return nil, os.ErrNotExist }
	want(t, connect(t, missing), domain.CodeAuth, "none to offer")
	named := newClient(t, home, func(o *Options) { o.Getenv = func(string) string { return `\\.\pipe\mine` } })
	named.agents.fallback, named.agents.dial = pipe, missing.agents.dial
	want(t, connect(t, named), domain.CodeAgent, `\\.\pipe\mine`)
}

// tried are the fingerprints of the keys that sshd was offered and refused or took, in order, as its log has them.
func tried(log string) []string {
	var list []string
	for line := range strings.Lines(log) {
		at := strings.Index(line, "SHA256:")
		if at < 0 || !strings.Contains(line, "publickey") {
			continue
		}
		print := strings.Fields(line[at:])[0]
		if len(list) == 0 || list[len(list)-1] != print {
			list = append(list, print)
		}
	}
	return list
}

func fingerprint(path string) string { return gossh.FingerprintSHA256(publicOf(path)) }

// The order is OpenSSH's, as its own client shows on the same configuration, but for one thing: key files that are
// open come before the agent's other keys.
func TestOrderOfKeys(t *testing.T) {
	conf := []string{"MaxAuthTries 20", "LogLevel VERBOSE"}
	srv := sshdtest.Start(t, sshdtest.Options{Lines: conf})
	var keys []string
	for range 5 {
		keys = append(keys, generated(t, "", "-t", "ed25519"))
	}
	a := startAgent(t)
	a.add(keys[0], keys[2], keys[1]) // 0: of the agent alone
	lines := []string{"IdentityAgent " + a.socket, "IdentityFile " + keys[1], "IdentityFile " + keys[2], "IdentityFile " + keys[3], "PasswordAuthentication no"}
	for name, tc := range map[string]struct {
		only string
		want []int
	}{
		"agent and files": {"no", []int{2, 1, 3, 0}},
		"IdentitiesOnly":  {"yes", []int{2, 1, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			home := keyHome(t, srv, keys[3], append(lines, "IdentitiesOnly "+tc.only)...)
			before := len(srv.Log())
			want(t, connect(t, newClient(t, home)), domain.CodeAuth)
			ours := tried(srv.Log()[before:])
			var expected []string
			for _, i := range tc.want {
				expected = append(expected, fingerprint(keys[i]))
			}
			if fmt.Sprint(ours) != fmt.Sprint(expected) {
				t.Errorf("offered\n%v, want\n%v", ours, expected)
			}
			before = len(srv.Log())
			_ = exec.Command("ssh", "-F", home.ConfigFile, "-o", "BatchMode=yes", "box", "true").Run()
			theirs := tried(srv.Log()[before:])
			if tc.only == "no" {
				// The one difference: 3 and 0 change places.
				theirs[2], theirs[3] = theirs[3], theirs[2]
			}
			if fmt.Sprint(ours) != fmt.Sprint(theirs) {
				t.Errorf("offered\n%v, ssh offers\n%v", ours, theirs)
			}
		})
	}
}

// Twenty keys in the agent and three tries: the key that IdentityFile names has its turn; without one the error says
// what to do.
func TestManyKeysAndFewTries(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{Lines: []string{"MaxAuthTries 3"}})
	a := startAgent(t)
	var keys []string
	for range 20 {
		keys = append(keys, generated(t, "", "-t", "ed25519"))
	}
	a.add(keys...)
	right := generated(t, "", "-t", "ed25519")
	authorize(t, srv, right)
	authorize(t, srv, keys[19])
	for name, file := range map[string]string{"the file alone has it": right, "the agent has it, last": keys[19]} {
		t.Run(name, func(t *testing.T) {
			home := keyHome(t, srv, file, "IdentityAgent "+a.socket, "IdentitiesOnly no")
			if err := connect(t, newClient(t, home)); err != nil {
				t.Errorf("login: %v (%s)", err, detailsOf(err))
			}
		})
	}
	want(t, connect(t, newClient(t, agentHome(t, srv, a.socket, "IdentitiesOnly no"))), domain.CodeAuth, "too many keys", "IdentitiesOnly yes")
	// As few as there are: the agent's key is found through the public half that IdentityFile names.
	home := keyHome(t, srv, keys[19]+".pub", "IdentityAgent "+a.socket, "IdentitiesOnly yes")
	if err := connect(t, newClient(t, home)); err != nil {
		t.Errorf("a public key as IdentityFile: %v (%s)", err, detailsOf(err))
	}
}

// Two different keys may be asked for, one after the other.
func TestTwoKeysNeeded(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{Lines: []string{"AuthenticationMethods publickey,publickey"}})
	first, second := generated(t, "", "-t", "ed25519"), generated(t, "", "-t", "ed25519")
	authorize(t, srv, first)
	home := keyHome(t, srv, first, "IdentityFile "+first, "IdentityFile "+second)
	want(t, connect(t, newClient(t, home)), domain.CodeAuth)
	authorize(t, srv, second)
	if err := connect(t, newClient(t, home)); err != nil {
		t.Errorf("login: %v (%s)", err, detailsOf(err))
	}
}

// fakeAgent is an agent of which a test writes the behaviour; it is reached through the same seam as the named pipe
// of Windows, so that way is tested on every system.
func fakeAgent(t *testing.T, c *Client, serve func(net.Conn)) *dialled {
	t.Helper()
	d := &dialled{serve: serve}
	var wait sync.WaitGroup
	c.agents.dial = func(path string, _ time.Duration) (net.Conn, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.paths = append(d.paths, path)
		ours, theirs := net.Pipe()
		d.conns = append(d.conns, theirs)
		serve := d.serve
		wait.Go(func() {
			defer theirs.Close()
			serve(theirs)
		})
		return ours, nil
	}
	t.Cleanup(func() {
		d.mu.Lock()
		for _, conn := range d.conns {
			conn.Close()
		}
		d.mu.Unlock()
		wait.Wait()
	})
	return d
}

type dialled struct {
	mu    sync.Mutex
	paths []string
	conns []net.Conn
	serve func(net.Conn)
}

// moody is an agent with one key that misbehaves when it should sign.
type moody struct {
	agent.ExtendedAgent
	sign func() error
}

func (m moody) SignWithFlags(key gossh.PublicKey, data []byte, flags agent.SignatureFlags) (*gossh.Signature, error) {
	if err := m.sign(); err != nil {
		return nil, err
	}
	return m.ExtendedAgent.SignWithFlags(key, data, flags)
}

func ring(t testing.TB, keys ...sshdtest.Key) agent.ExtendedAgent {
	t.Helper()
	r := agent.NewKeyring().(agent.ExtendedAgent)
	for _, k := range keys {
		if err := r.Add(agent.AddedKey{PrivateKey: k.Private}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// A broken agent costs its time-out at most, is named in the error, and doesn't keep a key file from being used.
func TestBrokenAgents(t *testing.T) {
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}})
	serve := func(sign func(net.Conn) error) func(net.Conn) {
		return func(conn net.Conn) {
			_ = agent.ServeAgent(moody{ring(t, key), func() error { return sign(conn) }}, conn)
		}
	}
	for name, tc := range map[string]struct {
		serve func(net.Conn)
		word  string
	}{
		"hanging":          {func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, "waited 200ms"},
		"closing at once":  {func(net.Conn) {}, "as an agent does"},
		"garbage":          {func(conn net.Conn) { answer(conn, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, "as an agent does"},
		"huge answer":      {func(conn net.Conn) { answer(conn, binary.BigEndian.AppendUint32(nil, 1<<31)) }, "as an agent does"},
		"wrong answer":     {func(conn net.Conn) { answer(conn, []byte{0, 0, 0, 1, 6}) }, "as an agent does"},
		"too many keys":    {func(conn net.Conn) { answer(conn, []byte{0, 0, 0, 5, 12, 255, 255, 255, 255}) }, "as an agent does"},
		"refusing to sign": {serve(func(net.Conn) error { return errors.New("no") }), "didn't sign"},
		"hanging in sign":  {serve(func(conn net.Conn) error { return waitForEnd(conn) }), "didn't sign"},
		"closing mid-sign": {serve(func(conn net.Conn) error { return conn.Close() }), "didn't sign"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := func(home *sshdtest.Home) *Client {
				c := newClient(t, home)
				c.agents.listTimeout, c.agents.signTimeout = 200*time.Millisecond, 200*time.Millisecond
				fakeAgent(t, c, tc.serve)
				return c
			}
			begin := time.Now()
			err := connect(t, broken(agentHome(t, srv, "/the/agent", "IdentitiesOnly no")))
			if domain.CodeOf(err) != domain.CodeAgent && domain.CodeOf(err) != domain.CodeAuth {
				t.Errorf("error %v", err)
			}
			want(t, err, domain.CodeOf(err), tc.word)
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			home := sshdtest.NewHome(t)
			home.Ready("box", srv, "IdentityAgent /the/agent", "IdentitiesOnly no")
			if err := connect(t, broken(home)); err != nil {
				t.Errorf("the key file isn't used: %v (%s)", err, detailsOf(err))
			}
		})
	}
	t.Run("stale socket", func(t *testing.T) {
		a := startAgent(t)
		stale := a.socket + ".stale"
		l, err := net.Listen("unix", stale)
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		l.Close()
		for _, socket := range []string{stale, a.socket + ".none", t.TempDir()} {
			want(t, connect(t, newClient(t, agentHome(t, srv, socket, "IdentitiesOnly no"))), domain.CodeAgent, socket, "ssh-add -l")
		}
	})
}

// answer reads a request and writes bytes.
func answer(conn net.Conn, bytes []byte) {
	_, _ = io.ReadFull(conn, make([]byte, 5))
	_, _ = conn.Write(bytes)
}

func waitForEnd(conn net.Conn) error {
	_, err := io.Copy(io.Discard, conn)
	return errors.Join(errors.New("gone"), err)
}

// An agent that asks its owner takes time: the person learns what is waited for, and the login's own clock stands.
func TestWaitingForTheAgentIsSaid(t *testing.T) {
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}})
	c := newClient(t, agentHome(t, srv, "/the/agent", "IdentitiesOnly no"))
	c.agents.noticeAfter = 10 * time.Millisecond
	sink := &record{}
	said := func() string {
		sink.mu.Lock()
		defer sink.mu.Unlock()
		return strings.Join(sink.notices, "\n")
	}
	fakeAgent(t, c, func(conn net.Conn) {
		_ = agent.ServeAgent(moody{ring(t, key), func() error {
			eventually(t, "the notice", 5*time.Second, func() bool { return said() != "" })
			return nil
		}}, conn)
	})
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: "true"}, sink)
	if err != nil {
		t.Fatalf("start: %v (%s)", err, detailsOf(err))
	}
	p.Wait()
	if !strings.Contains(said(), "waiting for your agent") || !strings.Contains(said(), key.Fingerprint) {
		t.Errorf("notices %q", said())
	}
}

// Stop while the agent asks its owner ends the login at once.
func TestCancelWhileTheAgentSigns(t *testing.T) {
	key := sshdtest.MustKey(t, sshdtest.Ed25519, "")
	srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}})
	c := newClient(t, agentHome(t, srv, "/the/agent", "IdentitiesOnly no"))
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	fakeAgent(t, c, func(conn net.Conn) {
		_ = agent.ServeAgent(moody{ring(t, key), func() error { cancel(); return waitForEnd(conn) }}, conn)
	})
	begin := time.Now()
	_, err := c.Start(ctx, alias("box"), domain.Exec{RunID: runID(t), Script: "true"}, &record{})
	if domain.CodeOf(err) != domain.CodeClosed || time.Since(begin) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(begin), err)
	}
}

// securityKey signs as the token of a FIDO key does: over the application's hash, flags, counter and the data's hash.
type securityKey struct {
	agent.ExtendedAgent
	private ed25519.PrivateKey
	public  gossh.PublicKey
}

func (s securityKey) List() ([]*agent.Key, error) {
	return []*agent.Key{{Format: s.public.Type(), Blob: s.public.Marshal(), Comment: "token"}}, nil
}

func (s securityKey) SignWithFlags(_ gossh.PublicKey, data []byte, _ agent.SignatureFlags) (*gossh.Signature, error) {
	application, body := sha256.Sum256([]byte("ssh:")), sha256.Sum256(data)
	rest := []byte{1, 0, 0, 0, 7} // touched; the counter
	signed := append(append(application[:], rest...), body[:]...)
	raw, err := s.private.Sign(nil, signed, crypto.Hash(0))
	return &gossh.Signature{Format: s.public.Type(), Blob: raw, Rest: rest}, err
}

func newSecurityKey(t testing.TB) securityKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	blob := gossh.Marshal(struct {
		Type        string
		Public      []byte
		Application string
	}{gossh.KeyAlgoSKED25519, public, "ssh:"})
	key, err := gossh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	return securityKey{agent.NewKeyring().(agent.ExtendedAgent), private, key}
}

// A key on a token works through the agent, also where IdentityFile names the file of its handle.
func TestSecurityKeyThroughTheAgent(t *testing.T) {
	sk := newSecurityKey(t)
	srv := sshdtest.Start(t, sshdtest.Options{})
	if err := srv.Authorize(sk.public); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, agentHome(t, srv, "/the/agent", "IdentitiesOnly no"))
	fakeAgent(t, c, func(conn net.Conn) { _ = agent.ServeAgent(sk, conn) })
	if err := connect(t, c); err != nil {
		t.Errorf("login: %v (%s)", err, detailsOf(err))
	}
	file := filepath.Join(t.TempDir(), "id_ed25519_sk")
	if err := os.WriteFile(file, handleFile(sk.public), 0o600); err != nil {
		t.Fatal(err)
	}
	c = newClient(t, keyHome(t, srv, file, "IdentityAgent /the/agent", "IdentitiesOnly yes"))
	fakeAgent(t, c, func(conn net.Conn) { _ = agent.ServeAgent(sk, conn) })
	if err := connect(t, c); err != nil {
		t.Errorf("login by the handle's file: %v (%s)", err, detailsOf(err))
	}
	want(t, connect(t, newClient(t, keyHome(t, srv, file))), domain.CodeKeyUnusable, "security key", "ssh-add")
}
