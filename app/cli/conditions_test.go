package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// call is one call of vmo, without a terminal.
func call(t *testing.T, home *sshdtest.Home, answer string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	in, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	env := map[string]string{"VMO_DATA_DIR": filepath.Join(home.Dir, "data"), "VMO_SSH_CONFIG": home.ConfigFile}
	s := streams{in: in, out: &out, err: &errs, env: func(k string) string { return env[k] }}
	if answer != "" {
		s.prompter = answers(answer)
	}
	status = run(t.Context(), args, s)
	return status, out.String(), errs.String()
}

// condition is one thing that can go wrong, and all that a person gets to see of it.
type condition struct {
	name    string
	prepare func(t *testing.T, home *sshdtest.Home)
	args    []string
	status  int
	code    domain.Code // of the run; "" where no run began: then the sentence is on stderr
	answer  string      // given to every question; "": there is nobody to ask
	message string      // with DIR for the home, USER for a login, PORT for a port, KEY for a fingerprint
	hint    string
}

// conditions is the one table of what can go wrong before and while connecting, golden for vmo.
var conditions = []condition{
	{
		name: "no ssh_config", status: exitUsage, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) { must(t, os.Remove(h.ConfigFile)) },
		message: "there is no DIR/.ssh/config",
		hint:    "Name another file with --ssh-config or VMO_SSH_CONFIG, or reach a machine with --on user@host.",
	},
	{
		name: "ssh_config unreadable", status: exitUsage, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			must(t, os.Remove(h.ConfigFile))
			must(t, os.Mkdir(h.ConfigFile, 0o700)) // root reads every file, but nobody reads a folder
		},
		message: "DIR/.ssh/config can't be read: it is a folder", hint: "Check who owns the file and who may read it.",
	},
	{
		name: "ssh refuses the file", status: exitSome, args: on("web-1"), code: domain.CodeConfigInvalid,
		prepare: func(_ *testing.T, h *sshdtest.Home) { h.AppendConfig("Host web-1\n  Port ninety\n") },
		message: `ssh refuses its configuration for "web-1": DIR/.ssh/config line 2: Bad port 'ninety'.`, hint: "Correct this in your ssh_config; until then ssh can't connect either.",
	},
	{
		name: "unknown host", status: exitUsage, args: on("nowhere"),
		prepare: func(*testing.T, *sshdtest.Home) {},
		message: `"nowhere" is no VM and no host in your ssh_config`, hint: "See what there is with: vmo vms. A machine that is not in the list is named user@host or user@host:port.",
	},
	{
		name: "no address", status: exitSome, args: on("me@host.invalid"), code: domain.CodeResolve,
		prepare: func(*testing.T, *sshdtest.Home) {}, message: `the name "host.invalid" has no address`, hint: "Check the spelling, or whether a VPN is needed to know that name.",
	},
	{
		name: "silent host", status: exitSome, args: on("silent"), code: domain.CodeConnectTimeout,
		prepare: func(t *testing.T, h *sshdtest.Home) {
			l := listen(t)
			h.AppendConfig("Host silent\n  HostName 127.0.0.1\n  ConnectTimeout 1\n  Port " + port(l) + "\n")
		},
		message: "127.0.0.1:PORT takes the connection and then says nothing", hint: "Check the port, and whether the SSH server there hangs.",
	},
	{
		name: "refused port", status: exitSome, args: on("refused"), code: domain.CodeRefused,
		prepare: func(t *testing.T, h *sshdtest.Home) {
			l := listen(t)
			h.AppendConfig("Host refused\n  HostName 127.0.0.1\n  Port " + port(l) + "\n")
			must(t, l.Close())
		},
		message: "127.0.0.1 refuses the connection: nothing listens on port PORT", hint: "Check the port, and that the SSH server runs there.",
	},
	{
		name: "wrong key", status: exitSome, args: on("web-1"), code: domain.CodeAuth,
		prepare: func(t *testing.T, h *sshdtest.Home) {
			srv := sshdtest.Start(t, sshdtest.Options{})
			h.Host("web-1", srv)
			h.Trust(srv)
		},
		message: "USER@127.0.0.1:PORT took none of the keys and answers that were offered", hint: "Check the user name and that the machine has your public key: ssh-copy-id web-1.",
	},
	{
		name: "agent gone", status: exitSome, args: on("web-1"), code: domain.CodeAgent,
		prepare: func(t *testing.T, h *sshdtest.Home) {
			srv := sshdtest.Start(t, sshdtest.Options{})
			h.AppendConfig("Host web-1\n  HostName 127.0.0.1\n  User " + srv.User + "\n  Port " + strconv.Itoa(srv.Port) +
				"\n  IdentityAgent " + h.Dir + "/gone.sock\n  IdentityFile none\n  UserKnownHostsFile " + h.KnownHosts + "\n")
			h.Trust(srv)
		},
		message: "the agent at DIR/gone.sock can't be reached", hint: "Start the agent (ssh-add -l must work in your terminal), then try again.",
	},
	{
		name: "wrong passphrase", status: exitSome, args: on("web-1"), code: domain.CodePassphrase, answer: "wrong",
		prepare: locked, message: "the passphrase of the key DIR/.ssh/id_locked was wrong 3 times", hint: "Try again; ssh-keygen -y -f 'DIR/.ssh/id_locked' tells whether you remember it.",
	},
	{
		name: "nobody to ask for the passphrase", status: exitSome, args: on("web-1"), code: domain.CodePassphrase,
		prepare: locked, message: "the key DIR/.ssh/id_locked needs its passphrase, and nobody is there to be asked", hint: "Add it to your agent with ssh-add 'DIR/.ssh/id_locked', or run it where you can be asked.",
	},
	{
		name: "target without sh", status: exitSome, args: on("web-1"), code: domain.CodeNoShell,
		prepare: func(t *testing.T, h *sshdtest.Home) {
			h.Ready("web-1", sshdtest.Start(t, sshdtest.Options{ForceCommand: "/bin/echo no commands here"}))
		},
		message: "web-1 takes the login but runs no commands", hint: "The account needs a login shell and /bin/sh, and no forced command.",
	},
	{
		name: "unknown host key", status: exitSome, args: on("web-1"), code: domain.CodeHostKeyUnknown,
		prepare: func(t *testing.T, h *sshdtest.Home) { h.Host("web-1", sshdtest.Start(t, sshdtest.Options{})) },
		message: "the host key of web-1 isn't known, and nobody is there to be asked; its fingerprint is KEY", hint: "Compare the fingerprint with that of the machine, then log in once with ssh web-1 or trust it in the window.",
	},
	{
		name: "unknown host key, strictly", status: exitSome, args: on("web-1"), code: domain.CodeHostKeyUnknown,
		prepare: func(t *testing.T, h *sshdtest.Home) {
			h.Host("web-1", sshdtest.Start(t, sshdtest.Options{}), "StrictHostKeyChecking yes")
		},
		message: "the host key of web-1 isn't known, and StrictHostKeyChecking is yes; its fingerprint is KEY",
		hint:    "Compare the fingerprint, then log in once with ssh -o StrictHostKeyChecking=ask web-1.",
	},
	{
		name: "revoked host key", status: exitSome, args: on("web-1"), code: domain.CodeHostKeyRevoked,
		prepare: func(t *testing.T, h *sshdtest.Home) {
			srv := sshdtest.Start(t, sshdtest.Options{})
			h.Host("web-1", srv)
			h.TrustKey(srv, srv.HostKeys[0].Public, "@revoked")
		},
		message: "the host key of web-1 is marked as revoked", hint: "Ask who runs web-1; this key must not be trusted any more.",
	},
	{
		name: "changed host key", status: exitSome, args: on("web-1"), code: domain.CodeHostKeyChanged,
		prepare: func(t *testing.T, h *sshdtest.Home) {
			srv := sshdtest.Start(t, sshdtest.Options{})
			h.Host("web-1", srv, "StrictHostKeyChecking no")
			h.TrustKey(srv, sshdtest.MustKey(t, sshdtest.Ed25519, "").Public, "")
		},
		message: "the host key of web-1 has changed, somebody may be listening in: it is now ED25519 KEY, and was KEY (DIR/.ssh/known_hosts:1)",
		hint:    "Ask who runs the machine. Only if the change is theirs: ssh-keygen -f 'DIR/.ssh/known_hosts' -R '[127.0.0.1]:PORT'",
	},
}

