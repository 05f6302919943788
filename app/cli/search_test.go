package main

import (
	"strings"
	"testing"
	"time"

	"vmorchestrator/internal/sshdtest"
)

func TestSearch(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("web-1", srv)
	if status, out, errs := call(t, home, "", "search", "refused"); status != exitSome || out != "" || errs != "" {
		t.Errorf("nothing kept: %d, %q, %q", status, out, errs)
	}
	call(t, home, "", "run", "--on", "web-1", "--", `for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; printf 'Connection \033[31mREFUSED\033[0m\n'; echo ten; sleep 0.3; echo connection refused >&2`)
	call(t, home, "", "run", "--on", "web-1", "--", `echo the connection was refused; printf 'refused at last'; exit 3`)
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"newest first", []string{"refused"}, 0, "2 web-1:1: the connection was refused\n2 web-1:2: refused at last\n1 web-1:10: Connection REFUSED\n1 web-1:12: connection refused\n"},
		{"case", []string{"--case", "REFUSED"}, 0, "1 web-1:10: Connection REFUSED\n"},
		{"regex", []string{"--regex", "^connection.*refused$"}, 0, "1 web-1:10: Connection REFUSED\n1 web-1:12: connection refused\n"},
		{"stream", []string{"--stream", "stderr", "refused"}, 0, "1 web-1:12: connection refused\n"},
		{"exit and status", []string{"--exit", "3", "--status", "failed", "refused at"}, 0, "2 web-1:2: refused at last\n"},
		{"exit 0", []string{"--exit", "0", "--vm", "web-1", "refused at"}, 1, ""},
		{"another VM", []string{"--vm", "web-2", "refused"}, 1, ""},
		{"another command", []string{"--command", "none", "refused"}, 1, ""},
		{"limit", []string{"--limit", "1", "refused"}, 0, "2 web-1:1: the connection was refused\n"},
		{"since", []string{"--since", "1h", "--limit", "1", "refused"}, 0, "2 web-1:1: the connection was refused\n"},
		{"until", []string{"--until", "1h", "refused"}, 1, ""},
		{"context", []string{"--context", "1", "--case", "ne 2"}, 0, "1 web-1:1- line 1\n1 web-1:2: line 2\n1 web-1:3- line 3\n"},
		{"context that meets", []string{"--context", "1", "--regex", "ne [158]"}, 0,
			"1 web-1:1: line 1\n1 web-1:2- line 2\n--\n1 web-1:4- line 4\n1 web-1:5: line 5\n1 web-1:6- line 6\n1 web-1:7- line 7\n1 web-1:8: line 8\n1 web-1:9- line 9\n"},
		{"context of two jobs", []string{"--context", "1", "--regex", "ne 1|at last"}, 0,
			"2 web-1:1- the connection was refused\n2 web-1:2: refused at last\n--\n1 web-1:1: line 1\n1 web-1:2- line 2\n"},
	} {
		status, out, errs := call(t, home, "", append([]string{"search"}, c.args...)...)
		if status != c.status || out != c.want || errs != "" {
			t.Errorf("%s: status %d, want %d\n%s\nwant\n%s%s", c.name, status, c.status, out, c.want, errs)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--regex", "a("}, "vmo: the expression has no meaning: missing closing )"},
		{[]string{""}, "vmo: there is no text to look for"},
		{[]string{"x", "--since", "soon"}, `vmo: --since "soon" is no time`},
		{[]string{"x", "--stream", "both"}, `vmo: "both" is no stream`},
		{[]string{"x", "--status", "good"}, `vmo: "good" is no status`},
		{[]string{"x", "--context", "-1"}, "vmo: --limit is a number from 1, --context one from 1 to 1000"},
	} {
		status, out, errs := call(t, home, "", append([]string{"search"}, c.args...)...)
		if status != exitUsage || out != "" || !strings.HasPrefix(errs, c.want) {
			t.Errorf("%q: status %d, %q, %q", c.args, status, out, errs)
		}
	}
}

func TestMoment(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{
		"90m": now.Add(-90 * time.Minute), "7d": now.AddDate(0, 0, -7), "2026-11-01": time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local),
		"2026-11-24 08:30": time.Date(2026, 11, 24, 8, 30, 0, 0, time.Local), "2026-11-24T08:30:00Z": time.Date(2026, 11, 24, 8, 30, 0, 0, time.UTC),
	} {
		if got, err := moment("--since", text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v (%v)", text, got, err)
		}
	}
	for _, text := range []string{"-1d", "-5m", "tomorrow", "2026-13-01"} {
		if _, err := moment("--since", text, now); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
