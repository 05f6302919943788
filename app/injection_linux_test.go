package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// taken is what a run printed on both streams.
type taken struct {
	mu       sync.Mutex
	out, err strings.Builder
}

func (s *taken) Write(stream domain.Stream, p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stream == domain.Stderr {
		s.err.Write(p)
	} else {
		s.out.Write(p)
	}
	return nil
}

func (*taken) Notice(string) {}

// loginShells are those that the tests can log in with: as somebody else than root, one's own.
func loginShells(t *testing.T) []string {
	t.Helper()
	if os.Geteuid() != 0 {
		return []string{""}
	}
	var found []string
	for _, shell := range []string{"/bin/bash", "/bin/dash", "/bin/sh", "/usr/bin/fish", "/usr/bin/zsh", "/bin/csh"} {
		if _, err := os.Stat(shell); err == nil {
			found = append(found, shell)
		}
	}
	if len(found) < 5 {
		t.Fatalf("only %s are installed: build/setup.sh test installs them", found)
	}
	return found
}

// hostileValues are made of what shells read as something else, each in an own parameter; canary is what none may make.
func hostileValues(canary string, lineBreaks bool, longest int) []string {
	bits := []string{"'", `"`, `\`, "$(touch " + canary + ")", "`touch " + canary + "`", "; touch " + canary + " ;", "$HOME", "${", "!", "!!", "é", "日本", "\u202e", " ", "\t", "#", "{{v0}}", "%s", "*", "~", "\x01", "\x7f", "&", "|", "<x", ">" + canary, "-n", "(", ")", "[", "^a^b"}
	values := []string{"", "plain", "it's", `"`, `\`, "$(touch " + canary + ")", "`touch " + canary + "`", "'; touch " + canary + "; '", "!!", "Grüße, 日本", "-rf", "*"}
	if lineBreaks {
		bits = append(bits, "\n", "\r\n", "\n touch "+canary+"\n", "\\\n")
		values = append(values, "a\nb", "\n", "'\ntouch "+canary+"\n'", "EOF\ntouch "+canary)
	}
	r := rand.New(rand.NewPCG(11, uint64(longest))) //nolint:gosec // the same values in every run
	for _, size := range []int{20, 40, 80, 160, 320, longest} {
		var value strings.Builder
		for value.Len() < size {
			value.WriteString(bits[r.IntN(len(bits))])
		}
		values = append(values, value.String())
	}
	return values
}

// Over a real sshd, into a real login of every shell: each value arrives as exactly one argument, in the login shell's own
// script where that shell can take it, and in any login when the script's first line names /bin/sh.
func TestValuesArriveExactlyInEveryLogin(t *testing.T) {
	for _, shell := range loginShells(t) {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			t.Parallel()
			csh := strings.HasSuffix(shell, "csh")
			home := sshdtest.NewHome(t)
			srv := sshdtest.Start(t, sshdtest.Options{Shell: shell})
			home.Ready("box", srv)
			a, err := Open(t.Context(), Config{DataDir: t.TempDir(), SSHConfig: home.ConfigFile})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
			at, err := sshdtest.HomeOf(srv.User)
			if err != nil {
				t.Fatal(err)
			}
			canary := filepath.Join(at, "canary"+newID())
			run := func(script string, values []string) (domain.Exit, *taken) {
				t.Helper()
				c, given := domain.Command{Name: "x", Script: script, Kind: domain.KindSSH}, map[string]string{}
				for i, value := range values {
					name := fmt.Sprintf("v%d", i)
					c.Params, given[name] = append(c.Params, domain.Param{Name: name, Type: domain.ParamText}), value
				}
				rendered, err := a.Commands.Render(c, given)
				if err != nil {
					t.Fatal(err)
				}
				sink := &taken{}
				// fish takes its arguments apart in the encoding of the locale
				p, err := a.SSH.Start(t.Context(), domain.Target{Kind: domain.TargetSSH, Alias: "box"}, domain.Exec{RunID: newID(), Script: rendered, Env: map[string]string{"LC_ALL": "C.UTF-8"}}, sink)
				if err != nil {
					t.Fatal(err)
				}
				exit := p.Wait()
				if _, err := os.Stat(canary); err == nil {
					t.Error("a value was run as code")
					_ = os.Remove(canary)
				}
				return exit, sink
			}
			exact := func(what, script string, values []string) {
				t.Helper()
				want := ""
				for i, value := range values {
					script += fmt.Sprintf(" {{v%d}}", i)
					want += value + "\x00"
				}
				exit, got := run(script, values)
				if exit.Code != 0 || got.out.String() != want {
					t.Errorf("%s: %+v, %d bytes, want %d\n%.300q\n%.300q\n%.300q", what, exit, got.out.Len(), len(want), got.out.String(), want, got.err.String())
				}
			}
			const printf = `/usr/bin/printf '%s\0'` // the program, so that its arguments are those of execve(2)
			if csh {
				exact("its own script", printf, hostileValues(canary, false, 700))
			} else {
				exact("its own script", printf, hostileValues(canary, true, 100_000))
			}
			exact("a script of /bin/sh", "#!/bin/sh\n"+printf, hostileValues(canary, true, 100_000))
			exact("a script of bash with options", "#!/usr/bin/env bash -eu\n[[ -o errexit ]]\n"+printf, hostileValues(canary, true, 400))
			if !csh {
				return
			}
			for _, value := range []string{"a\nb", "'\ntouch " + canary + "\n'", strings.Repeat("x", 100_000)} {
				if exit, got := run("echo begin {{v0}}", []string{value}); exit.Code == 0 || strings.Contains(got.out.String(), "begin") || got.err.Len() == 0 {
					t.Errorf("what csh can't take, %.20q: %+v, %.100q, %.100q", value, exit, got.out.String(), got.err.String())
				}
			}
		})
	}
}

// The commands that come with the app decide, loop and pipe in many lines: they run in a login of every shell.
func TestShippedCommandsInEveryLogin(t *testing.T) {
	says := map[string]string{"System overview": "processors", "Disk usage": "Filesystem", "Memory": "MiB", "Top processes": "PID", "Kernel and release": "Linux", "Listening ports": "", "Tail a file": "root:"}
	for _, shell := range loginShells(t) {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			t.Parallel()
			home := sshdtest.NewHome(t)
			home.Ready("box", sshdtest.Start(t, sshdtest.Options{Shell: shell}))
			a, err := Open(t.Context(), Config{DataDir: t.TempDir(), SSHConfig: home.ConfigFile})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Close(context.WithoutCancel(t.Context())) })
			for _, c := range a.Commands.Shipped() {
				text, known := says[c.Name]
				if !known {
					continue
				}
				values := map[string]string{}
				if c.Name == "Tail a file" {
					values = map[string]string{"file": "/etc/passwd", "lines": "99", "follow": "no"}
				}
				script, err := a.Commands.Render(c, values)
				if err != nil {
					t.Fatal(err)
				}
				sink := &taken{}
				p, err := a.SSH.Start(t.Context(), domain.Target{Kind: domain.TargetSSH, Alias: "box"}, domain.Exec{RunID: newID(), Script: script}, sink)
				if err != nil {
					t.Fatal(err)
				}
				if exit := p.Wait(); exit.Code != 0 || !strings.Contains(sink.out.String(), text) {
					t.Errorf("%s: %+v\n%s%s", c.Name, exit, sink.out.String(), sink.err.String())
				}
			}
		})
	}
}
