package ssh

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// openDir is a folder that every account can read.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vmo-remote-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bashrc is "box" with a login shell that reads this .bashrc first.
func bashrc(t *testing.T, text string) *Client {
	t.Helper()
	home := openDir(t)
	if err := os.WriteFile(filepath.Join(home, ".bashrc"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, _, _ := box(t, sshdtest.Options{Env: []string{"HOME=" + home}})
	return c
}

// A .bashrc that prints: its words are a notice, and the output is the command's alone.
func TestBashrcPrints(t *testing.T) {
	c := bashrc(t, "echo welcome; echo 'mind the step' >&2; printf 'no newline'; hello() { echo hello $1; }\n")
	got, exit := run(t, c, domain.Exec{Script: "hello you; echo err >&2; exit 4"})
	if got.stdout() != "hello you\n" || got.stderr() != "err\n" || exit.Code != 4 {
		t.Errorf("stdout %q, stderr %q, exit %+v", got.stdout(), got.stderr(), exit)
	}
	if said := strings.Join(got.notices, "\n"); !strings.Contains(said, "welcome") || !strings.Contains(said, "mind the step") {
		t.Errorf("notices %q", said)
	}
	p, id := begin(t, c, stubborn["ignores TERM"])
	if got := p.Stop(within(t), 100*time.Millisecond); got.State != domain.StopStopped {
		t.Errorf("stop: %+v", got)
	}
	nothingLeft(t, id, p.Remote().PID, 0)
}

// A login shell that is bash runs the script itself, as it does for ssh. Nothing that .bashrc makes of it keeps runs and
// stops from working.
func TestBashrcMakesAnotherShellOfIt(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"functions in the place of what is called": "for f in printf read set export unset shift cd kill sleep grep echo pgrep trap command; do eval \"$f() { :; }\"; done\n",
		"aliases":        "shopt -s expand_aliases; alias kill=true grep='grep --color=always' sleep=true read=false\n",
		"options":        "set -euf; IFS=:0\n",
		"POSIX mode":     "set -o posix\n",
		"another $SHELL": "export SHELL=/bin/dash\n",
		"traps":          "trap 'builtin exit 9' USR1; trap 'echo debug >/dev/null' DEBUG\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := bashrc(t, text)
			got, exit := run(t, c, domain.Exec{Script: "env printenv VMO_RUN_ID; env pwd; exit 4", RunID: "run-1", WorkDir: "/usr/share"})
			if got.stdout() != "run-1\n/usr/share\n" || exit.Code != 4 {
				t.Errorf("stdout %q, stderr %q, exit %+v", got.stdout(), got.stderr(), exit)
			}
			p, id := begin(t, c, "env sleep 300; env sleep 301; env sleep 302")
			if got := p.Stop(within(t), 100*time.Millisecond); got.State != domain.StopStopped {
				t.Errorf("stop: %+v", got)
			}
			nothingLeft(t, id, p.Remote().PID, 0)
		})
	}
}

// What .bashrc does is done once, as for ssh.
func TestBashrcIsReadOnce(t *testing.T) {
	log := filepath.Join(openDir(t), "log")
	c := bashrc(t, "case $BASH_EXECUTION_STRING in *vmo-keeper*) ;; *) echo read >>"+log+";; esac\n")
	if err := os.WriteFile(log, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(log, 0o666); err != nil {
		t.Fatal(err)
	}
	if got, exit := run(t, c, domain.Exec{Script: "cat " + log + "; echo $SHLVL"}); got.stdout() != "read\n1\n" || exit.Code != 0 {
		t.Errorf("stdout %q, stderr %q, exit %+v", got.stdout(), got.stderr(), exit)
	}
}

// What the environment of a command has is for that command: everybody on the target may read a login shell's arguments.
func TestEnvironmentIsInNoArguments(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	got, _ := run(t, c, domain.Exec{Script: `tr '\0' '\n' </proc/$$/cmdline; printenv WORD`, Env: map[string]string{"WORD": "sesame"}})
	if strings.Count(got.stdout(), "sesame") != 1 {
		t.Errorf("stdout %q", got.stdout())
	}
}

// A .bashrc that never gives way to the command: what it said is told, and that nothing ran.
func TestBashrcTakesOver(t *testing.T) {
	for name, tc := range map[string]struct{ text, words string }{
		"execs another shell": {"echo going elsewhere; exec /bin/sh\n", "going elsewhere"},
		"exits":               {"echo not today; exit 3\n", "not today"},
		"kills itself":        {"kill -KILL $$\n", "KILL"},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, login(t, bashrc(t, tc.text)), domain.CodeNoShell, tc.words)
		})
	}
}

