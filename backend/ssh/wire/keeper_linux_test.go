package wire

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withProgram gives the PATH entry of an environment in which a program is a script that may call the real one.
func withProgram(t *testing.T, name, script string) string {
	t.Helper()
	bin := t.TempDir()
	text := "#!/bin/sh\nPATH='" + os.Getenv("PATH") + "'\n" + script + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return "PATH=" + bin + ":" + os.Getenv("PATH")
}

// session starts a script as a session of its own that carries a run's mark, and gives its pid.
func session(t *testing.T, runID, script string) (pid int, ended <-chan struct{}) {
	t.Helper()
	run := exec.Command("sh", "-c", script)
	run.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	run.Env = append(os.Environ(), "VMO_RUN_ID="+runID)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = run.Wait(); close(done) }()
	t.Cleanup(func() { _ = syscall.Kill(-run.Process.Pid, syscall.SIGKILL); <-done })
	return run.Process.Pid, done
}

// A child may have a lower pid than the leader of its session. If it were ended first, a script that waits for it would
// see that and could end by itself, as if nobody had stopped it.
func TestLeaderIsEndedFirst(t *testing.T) {
	path := withProgram(t, "pgrep", `reversed() { pgrep "$@" | sort -rn; }; reversed`)
	pid, _ := session(t, "order-test", "sleep 300 & sleep 301 & wait")
	functions, _, _ := strings.Cut(keeperScript, "\nserve()")
	look := func() *exec.Cmd {
		cmd := exec.Command("sh", "-c", functions+"\nmembers order-test "+strconv.Itoa(pid)+` -; echo "$all"`)
		cmd.Env = append(os.Environ(), path)
		return cmd
	}
	var pids []string
	for until := time.Now().Add(5 * time.Second); len(pids) < 3 && time.Now().Before(until); {
		out, err := look().Output()
		if err != nil {
			t.Fatal(err)
		}
		pids = strings.Fields(string(out))
	}
	if len(pids) != 3 || pids[0] != strconv.Itoa(pid) {
		t.Errorf("%v are ended in this order, the leader is %d", pids, pid)
	}
}

// A process that has left its session is known by its environment alone, and in the middle of execve(2) it has none. It
// isn't gone because one look misses it.
func TestOneLookIsNoProof(t *testing.T) {
	pid, _ := session(t, "exec-test", "exec sleep 300")
	once := filepath.Join(t.TempDir(), "missed")
	path := withProgram(t, "grep", "[ -e '"+once+"' ] || { : >'"+once+"'; exit 1; }; grep")
	functions, _, _ := strings.Cut(keeperScript, "\nserve()")
	const gone = "4194304" // above the kernel's highest pid: the session's leader is no more
	cmd := exec.Command("sh", "-c", functions+"\nmembers exec-test "+gone+` -; echo "$all"`)
	cmd.Env = append(os.Environ(), path)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(strings.Fields(string(out)), strconv.Itoa(pid)) {
		t.Errorf("the run's processes are %q, %d lives", out, pid)
	}
	if _, err := os.Stat(once); err != nil {
		t.Errorf("no look missed it: %v", err)
	}
}

// A login shell that runs the script itself has no mark in its environment, and before its pid is told no session is
// known: it is found by the run in its arguments, and nobody else is, such as who looks for it.
func TestLoginShellIsKnownByItsLine(t *testing.T) {
	for i, script := range []string{"while :; do :; done", "exec sleep 300"} {
		runID := "line-test-" + strconv.Itoa(i)
		line, _, err := Run{Nonce: "nonce", RunID: runID, Script: script}.Line()
		if err != nil {
			t.Fatal(err)
		}
		shell := exec.Command("/bin/bash", "-c", line)
		shell.Env = append(os.Environ(), "SHELL=/bin/bash")
		shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		out, err := shell.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := shell.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = shell.Process.Kill(); _ = shell.Wait() })
		if mark, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(mark, MarkerPrefix("nonce")+strconv.Itoa(shell.Process.Pid)+" ") {
			t.Fatalf("it said %q: %v", mark, err)
		}
		functions, _, _ := strings.Cut(keeperScript, "\nserve()")
		const gone = "4194304" // above the kernel's highest pid: no session is known
		look := func(runID string) []string {
			out, err := exec.Command("sh", "-c", functions+"\nmembers "+runID+" "+gone+` -; echo "$all"`).Output()
			if err != nil {
				t.Fatal(err)
			}
			return strings.Fields(string(out))
		}
		if got := look(runID); len(got) != 1 || got[0] != strconv.Itoa(shell.Process.Pid) {
			t.Errorf("%s: the run's processes are %q, the shell's pid is %d", script, got, shell.Process.Pid)
		}
		if got := look("other-test"); len(got) != 0 {
			t.Errorf("%s: another run's processes are %q", script, got)
		}
	}
}

