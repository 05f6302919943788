package domain

import (
	"strings"
	"testing"
)

// What stands in a list on a terminal is a name and nothing that drives it.
func TestNames(t *testing.T) {
	for _, bad := range []string{"", " a", "a\nb", "a\x1b[31m", "web\u009b31m", "a\u202eb", "a\u200bb", "\xff"} {
		if err := checkName("name", bad); err == nil {
			t.Errorf("%q is taken for a name", bad)
		}
	}
	for _, good := range []string{"web-1", "Größe 2", "数据库", "a (b), c"} {
		if err := checkName("name", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// A host never holds what a shell or known_hosts could take for something else.
func TestHosts(t *testing.T) {
	for _, bad := range []string{"", "-x", "fe80::1%$(id)", "fe80::1%a,*", "fe80::1%a b", "a b", "a;b", "[::1]", "a..b", "a/b"} {
		if ValidHost(bad) {
			t.Errorf("%q is taken for a host", bad)
		}
	}
	for _, good := range []string{"web-1", "10.0.0.1", "::1", "fe80::1%eth0", "fe80::1%br-0.1", "a.b.", "under_score"} {
		if !ValidHost(good) {
			t.Errorf("%q is refused", good)
		}
	}
}

// Details are copied into terminals.
func TestDetailsCantDriveATerminal(t *testing.T) {
	e := NewError(CodeInternal, "", "x").WithDetails("%s", "a\x1b[201~b\rc\u009bd\ne\tf")
	if strings.ContainsAny(e.Details, "\x1b\r\u009b") || !strings.Contains(e.Details, "\ne\tf") {
		t.Errorf("%q", e.Details)
	}
}

// A machine's words are one line of text.
func TestSaid(t *testing.T) {
	for said, want := range map[string]string{
		" a\r\n\tb ": "a b", "\x1b[2Jx": "�[2Jx", "a\u202eb\u200b": "a�b�", "\xffq": "�q", "längere": "läng…", "": "",
	} {
		if got := Said(said, 5); strings.HasPrefix(said, "l") && got != want || !strings.HasPrefix(said, "l") && Said(said, 100) != want {
			t.Errorf("%q is shown as %q and %q, want %q", said, got, Said(said, 100), want)
		}
	}
}

// A command for the terminal takes only what can reach it there.
func TestTerminalCommands(t *testing.T) {
	base := Command{Name: "top", Kind: KindTerminal, Script: "htop", Scope: Scope{Kind: ScopeEverywhere}}
	if err := base.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*Command){
		"workDir": func(c *Command) { c.WorkDir = "/" },
		"env":     func(c *Command) { c.Env = map[string]string{"A": "b"} },
		"params":  func(c *Command) { c.Params = []Param{{Name: "pw", Type: ParamSecret}} },
		"options": func(c *Command) { c.Options.Merge = true },
	} {
		c := base
		change(&c)
		if err := c.Validate(); AsError(err) == nil || AsError(err).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