// A .bashrc that waits for something: the command is given up in time, and its place is free again.
func TestBashrcHangs(t *testing.T) {
	t.Parallel()
	c := bashrc(t, "echo waiting for the disk; exec sleep 4713\n")
	c.limits.begin, c.limits.reply = time.Second, time.Second
	want(t, login(t, c), domain.CodeNoShell, "didn't begin the command", "waiting for the disk")
	eventually(t, "the place of the run is free", 30*time.Second, func() bool {
		c.pool.mu.Lock()
		defer c.pool.mu.Unlock()
		for _, h := range c.pool.hosts {
			for _, cn := range h.conns {
				if cn.jobs > 0 {
					return false
				}
			}
		}
		return true
	})
}

// A login that hangs once, as on a machine with much to do, leaves no run without its keeper: it is tried again.
func TestKeeperIsTriedAgain(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	c := bashrc(t, "case $BASH_EXECUTION_STRING in *vmo-keeper*) mkdir "+dir+"/hung 2>/dev/null && exec sleep 4714;; esac\n")
	c.limits.reply = 2 * time.Second
	p, id := begin(t, c, "sleep 4715")
	eventually(t, "the login of the first keeper hangs", 10*time.Second, func() bool {
		return slices.ContainsFunc(sshdtest.Living(), func(p sshdtest.Proc) bool { return p.Command == "sleep 4714" })
	})
	eventually(t, "a keeper has the run", 30*time.Second, func() bool { return p.leaseEnds() != nil })
	p.conn.kill()
	nothingLeft(t, id, p.Remote().PID, 30*time.Second)
}

// links is a folder for PATH that has these programs alone.
func links(t *testing.T, names ...string) string {
	t.Helper()
	bin := openDir(t)
	for _, name := range names {
		found := installed("/usr/bin/"+name, "/bin/"+name)
		if len(found) == 0 {
			t.Fatalf("%s isn't installed", name)
		}
		if err := os.Symlink(found[0], filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

// A small system has neither pgrep nor setsid: the keeper looks through /proc itself, and a run needs neither.
func TestWithoutPgrep(t *testing.T) {
	t.Parallel()
	for _, login := range sshdtest.Logins() {
		t.Run(login, func(t *testing.T) {
			home := openDir(t) // whose .bashrc puts no folder back into PATH
			c, _, _ := box(t, sshdtest.Options{User: login, Env: []string{"PATH=" + links(t, "sleep", "grep", "sh"), "HOME=" + home}})
			for _, name := range []string{"plain", "ignores TERM", "children", "set -m", "stopped"} {
				p, id := begin(t, c, stubborn[name])
				if got := p.Stop(within(t), 300*time.Millisecond); got.State != domain.StopStopped {
					t.Errorf("%s: stop: %+v", name, got)
				}
				nothingLeft(t, id, p.Remote().PID, 0)
			}
		})
	}
}

// No /proc, as on a BSD: the keeper asks ps.
func TestWithoutProc(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return
	}
	bin := links(t, "sleep", "grep", "sh", "date")
	real := openDir(t)
	// Linux' own ps needs /proc, so this one has it under another name.
	ps := "#!/bin/sh\nfor f in " + real + "/[0-9]*/stat; do read -r st <\"$f\" || continue; p=${st%% *}; st=${st##*) }; set -- $st; [ \"$1\" = Z ] || echo \"$p $3\"; done 2>/dev/null\n"
	if err := os.WriteFile(filepath.Join(bin, "ps"), []byte(ps), 0o755); err != nil {
		t.Fatal(err)
	}
	hide := []string{"unshare", "-m", "sh", "-c", "mount --bind /proc " + real + " && mount -t tmpfs none /proc && exec \"$0\" \"$@\""}
	c, _, _ := box(t, sshdtest.Options{Under: hide, Env: []string{"PATH=" + bin, "HOME=" + openDir(t)}})
	got, exit := run(t, c, domain.Exec{Script: "echo hi; exit 3"})
	if got.stdout() != "hi\n" || exit.Code != 3 {
		t.Errorf("stdout %q, exit %+v", got.stdout(), exit)
	}
	for _, name := range []string{"plain", "ignores TERM", "children"} {
		p, id := begin(t, c, stubborn[name])
		if p.Remote().StartTime != "" {
			t.Error("a start time was told: /proc is there")
		}
		if got := p.Stop(within(t), 300*time.Millisecond); got.State != domain.StopStopped {
			t.Errorf("%s: stop: %+v", name, got)
		}
		nothingLeft(t, id, p.Remote().PID, 0)
	}
}

// Nothing can be written to /tmp: short and long scripts run all the same, but for a long one in csh, which needs a
// file: that fails with mktemp's words, and nothing of it ran.
func TestTmpCannotBeWritten(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("# a comment to make it long\n", 8000) + "echo end\n"
	for _, shell := range shells(t) {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			c, _, _ := box(t, sshdtest.Options{Shell: shell, Env: []string{"TMPDIR=/proc"}})
			if got, exit := run(t, c, domain.Exec{Script: "echo end"}); got.stdout() != "end\n" || exit.Code != 0 {
				t.Errorf("stdout %q, exit %+v", got.stdout(), exit)
			}
			sink := &record{}
			p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: long}, sink)
			if strings.HasSuffix(shell, "csh") {
				want(t, err, domain.CodeNoShell, "mktemp")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if exit := p.Wait(); sink.stdout() != "end\n" || exit.Code != 0 {
				t.Errorf("a long script: stdout %q, exit %+v", sink.stdout(), exit)
			}
		})
	}
}

