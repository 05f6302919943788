package ssh

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// shells are those that this computer has; as somebody else than root only one's own can be tried.
func shells(t testing.TB) []string {
	t.Helper()
	if os.Geteuid() != 0 {
		return []string{""}
	}
	return installed("/bin/bash", "/bin/dash", "/usr/bin/fish", "/usr/bin/zsh", "/bin/csh")
}

// Whatever the login shell: script, environment, folder, exit status and both streams are as with ssh.
func TestEveryLoginShell(t *testing.T) {
	t.Parallel()
	for _, shell := range shells(t) {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			c, _, _ := box(t, sshdtest.Options{Shell: shell})
			value := "it's \"a\" $value!\n\\ second \u00e9 line"
			got, exit := run(t, c, domain.Exec{
				Script:  "printenv VALUE\npwd\nsh -c 'echo err >&2'\nprintenv VMO_RUN_ID\nexit 7",
				RunID:   "run-1",
				WorkDir: "/usr/share",
				// fish writes the environment anew in the locale's encoding.
				Env: map[string]string{"VALUE": value, "LC_ALL": "C.UTF-8"},
			})
			want := value + "\n/usr/share\nrun-1\n"
			if got.stdout() != want {
				t.Errorf("stdout %q, want %q", got.stdout(), want)
			}
			if !strings.HasSuffix(got.stderr(), "err\n") || strings.Contains(got.stderr(), "vmo") {
				t.Errorf("stderr %q", got.stderr())
			}
			if exit.Kind != domain.ExitStatus || exit.Code != 7 {
				t.Errorf("exit %+v", exit)
			}
		})
	}
}

func TestLoginShellKeepsItsOwnLanguage(t *testing.T) {
	scripts := map[string]string{
		"bash": `a=(1 2 3); echo ${a[2]} $0`, "fish": `set a 1 2 3; echo $a[3] fish`, "zsh": `a=(1 2 3); echo $a[3] zsh`,
		"csh": `set a = (1 2 3); echo $a[3] csh`, "dash": `echo 3 dash`,
	}
	for _, shell := range shells(t) {
		if shell == "" {
			continue
		}
		name := filepath.Base(shell)
		t.Run(name, func(t *testing.T) {
			c, _, _ := box(t, sshdtest.Options{Shell: shell})
			got, _ := run(t, c, domain.Exec{Script: scripts[name]})
			if want := "3 "; !strings.HasPrefix(got.stdout(), want) || !strings.Contains(got.stdout(), name) {
				t.Errorf("%s printed %q (%q)", name, got.stdout(), got.stderr())
			}
		})
	}
}

func TestExitIsUntouched(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	for _, tc := range []struct {
		script string
		want   domain.Exit
	}{
		{"true", domain.Exit{Kind: domain.ExitStatus}},
		{"exit 255", domain.Exit{Kind: domain.ExitStatus, Code: 255}},
		{"kill -KILL $$", domain.Exit{Kind: domain.ExitSignal, Signal: "KILL"}},
		{"kill -TERM $$", domain.Exit{Kind: domain.ExitSignal, Signal: "TERM"}},
		{"no-such-command-here 2>/dev/null", domain.Exit{Kind: domain.ExitStatus, Code: 127}},
	} {
		t.Run(tc.script, func(t *testing.T) {
			if _, exit := run(t, c, domain.Exec{Script: tc.script}); exit != tc.want {
				t.Errorf("exit %+v, want %+v", exit, tc.want)
			}
		})
	}
}

// The marker's line before the script must not shift the line numbers in bash's messages.
func TestLineNumbersOfBash(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	got, _ := run(t, c, domain.Exec{Script: "no-such-command-here\ntrue\nno-such-either"})
	if text := got.stderr(); !strings.Contains(text, "line 1: no-such-command") || !strings.Contains(text, "line 3: no-such-either") {
		t.Errorf("stderr %q", text)
	}
	got, exit := run(t, c, domain.Exec{Script: "echo 'unclosed"})
	if exit.Code == 0 || !strings.Contains(got.stderr(), "unexpected EOF") {
		t.Errorf("an unclosed quote: exit %+v, stderr %q", exit, got.stderr())
	}
}

func TestStdinIsEmpty(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	got, exit := run(t, c, domain.Exec{Script: "cat; echo end"})
	if got.stdout() != "end\n" || exit.Code != 0 {
		t.Errorf("printed %q, exit %+v", got.stdout(), exit)
	}
}

func TestScriptTooLongForTheCommandLine(t *testing.T) {
	for _, shell := range shells(t) {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			c, _, _ := box(t, sshdtest.Options{Shell: shell})
			script := strings.Repeat("# a comment with 'quotes' and ! and \\ to make it long\n", 8000) + "echo end\n" + "cat\nexit 3\n"
			got, exit := run(t, c, domain.Exec{Script: script})
			if got.stdout() != "end\n" || exit.Code != 3 {
				t.Errorf("printed %.200q, stderr %.200q, exit %+v", got.stdout(), got.stderr(), exit)
			}
		})
	}
}

func TestMissingFolder(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	got, exit := run(t, c, domain.Exec{Script: "echo never", WorkDir: "/no/such/folder"})
	if exit.Code != 1 || got.stdout() != "" || !strings.Contains(got.stderr(), "/no/such/folder") {
		t.Errorf("exit %+v, stdout %q, stderr %q", exit, got.stdout(), got.stderr())
	}
	got, _ = run(t, c, domain.Exec{Script: "pwd", WorkDir: "~"})
	if !strings.HasPrefix(got.stdout(), "/") || strings.Contains(got.stdout(), "~") {
		t.Errorf("~ became %q", got.stdout())
	}
}

// 300 short runs without a final newline lose nothing, many at a time, over a few connections.
func TestShortRunsLoseNothing(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	var wait sync.WaitGroup
	turns := make(chan struct{}, 20)
	for i := range 300 {
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			sink := &record{}
			p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: fmt.Sprintf("short-%d", i), Script: fmt.Sprintf("printf out-%d; printf err-%d >&2; exit %d", i, i, i%200)}, sink)
			if err != nil {
				t.Errorf("run %d: %v", i, err)
				return
			}
			exit := p.Wait()
			if sink.stdout() != fmt.Sprintf("out-%d", i) || sink.stderr() != fmt.Sprintf("err-%d", i) || exit.Code != i%200 || exit.Kind != domain.ExitStatus {
				t.Errorf("run %d: stdout %q, stderr %q, exit %+v", i, sink.stdout(), sink.stderr(), exit)
			}
		})
	}
	wait.Wait()
	if n := c.Connections(); n > 3 {
		t.Errorf("%d connections for 20 runs at a time, want 3 at most", n)
	}
}

// What a server calls a signal is kept only if it can be one.
func TestSignalName(t *testing.T) {
	for said, want := range map[string]string{"TERM": "TERM", "sigrt@openssh.com": "sigrt@openssh.com", "RTMIN+1": "RTMIN+1", "": "?", "a b": "?", "\x1b[2J": "?", strings.Repeat("A", 33): "?"} {
		if got := signalName(said); got != want {
			t.Errorf("%q is kept as %q", said, got)
		}
	}
}
