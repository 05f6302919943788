// Package sshdtest starts real OpenSSH servers for tests: on 127.0.0.1, on a port of the moment, with keys and
// configuration of their own in a temporary folder, and takes everything away again, also what the commands of a test
// left running. Nothing of the computer's own SSH set-up is read or touched.
//
// As root a server logs in an unprivileged account (made if missing, see Account) or root; as somebody else only the
// person who runs the tests. Logins says which there are.
package sshdtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// Limits of the harness.
const (
	startTimeout = 10 * time.Second // a loaded machine needs seconds to fork
	stopTimeout  = 5 * time.Second  // then a process is killed
	portAttempts = 8                // another process may take the port between our look and sshd's bind
)

// Options of a server. The zero value is a server with one ed25519 host key for Logins()[0].
type Options struct {
	User         string   // the account that logs in; "" is Logins()[0]
	Shell        string   // with User "": an account with this login shell (root only)
	MaxSessions  int      // 0: sshd's default (10)
	MaxStartups  string   // "": 1000, so that tests with many connections aren't refused
	ForceCommand string   // "": none
	HostKeys     []Key    // none: one new ed25519 key
	Authorized   []Key    // keys that may log in; more by Authorize
	Password     string   // set for the account and accepted; "" forbids passwords (root only)
	Addresses    []string // of this computer, at most 16 (sshd's own limit); none: 127.0.0.1
	Under        []string // a command that becomes sshd, as "ip netns exec NAME" does (root only)
	Env          []string // NAME=value in the environment of all that it runs, over its own HOME, PATH and so on
	Host         string   // its address there; "" is 127.0.0.1
	Lines        []string // more lines of sshd_config, before the harness's own: the first one wins
}

// Server is a running sshd.
type Server struct {
	Host     string // the first of Options.Addresses
	Port     int
	Addr     string // Host:Port
	User     string
	Dir      string // sshd_config, host keys, authorized_keys, log
	HostKeys []Key
	Mark     string // value of VMO_SSHD_TEST in the environment of all that it runs

	cmd  *exec.Cmd
	exit chan struct{}
	once sync.Once
}

// Start starts a server for a test and stops it at the test's end.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Launch(o)
	if err != nil {
		t.Fatalf("sshdtest: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of sshd on %s:\n%s", s.Addr, s.Log())
		}
		s.Close()
	})
	return s
}

// Launch starts a server outside of a test. The caller closes it.
func Launch(o Options) (*Server, error) {
	s, err := prepare(o)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		err = s.run(o)
		if err == nil {
			return s, nil
		}
		if attempt == portAttempts || !strings.Contains(s.Log(), "Address already in use") {
			err = fmt.Errorf("%w\n%s", err, s.Log())
			os.RemoveAll(s.Dir)
			return nil, err
		}
	}
}