// The same where /tmp is full: csh's file isn't whole, so the script isn't begun.
func TestTmpIsFull(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	dir := openDir(t)
	full := []string{"unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=8k,mode=1777 none " + dir + " && exec \"$0\" \"$@\""}
	c, _, _ := box(t, sshdtest.Options{Shell: "/bin/csh", Under: full, Env: []string{"TMPDIR=" + dir}})
	_, err := c.Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: strings.Repeat("echo never # and so on\n", 8000)}, &record{})
	want(t, err, domain.CodeNoShell, "No space left")
	if got, exit := run(t, c, domain.Exec{Script: "echo end"}); got.stdout() != "end\n" || exit.Code != 0 {
		t.Errorf("a short script: stdout %q, exit %+v", got.stdout(), exit)
	}
}

// sshd's process for the connection is killed, as when the machine goes down: the run is lost, its keeper ends it, and
// the next run connects anew.
func TestServerProcessIsKilled(t *testing.T) {
	for _, login := range sshdtest.Logins() {
		t.Run(login, func(t *testing.T) {
			c, srv, _ := box(t, sshdtest.Options{User: login})
			p, id := begin(t, c, stubborn["ignores TERM"])
			kept(t, p)
			srv.KillServing()
			if exit := p.Wait(); exit.Kind != domain.ExitUnknown || domain.CodeOf(exit.Err) != domain.CodeLost {
				t.Errorf("exit %+v", exit)
			}
			nothingLeft(t, id, p.Remote().PID, 15*time.Second)
			if _, exit := run(t, c, domain.Exec{Script: "exit 5"}); exit.Code != 5 {
				t.Errorf("the next run: %+v", exit)
			}
		})
	}
}

// A forced command may hand on what was asked for, as wrappers that log do: runs and stops are as without it.
func TestForcedCommandThatHandsOn(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{ForceCommand: `/bin/sh -c "$SSH_ORIGINAL_COMMAND"`})
	if got, exit := run(t, c, domain.Exec{Script: "echo hi; exit 3"}); got.stdout() != "hi\n" || exit.Code != 3 {
		t.Errorf("stdout %q, exit %+v", got.stdout(), exit)
	}
	p, id := begin(t, c, stubborn["set -m"])
	if got := p.Stop(within(t), 300*time.Millisecond); got.State != domain.StopStopped {
		t.Errorf("stop: %+v", got)
	}
	nothingLeft(t, id, p.Remote().PID, 0)
}

// A real-time signal has no name that the protocol knows; sshd has one word for all that it can't name.
func TestRealTimeSignal(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	_, exit := run(t, c, domain.Exec{Script: "sh -c 'kill -35 $PPID'; sleep 5"})
	if exit.Kind != domain.ExitSignal || exit.Signal == "" || exit.Signal == "?" {
		t.Errorf("exit %+v", exit)
	}
}

// SIGSTOP from outside: the run goes on to be running, and is stopped like any other.
func TestStoppedFromOutside(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	p, id := begin(t, c, "sleep 300; true")
	for _, proc := range sshdtest.OfRun(id, p.Remote().PID) {
		if err := syscall.Kill(proc.PID, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.Stop(within(t), 500*time.Millisecond); got.State != domain.StopStopped {
		t.Errorf("stop: %+v", got)
	}
	nothingLeft(t, id, p.Remote().PID, 0)
}

// sudo that isn't the keeper's to use, for one program alone or by a password: Stop tells what it couldn't end.
func TestStopUnderSudoForOneProgram(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	c, srv, _ := box(t, sshdtest.Options{Shell: "/bin/dash"}) // an account that no other test lets do more
	if !sshdtest.AllowSudoOf(t, srv.User, "/usr/bin/env") {
		return
	}
	p, id := begin(t, c, "sleep 299 & sudo -n /usr/bin/env sh -c 'trap \"\" TERM; sleep 300; true'")
	eventually(t, "sudo runs", 10*time.Second, func() bool {
		for _, proc := range sshdtest.OfRun(id, p.Remote().PID) {
			if proc.Command == "sleep 300" {
				return true
			}
		}
		return false
	})
	got := p.Stop(within(t), 300*time.Millisecond)
	if got.State != domain.StopStillRunning || len(got.PIDs) == 0 {
		t.Errorf("stop: %+v", got)
	}
	for _, pid := range got.PIDs {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	p.Wait()
}
