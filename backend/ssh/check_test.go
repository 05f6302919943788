package ssh

import (
	"context"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// outline is a check in one line a step, without what differs from run to run.
func outline(home *sshdtest.Home, c domain.ConnectionCheck) string {
	var b strings.Builder
	for _, s := range c.Steps {
		text := s.Text
		if s.Error != nil {
			text = string(s.Error.Code)
		}
		b.WriteString(strings.TrimSpace(s.Host+" "+string(s.Kind)+" "+string(s.State)+" "+text) + "\n")
	}
	text := strings.ReplaceAll(b.String(), home.Dir, "DIR")
	for _, login := range sshdtest.Logins() {
		text = strings.ReplaceAll(strings.ReplaceAll(text, login+"@", "USER@"), "as "+login, "as USER")
	}
	text = regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}`).ReplaceAllString(text, "KEY")
	text = regexp.MustCompile(`\]?:\d{4,}`).ReplaceAllString(text, ":PORT")
	text = regexp.MustCompile(`SSH-2.0-\S.*`).ReplaceAllString(text, "SSH-2.0-X")
	return regexp.MustCompile(`login shell is \S+`).ReplaceAllString(text, "login shell is X")
}

func compare(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// A check says what it found at each step, keeps no connection, and writes nothing.
func TestCheckStepsOfAGoodHost(t *testing.T) {
	c, _, home := box(t, sshdtest.Options{})
	check := c.CheckSteps(within(t), alias("box"))
	compare(t, outline(home, check), `box settings ok USER@127.0.0.1:PORT
box lookup ok it is an address
box tcp ok 127.0.0.1:PORT
box banner ok SSH-2.0-X
box host_key ok ED25519 KEY, known at DIR/.ssh/known_hosts:1
box login ok as USER with the key ED25519 KEY of DIR/.ssh/id_ed25519
box shell ok /bin/sh runs commands, the login shell is X
`)
	var sum int64
	for _, s := range check.Steps {
		sum += s.Micros
	}
	if !check.OK || check.Micros < sum || sum == 0 {
		t.Errorf("ok %v, %d of %d µs", check.OK, sum, check.Micros)
	}
	if n := c.Connections(); n != 0 {
		t.Errorf("%d connections are left in the pool", n)
	}
}

// Each machine on the way is checked by itself, and the settings name it.
func TestCheckStepsThroughAJumpHost(t *testing.T) {
	home := sshdtest.NewHome(t)
	home.Ready("gate", sshdtest.Start(t, sshdtest.Options{}))
	home.Ready("box", sshdtest.Start(t, sshdtest.Options{}), "ProxyJump gate")
	c := newClient(t, home)
	compare(t, outline(home, c.CheckSteps(within(t), alias("box"))), `box settings ok USER@127.0.0.1:PORT through gate