func prepare(o Options) (*Server, error) {
	user := o.User
	if user == "" {
		var err error
		if o.Shell != "" {
			user, err = Account(o.Shell)
		} else {
			user, err = defaultUser()
		}
		if err != nil {
			return nil, err
		}
	}
	if o.Password != "" {
		if err := setPassword(user, o.Password); err != nil {
			return nil, err
		}
	}
	// sshd reads authorized_keys as the account, so the folder must be open to it; what is secret is 0600.
	dir, err := os.MkdirTemp("", "vmo-sshd-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	mark := make([]byte, 8)
	rand.Read(mark)
	host := "127.0.0.1"
	if len(o.Addresses) > 0 {
		host = o.Addresses[0]
	}
	s := &Server{Host: host, User: user, Dir: dir, HostKeys: o.HostKeys, Mark: hex.EncodeToString(mark)}
	if o.Host != "" {
		s.Host = o.Host
	}
	if len(s.HostKeys) == 0 {
		key, err := NewKey(dir, "host_ed25519", Ed25519, "")
		if err != nil {
			return nil, err
		}
		s.HostKeys = []Key{key}
	}
	if err := os.WriteFile(s.path("authorized_keys"), nil, 0o644); err != nil {
		return nil, err
	}
	for _, k := range o.Authorized {
		if err := s.Authorize(k.Public); err != nil {
			return nil, err
		}
	}
	if !strings.HasPrefix(user, accountPrefix) {
		// A login of root or of the person who runs the tests. What stands in their own .bashrc is none of a test's
		// business, and a killed test must leave nothing half done by it behind.
		if err := os.Mkdir(s.home(), 0o700); err != nil {
			return nil, err
		}
	}
	if os.Geteuid() == 0 {
		// The privilege separation folder that the distribution's service unit makes.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Server) path(name string) string { return filepath.Join(s.Dir, name) }

// home is the HOME of those whose own one is left alone.
func (s *Server) home() string { return s.path("home") }

func (s *Server) config(o Options) string {
	var b strings.Builder
	for _, l := range o.Lines {
		b.WriteString(l + "\n")
	}
	fmt.Fprintf(&b, "ListenAddress %s\nPort %d\nPidFile none\n", s.Host, s.Port)
	for _, more := range o.Addresses[min(1, len(o.Addresses)):] {
		fmt.Fprintf(&b, "ListenAddress %s\n", more)
	}
	for _, k := range s.HostKeys {
		fmt.Fprintf(&b, "HostKey %s\n", k.Path)
	}
	fmt.Fprintf(&b, "AuthorizedKeysFile %s\nStrictModes no\nPermitRootLogin yes\n", s.path("authorized_keys"))
	fmt.Fprintf(&b, "PasswordAuthentication %s\n", yesNo(o.Password != ""))
	b.WriteString("UsePAM no\nKbdInteractiveAuthentication no\nPrintMotd no\nPrintLastLog no\nUseDNS no\nLogLevel VERBOSE\n")
	b.WriteString("AllowTcpForwarding yes\nX11Forwarding no\nLoginGraceTime 60\n")
	env := append([]string{"VMO_SSHD_TEST=" + s.Mark}, o.Env...)
	isHome := func(pair string) bool { return strings.HasPrefix(pair, "HOME=") }
	if !strings.HasPrefix(s.User, accountPrefix) && !slices.ContainsFunc(env, isHome) {
		env = append(env, "HOME="+s.home())
	}
	fmt.Fprintf(&b, "SetEnv %s\n", strings.Join(env, " "))
	startups := o.MaxStartups
	if startups == "" {
		startups = "1000"
	}
	fmt.Fprintf(&b, "MaxStartups %s\n", startups)
	if o.MaxSessions > 0 {
		fmt.Fprintf(&b, "MaxSessions %d\n", o.MaxSessions)
	}
	if o.ForceCommand != "" {
		fmt.Fprintf(&b, "ForceCommand %s\n", o.ForceCommand)
	}
	return b.String()
}

func (s *Server) run(o Options) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.Port, s.Addr = port, net.JoinHostPort(s.Host, strconv.Itoa(port))
	if err := os.WriteFile(s.path("sshd_config"), []byte(s.config(o)), 0o600); err != nil {
		return err
	}
	sshd, err := sshdPath()
	if err != nil {
		return err
	}
	args := []string{sshd, "-D", "-f", s.path("sshd_config"), "-E", s.path("log")}
	args = append(slices.Clone(o.Under), args...)
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start sshd: %w", err)
	}
	s.exit = make(chan struct{})
	go func(cmd *exec.Cmd, exit chan struct{}) {
		_ = cmd.Wait()
		close(exit)
	}(s.cmd, s.exit)

	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		select {
		case <-s.exit:
			return errors.New("sshd ended at its start")
		case <-ctx.Done():
			_ = s.cmd.Process.Kill()
			<-s.exit
			return errors.New("sshd didn't listen in time")
		case <-time.After(5 * time.Millisecond):
		}
		// Its log, and not a connection: that would count as a login attempt.
		if strings.Contains(s.Log(), "Server listening on") {
			return nil
		}
	}
}

// Authorize lets key log in from now on.
func (s *Server) Authorize(key gossh.PublicKey) error {
	f, err := os.OpenFile(s.path("authorized_keys"), os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(gossh.MarshalAuthorizedKey(key))
	return errors.Join(err, f.Close())
}

// Log is what sshd wrote so far.
func (s *Server) Log() string {
	text, _ := os.ReadFile(s.path("log"))
	return string(bytes.ToValidUTF8(text, []byte("?")))
}

// Connections are the pids of sshd's processes that serve a connection now.
func (s *Server) Connections() []int {
	return children(s.cmd.Process.Pid)
}

// StopListening ends the listener; connections that stand go on.
func (s *Server) StopListening() {
	_ = s.cmd.Process.Kill()
	<-s.exit
}

// KillConnections ends every connection as a crash of the server would.
func (s *Server) KillConnections() {
	for _, pid := range s.Connections() {
		for _, child := range children(pid) {
			kill(child)
		}
		kill(pid)
	}
}

// KillServing kills sshd's own processes of every connection, and nothing that they run.
func (s *Server) KillServing() {
	serving := s.Connections()
	for _, pid := range serving {
		for _, p := range processes(func(p Proc) bool { return p.PPID == pid }) {
			// A person's connection has a second process, under the one of root.
			if strings.HasPrefix(p.Command, "sshd: ") {
				kill(p.PID)
			}
		}
		kill(pid)
	}
}

// Close stops the server, its connections and everything that a test left running on it.
func (s *Server) Close() {
	s.once.Do(func() {
		s.KillConnections()
		// Not an interrupt: what was started in the background of a script ignores that.
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.exit:
		case <-time.After(stopTimeout):
			_ = s.cmd.Process.Kill()
			<-s.exit
		}
		// A killed process is still seen until the kernel is through with it.
		for until := time.Now().Add(stopTimeout); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
			left := Marked("VMO_SSHD_TEST", s.Mark)
			if len(left) == 0 {
				break
			}
			for _, p := range left {
				kill(p.PID)
			}
		}
		os.RemoveAll(s.Dir)
	})
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func sshdPath() (string, error) {
	for _, p := range []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd", "/opt/homebrew/sbin/sshd"} {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", errors.New("no sshd on this computer: install OpenSSH's server (Debian: apt-get install openssh-server)")
}
