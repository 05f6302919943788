package ssh

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// A terminal is one only for the command that asks for it, and changes no byte of what that prints.
func TestTerminal(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	script := `for fd in 0 1 2; do test -t $fd && echo tty || echo no; done; stty size 2>/dev/null; echo "$TERM"; printf 'a\nb\r\n' >&2; cat; echo end`
	out, exit := run(t, c, domain.Exec{Script: script, Options: domain.RunOptions{Terminal: true}})
	want := "tty\ntty\ntty\n50 160\nxterm-256color\na\nb\r\nend\n"
	if out.stdout() != want || out.stderr() != "" || exit.Code != 0 {
		t.Errorf("%q and %q, %+v; want %q", out.stdout(), out.stderr(), exit, want)
	}
	if out, _ = run(t, c, domain.Exec{Script: `test -t 0 && echo tty || echo no`}); out.stdout() != "no\n" {
		t.Errorf("without being asked for: %q", out.stdout())
	}
}

// What a terminal's command starts is found and ended, too.
func TestStopWithTerminal(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	id := runID(t)
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: id, Script: "trap '' TERM HUP; set -m; sleep 300 & sleep 301", Options: domain.RunOptions{Terminal: true}}, &record{})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	if got := p.Stop(within(t), 300*time.Millisecond); got.State != domain.StopStopped {
		t.Errorf("stop: %+v", got)
	}
	nothingLeft(t, id, p.Remote().PID, 0)
}

// Merged output is in the order in which it was written, from any login shell.
func TestMerge(t *testing.T) {
	for _, shell := range installed("/bin/sh", "/bin/bash", "/usr/bin/fish", "/bin/csh", "/usr/bin/zsh") {
		o := sshdtest.Options{}
		if os.Geteuid() == 0 {
			o.Shell = shell
		}
		t.Run(filepath.Base(shell), func(t *testing.T) {
			c, _, _ := box(t, o)
			for _, length := range []int{0, 150_000} { // the longer one travels by stdin
				script := strings.Repeat("#", length) + "\n" + strings.Repeat("echo out\nsh -c 'echo err >&2'\n", 50)
				out, exit := run(t, c, domain.Exec{Script: script, Options: domain.RunOptions{Merge: true}})
				if out.stdout() != strings.Repeat("out\nerr\n", 50) || out.stderr() != "" || exit.Code != 0 {
					t.Errorf("%d bytes more: %.200q and %.200q, %+v", length, out.stdout(), out.stderr(), exit)
				}
			}
		})
	}
}

// A command that goes on keeps its streams and status while there is contact, and runs to its end without.
func TestGoOn(t *testing.T) {
	t.Parallel()
	goOn := domain.RunOptions{OnLost: domain.OnLostGoOn}
	c, link, _ := linked(t, sshdtest.Options{}, func(o *Options) { o.Lease = 900 * time.Millisecond })
	out, exit := run(t, c, domain.Exec{Script: "echo out; echo err >&2; exit 7", Options: goOn})
	if out.stdout() != "out\n" || out.stderr() != "err\n" || exit.Kind != domain.ExitStatus || exit.Code != 7 {
		t.Errorf("%q and %q, %+v", out.stdout(), out.stderr(), exit)
	}

	for name, cut := range map[string]func(){"cut": link.Cut, "frozen": link.Freeze} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mustChmod(t, dir)
			file := filepath.Join(dir, "done")
			id := runID(t)
			p, err := c.Start(within(t), alias("box"), domain.Exec{
				RunID: id, Options: goOn, Script: "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do echo $i; echo $i >&2; sleep 0.1; done; touch " + file,
			}, &record{})
			if err != nil {
				t.Fatal(err)
			}
			if !p.Remote().GoesOn {
				t.Error("it isn't known that it goes on")
			}
			time.Sleep(300 * time.Millisecond)
			cut()
			defer link.Thaw()
			eventually(t, "it has run to its end", 20*time.Second, func() bool { _, err := os.Stat(file); return err == nil })
			nothingLeft(t, id, p.Remote().PID, 5*time.Second)
		})
	}
}

// What goes on without contact is ended all the same by Stop.
func TestStopOfWhatGoesOn(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	id := runID(t)
	p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: id, Script: "trap '' TERM; while :; do echo x; sleep 0.1; done", Options: domain.RunOptions{OnLost: domain.OnLostGoOn}}, &record{})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	if got := p.Stop(within(t), 300*time.Millisecond); got.State != domain.StopStopped {
		t.Errorf("stop: %+v", got)
	}
	nothingLeft(t, id, p.Remote().PID, 0)
}

// mustChmod opens a folder to the account that logs in.
func mustChmod(t *testing.T, dir string) {
	t.Helper()
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
}