gate lookup ok it is an address
gate tcp ok 127.0.0.1:PORT
gate banner ok SSH-2.0-X
gate host_key ok ED25519 KEY, known at DIR/.ssh/known_hosts:1
gate login ok as USER with the key ED25519 KEY of DIR/.ssh/id_ed25519
box forward ok through gate
box banner ok SSH-2.0-X
box host_key ok ED25519 KEY, known at DIR/.ssh/known_hosts:2
box login ok as USER with the key ED25519 KEY of DIR/.ssh/id_ed25519
box shell ok /bin/sh runs commands, the login shell is X
`)
}

// Where it ends, the step that failed has the error of a run, and the rest was not reached.
func TestCheckStepsStopWhereItFails(t *testing.T) {
	home := sshdtest.NewHome(t)
	srv := sshdtest.Start(t, sshdtest.Options{})
	if err := srv.Authorize(home.Key.Public); err != nil {
		t.Fatal(err)
	}
	other, err := sshdtest.NewKey(t.TempDir(), "other", sshdtest.Ed25519, "")
	if err != nil {
		t.Fatal(err)
	}
	known := func(name, text string) string {
		path := home.Dir + "/.ssh/" + name
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "UserKnownHostsFile " + path
	}
	home.Host("unknown", srv, known("empty", ""))
	home.Host("new", srv, known("none", ""), "StrictHostKeyChecking accept-new")
	home.Host("changed", srv, known("changed", sshdtest.KnownHostsLine(srv, other.Public)), "StrictHostKeyChecking no")
	strange := sshdtest.Start(t, sshdtest.Options{})
	home.Host("stranger", strange, known("right", sshdtest.KnownHostsLine(strange, strange.HostKeys[0].Public)))
	silent, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	shut, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut.Close()
	at := func(l net.Listener) string { return strconv.Itoa(l.Addr().(*net.TCPAddr).Port) }
	home.AppendConfig("Host silent\n  HostName 127.0.0.1\n  ConnectTimeout 1\n  Port " + at(silent) +
		"\nHost refused\n  HostName 127.0.0.1\n  Port " + at(shut) + "\nHost nameless\n  HostName no.invalid\nHost circle\n  ProxyJump round\nHost round\n  ProxyJump circle\n")
	c := newClient(t, home)
	for name, want := range map[string]string{
		"unknown":  "host_key failed host_key_unknown",
		"changed":  "host_key failed host_key_changed",
		"stranger": "login failed auth_failed",
		"silent":   "banner failed connect_timeout",
		"refused":  "tcp failed connection_refused",
		"nameless": "lookup failed host_not_found",
		"circle":   "settings failed jump_loop",
	} {
		check := c.CheckSteps(within(t), alias(name))
		text := outline(home, check)
		failed := slices.IndexFunc(check.Steps, func(s domain.CheckStep) bool { return s.State == domain.StepFailed })
		if !strings.Contains(text, want) || check.OK || len(check.Steps) != 7 {
			t.Errorf("%s: want %q, got\n%s", name, want, text)
			continue
		}
		for i, s := range check.Steps {
			if i < failed && s.State != domain.StepOK || i > failed && (s.State != domain.StepNotReached || s.Micros != 0) {
				t.Errorf("%s: step %d\n%s", name, i, text)
			}
		}
	}
	if check := c.CheckSteps(within(t), alias("new")); !check.OK || !strings.Contains(outline(home, check), "not known; StrictHostKeyChecking accept-new will store it") {
		t.Errorf("a key that ssh would take:\n%s", outline(home, check))
	}
	for _, file := range []string{"empty", "none"} {
		if text, err := os.ReadFile(home.Dir + "/.ssh/" + file); err != nil || len(text) > 0 {
			t.Errorf("the check wrote %q into %s (%v)", text, file, err)
		}
	}
}

// A ProxyCommand stands in the place of look-up and TCP, the agent is named where it signed, and an account that takes the
// login and runs nothing fails at the shell, with what it said.
func TestCheckStepsOfUnusualWays(t *testing.T) {
	home := sshdtest.NewHome(t)
	srv := sshdtest.Start(t, sshdtest.Options{})
	agent := startAgent(t)
	agent.add(home.Key.Path)
	home.Ready("gate", sshdtest.Start(t, sshdtest.Options{}))
	home.Ready("box", srv, "ProxyCommand ssh -F "+home.ConfigFile+" -W %h:%p gate", "IdentityAgent "+agent.socket)
	home.Ready("forced", sshdtest.Start(t, sshdtest.Options{ForceCommand: "/bin/echo only this"}))
	c := newClient(t, home)
	text := outline(home, c.CheckSteps(within(t), alias("box")))
	for _, want := range []string{"box proxy ok ssh -F DIR/.ssh/config -W ", "box banner ok", "of DIR/.ssh/id_ed25519, signed by the agent\n", "box shell ok"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	check := c.CheckSteps(within(t), alias("forced"))
	if last := check.Steps[6]; check.OK || last.Error == nil || last.Error.Code != domain.CodeNoShell || !strings.Contains(last.Error.Details, "only this") {
		t.Errorf("a forced command: %+v", last.Error)
	}
}

// A check ends with its context and with the client, wherever it is.
func TestCheckStepsEndWithTheContext(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	home := sshdtest.NewHome(t)
	home.AppendConfig("Host silent\n  HostName 127.0.0.1\n  Port " + strconv.Itoa(l.Addr().(*net.TCPAddr).Port) + "\n")
	for _, how := range []string{"context", "client"} {
		c := newClient(t, home)
		ctx, cancel := context.WithCancel(t.Context())
		taken := make(chan net.Conn, 1)
		go func() {
			conn, err := l.Accept()
			if err == nil {
				taken <- conn
			}
		}()
		end := make(chan domain.ConnectionCheck, 1)
		go func() { end <- c.CheckSteps(ctx, alias("silent")) }()
		conn := <-taken
		if how == "context" {
			cancel()
		} else if err := c.Close(); err != nil {
			t.Error(err)
		}
		check := <-end
		if text := outline(home, check); check.OK || !strings.Contains(text, "failed closed\n") {
			t.Errorf("%s:\n%s", how, text)
		}
		cancel()
		conn.Close()
	}
}