// locked is a host that wants a key with a passphrase.
func locked(t *testing.T, h *sshdtest.Home) {
	key, err := sshdtest.NewKey(filepath.Join(h.Dir, ".ssh"), "id_locked", sshdtest.Ed25519, "right")
	must(t, err)
	srv := sshdtest.Start(t, sshdtest.Options{Authorized: []sshdtest.Key{key}})
	h.AppendConfig("Host web-1\n  IdentityFile " + key.Path + "\n")
	h.Host("web-1", srv)
	h.Trust(srv)
}

// answers says the same to every question.
type answers string

func (a answers) Ask(_ context.Context, p domain.Prompt) (domain.PromptAnswer, error) {
	return domain.PromptAnswer{ID: p.ID, Accept: true, Secret: string(a)}, nil
}

func TestConditions(t *testing.T) {
	for _, c := range conditions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			home := sshdtest.NewHome(t)
			c.prepare(t, home)
			status, out, errs := call(t, home, c.answer, c.args...)
			if status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			got := said(t, out, errs)
			if got.Code != c.code {
				t.Errorf("code %q, want %q", got.Code, c.code)
			}
			if text := plain(home, got.Message); text != c.message {
				t.Errorf("message %q, want %q", text, c.message)
			}
			if text := plain(home, got.Hint); text != c.hint {
				t.Errorf("hint %q, want %q", text, c.hint)
			}
		})
	}
}

// said is the error of the only run, or else what stands on stderr.
func said(t *testing.T, out, errs string) domain.Error {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var job struct {
		Runs []struct{ Error *domain.Error }
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &job); err == nil && len(job.Runs) == 1 && job.Runs[0].Error != nil {
		return *job.Runs[0].Error
	}
	text, ok := strings.CutPrefix(errs, "vmo: ")
	if !ok {
		t.Fatalf("no error in %q and %q", out, errs)
	}
	message, hint, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n  ")
	return domain.Error{Message: message, Hint: hint}
}

var (
	fingerprint = regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}`)
	portNumber  = regexp.MustCompile(`(\bport |127\.0\.0\.1\]?:)\d+\b`)
)

func plain(h *sshdtest.Home, text string) string {
	text = strings.ReplaceAll(text, h.Dir, "DIR")
	text = fingerprint.ReplaceAllString(text, "KEY")
	text = portNumber.ReplaceAllString(text, "${1}PORT")
	for _, login := range sshdtest.Logins() {
		text = strings.Replace(text, login+"@", "USER@", 1)
	}
	return text
}

func on(target string) []string { return []string{"run", "--json", "--on", target, "--", "true"} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// listen takes connections into its backlog and never says a word.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

func port(l net.Listener) string {
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}
