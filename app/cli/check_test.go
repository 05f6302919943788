package main

import (
	"encoding/json"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

var (
	tookText = regexp.MustCompile(` +\d+(\.\d)? ms`)
	shellRun = regexp.MustCompile(`login shell is \S+`)
	greeting = regexp.MustCompile(`SSH-2\.0-.*`)
	asLogin  = regexp.MustCompile(`as \w+ with`)
)

// plainCheck is a printed check without what differs from run to run.
func plainCheck(h *sshdtest.Home, text string) string {
	text = tookText.ReplaceAllString(plain(h, "no host is replaced", text), "  TIME")
	text = shellRun.ReplaceAllString(greeting.ReplaceAllString(text, "VERSION"), "login shell is SHELL")
	return asLogin.ReplaceAllString(text, "as USER with")
}

// What a check prints of a host that works, of one behind it, and of those that don't, and the exit status of each.
func TestCheckPrintsEachStep(t *testing.T) {
	home := sshdtest.NewHome(t)
	home.Ready("gate", sshdtest.Start(t, sshdtest.Options{}))
	home.Ready("inner", sshdtest.Start(t, sshdtest.Options{}), "ProxyJump gate")
	srv := sshdtest.Start(t, sshdtest.Options{})
	home.Host("unknown", srv)
	changed := sshdtest.Start(t, sshdtest.Options{})
	other, err := sshdtest.NewKey(t.TempDir(), "other", sshdtest.Ed25519, "")
	must(t, err)
	home.Host("changed", changed)
	home.TrustKey(changed, other.Public, "")
	shut, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	must(t, shut.Close())
	home.AppendConfig("Host refused\n  HostName 127.0.0.1\n  User me\n  Port " + port(shut) + "\n")
	before, err := os.ReadFile(home.KnownHosts)
	must(t, err)
	golden, err := os.ReadFile("testdata/check.txt")
	must(t, err)
	var all strings.Builder
	for _, one := range []struct {
		host   string
		status int
	}{{"gate", exitOK}, {"inner", exitOK}, {"unknown", exitSome}, {"changed", exitSome}, {"refused", exitSome}} {
		status, out, errs := call(t, home, "", "check", one.host)
		if status != one.status || errs != "" {
			t.Errorf("%s: exit status %d, %s", one.host, status, errs)
		}
		all.WriteString(plainCheck(home, out) + "\n")
	}
	if all.String() != string(golden) {
		t.Errorf("testdata/check.txt has other words than:\n%s", all.String())
	}
	if after, err := os.ReadFile(home.KnownHosts); err != nil || string(after) != string(before) {
		t.Errorf("known_hosts was changed: %q (%v)", after, err)
	}
	if status, out, _ := call(t, home, "", "jobs", "--json"); status != exitOK || out != "" {
		t.Errorf("a check is no job: %s", out)
	}
}

// The object of a check has the error as a run has it.
func TestCheckJSON(t *testing.T) {
	home := sshdtest.NewHome(t)
	srv := sshdtest.Start(t, sshdtest.Options{})
	home.Host("web-1", srv)
	status, out, _ := call(t, home, "", "check", "--json", "web-1")
	var check domain.ConnectionCheck
	must(t, json.Unmarshal([]byte(out), &check))
	i := 4
	if status != exitSome || check.OK || check.Name != "web-1" || len(check.Steps) != 7 || check.Steps[i].State != domain.StepFailed ||
		check.Steps[i].Error.Code != domain.CodeHostKeyUnknown || check.Steps[i+1].State != domain.StepNotReached {
		t.Fatalf("exit status %d: %s", status, out)
	}
	if text := check.Steps[i].Error.Message; !strings.Contains(text, srv.HostKeys[0].Fingerprint) {
		t.Errorf("no fingerprint: %s", text)
	}
}