// Two looks for one run, as of two stops, don't take each other for a part of it.
func TestWhoLooksIsNotFound(t *testing.T) {
	functions, _, _ := strings.Cut(keeperScript, "\nserve()")
	const gone = "4194304" // above the kernel's highest pid
	look := func(env string) *exec.Cmd {
		cmd := exec.Command("sh", "-c", functions+"\nlook look-test "+gone+` -; echo "$all"`)
		cmd.Env = append(os.Environ(), env)
		return cmd
	}
	slow := look(withProgram(t, "grep", "sleep 1; grep"))
	if err := slow.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Wait() }()
	for until := time.Now().Add(1500 * time.Millisecond); time.Now().Before(until); {
		out, err := look("").Output()
		if err != nil {
			t.Fatal(err)
		}
		if found := strings.Fields(string(out)); len(found) > 0 {
			t.Fatalf("%q are found, and nobody runs", found)
		}
	}
}

// keep starts a keeper with the nonce n in a shell, and one more variable in its environment.
func keep(t *testing.T, shell string, lease time.Duration, env string) (*exec.Cmd, io.WriteCloser, io.Reader) {
	t.Helper()
	line, err := Keeper{Nonce: "n", Lease: lease}.Line()
	if err != nil {
		t.Fatal(err)
	}
	keeper := exec.Command(shell, "-c", line)
	keeper.Env = append(os.Environ(), env)
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it ends its own group
	in, err := keeper.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := keeper.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Start(); err != nil {
		t.Fatal(err)
	}
	return keeper, in, out
}

// A request that comes in two parts, with a tick of the lease between them, is one.
func TestRequestInTwoParts(t *testing.T) {
	for _, shell := range []string{"/bin/bash", "/bin/dash"} {
		keeper, in, out := keep(t, shell, 2700*time.Millisecond, "SHELL="+shell)
		for _, part := range []string{"R in-two-", "parts 999999 1\n"} {
			if _, err := io.WriteString(in, part); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
		}
		_ = in.Close()
		said, _ := io.ReadAll(out)
		_ = keeper.Wait() // it kills itself
		if !strings.Contains(string(said), "n R in-two-parts\n") {
			t.Errorf("%s said %q", shell, said)
		}
	}
}

// On a busy machine each look at the processes takes long; the grace between TERM and KILL is not that much longer.
func TestGraceIsTimeAndNotLooks(t *testing.T) {
	path := withProgram(t, "pgrep", "sleep 0.2; pgrep")
	run, ended := session(t, "grace-test", "trap '' TERM; while :; do sleep 0.1; done")

	keeper, in, out := keep(t, "sh", time.Minute, path)
	began := time.Now()
	for _, r := range []Request{{Verb: Register, RunID: "grace-test", PID: run}, {Verb: Stop, RunID: "grace-test", Grace: 2 * time.Second}} {
		if _, err := io.WriteString(in, r.String()); err != nil {
			t.Fatal(err)
		}
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		r, ok := ParseReply("n", lines.Text())
		if !ok || r.Verb != Stop {
			continue
		}
		if took := time.Since(began); len(r.PIDs) != 0 || took < 2*time.Second || took > 15*time.Second {
			t.Errorf("left %v after %v", r.PIDs, took)
		}
		break
	}
	<-ended
	_ = in.Close()
	_ = keeper.Wait() // it kills itself
}
