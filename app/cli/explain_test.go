package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/internal/sshdtest"
)

// settingsOf is what ssh -G prints, by keyword.
func settingsOf(t *testing.T, config, dest string) map[string][]string {
	t.Helper()
	out, err := exec.Command("ssh", "-G", "-T", "-F", config, "--", dest).Output()
	must(t, err)
	values := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		key = strings.ToLower(key) // some versions print canonicalizePermittedcnames
		values[key] = append(values[key], value)
	}
	return values
}

// explainedJSON is the object of explain --json as its readers see it.
type explainedJSON struct {
	Type, Name, Source, Reason string
	Settings, Expanded         map[string][]string
	Origins                    map[string][]struct{ File string }
}

// explain --json has the keywords and values of ssh -G, whoever worked them out, also for a host that no file names.
func TestExplainJSONSaysWhatSSHSays(t *testing.T) {
	t.Setenv("SSHT_KEY", "/keys/from-env")
	home := sshdtest.NewHome(t)
	for _, one := range [][3]string{
		{"01-basic.conf", "web", "own"}, {"01-basic.conf", "nowhere", "own"}, {"06-wildcard.conf", "10.0.0.7", "own"},
		{"24-match-host-and-user.conf", "bob@web", "own"}, {"27-match-exec.conf", "web", "ssh -G"},
		{"33-env-in-paths.conf", "web", "own"}, {"34-many-identityfile.conf", "web", "own"}, {"37-proxyjump-chain.conf", "web", "own"},
		{"47-canonicalizehostname.conf", "web", "ssh -G"}, {"48-sendenv-setenv-forwards-multi.conf", "web", "own"},
	} {
		text, err := os.ReadFile("../../backend/ssh/config/testdata/cases/" + one[0])
		must(t, err)
		must(t, os.WriteFile(home.ConfigFile, []byte(strings.ReplaceAll(string(text), "@HOME@", home.Dir)), 0o600))
		status, out, errs := call(t, home, "", "explain", one[1], "--json")
		var x explainedJSON
		if err := json.Unmarshal([]byte(out), &x); status != exitOK || err != nil {
			t.Errorf("%v: exit status %d, %v\n%s", one, status, err, errs)
			continue
		}
		if x.Type != "explanation" || x.Name != one[1] || x.Source != one[2] || (x.Reason == "") != (x.Source == "own") {
			t.Errorf("%v: %s %s by %s because of %q", one, x.Type, x.Name, x.Source, x.Reason)
		}
		want := settingsOf(t, home.ConfigFile, one[1])
		for keyword, values := range want {
			if !slices.Equal(x.Settings[keyword], values) {
				t.Errorf("%v: %s is %q, ssh says %q", one, keyword, x.Settings[keyword], values)
			}
		}
		if len(x.Settings) != len(want) {
			t.Errorf("%v: %d keywords, ssh has %d", one, len(x.Settings), len(want))
		}
	}
}

// A file that ssh refuses is an error with its place, and nothing is explained.
func TestExplainOfARefusedFile(t *testing.T) {
	home := sshdtest.NewHome(t)
	home.AppendConfig("Host web\n  Port ninety\n")
	for _, args := range [][]string{{"explain", "web"}, {"explain", "web", "--json"}, {"explain", "nowhere"}} {
		status, out, errs := call(t, home, "", args...)
		if status != exitUsage || out != "" || !strings.Contains(errs, home.ConfigFile+" line 2: Bad port") {
			t.Errorf("%v: exit status %d\n%s%s", args, status, out, errs)
		}
	}
	for _, word := range []string{"", "-oProxyCommand=x", "me@web:x"} {
		if status, out, _ := call(t, home, "", "explain", "--", word); status != exitUsage || out != "" {
			t.Errorf("%q: exit status %d, %s", word, status, out)
		}
	}
}

// The table shows what was changed, with the line that says so, and with --all the rest.
func TestExplainTable(t *testing.T) {
	home := sshdtest.NewHome(t)
	home.AppendConfig("Host web-1\n  HostName 10.0.0.5\n  IdentityFile /keys/a\n  IdentityFile /keys/%n\n\nHost *\n  User deploy\n")
	_, out, errs := call(t, home, "", "explain", "web-1")
	// How many defaults there are is a matter of ssh's version.
	table, _, _ := strings.Cut(strings.ReplaceAll(out, home.Dir, "DIR"), "\n"+regexp.MustCompile(`\d+ more are defaults`).FindString(out))
	const want = `web-1: worked out here, as ssh -G would
KEYWORD       VALUE           FROM
hostname      10.0.0.5        DIR/.ssh/config:2
user          deploy          DIR/.ssh/config:7
identityfile  /keys/a         DIR/.ssh/config:3
              /keys/%n        DIR/.ssh/config:4
              -> /keys/a
              -> /keys/web-1`
	if table != want || errs != "" {
		t.Errorf("got:\n%s%s\nwant:\n%s", table, errs, want)
	}
	_, out, _ = call(t, home, "", "explain", "me@web-1:2222")
	if !strings.Contains(out, "given") || strings.Contains(out, "deploy") {
		t.Errorf("user and port of the question:\n%s", out)
	}
	_, all, _ := call(t, home, "", "explain", "web-1", "--all")
	if !strings.Contains(all, "hostname") || !strings.Contains(all, "checkhostip") || !strings.Contains(all, "default") || strings.Contains(all, "--all") {
		t.Errorf("with all:\n%s", all)
	}
	home.AppendConfig("Match exec true\n  Compression yes\n")
	_, out, _ = call(t, home, "", "explain", "web-1")
	if want := "web-1: answered by ssh -G, because of Match exec at " + home.ConfigFile + ":8\n"; !strings.HasPrefix(out, want) {
		t.Errorf("want %q, got:\n%s", want, out)
	}
}

// The demo's machines are explained without a look at ssh_config.
func TestExplainInTheDemo(t *testing.T) {
	home := sshdtest.NewHome(t)
	status, out, errs := call(t, home, "", "--demo", "--data", filepath.Join(home.Dir, "demo"), "explain", "demo-web-1")
	if status != exitOK || !strings.Contains(out, "the demo fleet sets these itself") || !strings.Contains(out, "127.0.0.1") {
		t.Errorf("exit status %d\n%s%s", status, out, errs)
	}
}
