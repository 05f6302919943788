package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	answer  string // given to every question; "": there is nobody to ask
}

// goldenWords are the sentences of a condition. They stand in testdata/conditions.json, which the browser tests of the
// window read too: DIR is the home, HOST the destination, USER a login, PORT a port and KEY a fingerprint.
type goldenWords struct {
	Code    domain.Code `json:"code"` // of the run; "" where no run began: then the sentence is on stderr
	Message string      `json:"message"`
	Hint    string      `json:"hint"`
}

// conditions is the one table of what can go wrong before and while connecting.
var conditions = []condition{
	{
		name: "no ssh_config", status: exitUsage, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) { must(t, os.Remove(h.ConfigFile)) },
	},
	{
		name: "ssh_config unreadable", status: exitUsage, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			must(t, os.Remove(h.ConfigFile))
			must(t, os.Mkdir(h.ConfigFile, 0o700)) // root reads every file, but nobody reads a folder
		},
	},
	{
		name: "ssh refuses the file", status: exitSome, args: on("web-1"),
		prepare: func(_ *testing.T, h *sshdtest.Home) { h.AppendConfig("Host web-1\n  Port ninety\n") },
	},
	{
		name: "unknown host", status: exitUsage, args: on("nowhere"),
		prepare: func(*testing.T, *sshdtest.Home) {},
	},
	{
		name: "no address", status: exitSome, args: on("me@host.invalid"),
		prepare: func(*testing.T, *sshdtest.Home) {},
	},
	{
		name: "silent host", status: exitSome, args: on("silent"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			l := listen(t)
			h.AppendConfig("Host silent\n  HostName 127.0.0.1\n  ConnectTimeout 1\n  Port " + port(l) + "\n")
		},
	},
	{
		name: "refused port", status: exitSome, args: on("refused"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			l := listen(t)
			h.AppendConfig("Host refused\n  HostName 127.0.0.1\n  Port " + port(l) + "\n")
			must(t, l.Close())
		},
	},
	{
		name: "wrong key", status: exitSome, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			srv := sshdtest.Start(t, sshdtest.Options{})
			h.Host("web-1", srv)
			h.Trust(srv)
		},
	},
	{
		name: "agent gone", status: exitSome, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			srv := sshdtest.Start(t, sshdtest.Options{})
			h.AppendConfig("Host web-1\n  HostName 127.0.0.1\n  User " + srv.User + "\n  Port " + strconv.Itoa(srv.Port) +
				"\n  IdentityAgent " + h.Dir + "/gone.sock\n  IdentityFile none\n  UserKnownHostsFile " + h.KnownHosts + "\n")
			h.Trust(srv)
		},
	},
	{
		name: "wrong passphrase", status: exitSome, args: on("web-1"), answer: "wrong",
		prepare: locked,
	},
	{
		name: "nobody to ask for the passphrase", status: exitSome, args: on("web-1"),
		prepare: locked,
	},
	{
		name: "target without sh", status: exitSome, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			h.Ready("web-1", sshdtest.Start(t, sshdtest.Options{ForceCommand: "/bin/echo no commands here"}))
		},
	},
	{
		name: "unknown host key", status: exitSome, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) { h.Host("web-1", sshdtest.Start(t, sshdtest.Options{})) },
	},
	{
		name: "unknown host key, strictly", status: exitSome, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			h.Host("web-1", sshdtest.Start(t, sshdtest.Options{}), "StrictHostKeyChecking yes")
		},
	},
	{
		name: "revoked host key", status: exitSome, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			srv := sshdtest.Start(t, sshdtest.Options{})
			h.Host("web-1", srv)
			h.TrustKey(srv, srv.HostKeys[0].Public, "@revoked")
		},
	},
	{
		name: "changed host key", status: exitSome, args: on("web-1"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			srv := sshdtest.Start(t, sshdtest.Options{})
			h.Host("web-1", srv, "StrictHostKeyChecking no")
			h.TrustKey(srv, sshdtest.MustKey(t, sshdtest.Ed25519, "").Public, "")
		},
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
	file, err := os.ReadFile("testdata/conditions.json")
	must(t, err)
	var golden map[string]goldenWords
	must(t, json.Unmarshal(file, &golden))
	for _, c := range conditions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want, found := golden[c.name]
			if !found {
				t.Fatal("there are no golden words for it")
			}
			home := sshdtest.NewHome(t)
			c.prepare(t, home)
			status, out, errs := call(t, home, c.answer, c.args...)
			if status != c.status {
				t.Errorf("exit status %d, want %d", status, c.status)
			}
			got := said(t, out, errs)
			if got.Code != want.Code {
				t.Errorf("code %q, want %q", got.Code, want.Code)
			}
			host := c.args[slices.Index(c.args, "--on")+1]
			if text := plain(home, host, got.Message); text != want.Message {
				t.Errorf("message %q, want %q", text, want.Message)
			}
			if text := plain(home, host, got.Hint); text != want.Hint {
				t.Errorf("hint %q, want %q", text, want.Hint)
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

func plain(h *sshdtest.Home, host, text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, h.Dir, "DIR"), host, "HOST")
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
