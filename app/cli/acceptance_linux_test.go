package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// An alias in a file that ssh_config includes, reached through a jump host, as a person has it.
func TestAliasThroughIncludeAndJump(t *testing.T) {
	t.Parallel()
	jump, target := sshdtest.Start(t, sshdtest.Options{}), sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("jump", jump)
	home.Ready("box", target, "ProxyJump jump")
	included := filepath.Join(home.Dir, ".ssh", "conf.d")
	must(t, os.Mkdir(included, 0o700))
	must(t, os.Rename(home.ConfigFile, filepath.Join(included, "servers")))
	must(t, os.WriteFile(home.ConfigFile, []byte("Include "+included+"/*\n"), 0o600))
	d := newData(t, home)

	host, err := os.Hostname()
	must(t, err)
	out := d.ok("run", "--on", "box", "--", "hostname; uptime")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 || lines[0] != "box | "+host || !strings.HasPrefix(lines[1], "box | ") || !strings.Contains(lines[1], "load average") {
		t.Errorf("printed %q", out)
	}
	for name, srv := range map[string]*sshdtest.Server{"jump": jump, "box": target} {
		if !strings.Contains(srv.Log(), "Accepted publickey") {
			t.Errorf("nobody logged in on %s", name)
		}
	}
	if j := d.jobs(); len(j) != 1 || j[0].Name != "hostname; uptime" || j[0].Status != domain.StatusSucceeded {
		t.Errorf("history %+v", j)
	}
	if table := d.ok("jobs"); !strings.Contains(table, "hostname; uptime") || !strings.Contains(table, "box") {
		t.Errorf("vmo jobs printed %q", table)
	}
	if again := d.ok("logs", "1"); strings.ReplaceAll(out, "box | ", "") != again {
		t.Errorf("stored %q, printed %q", again, out)
	}
}

// random is a file of random bytes on the server.
func random(t *testing.T, srv *sshdtest.Server, name string, size int) []byte {
	t.Helper()
	content := make([]byte, size)
	rand.Read(content)
	must(t, os.WriteFile(filepath.Join(srv.Dir, name), content, 0o644))
	return content
}

// Every byte of both streams is there: for a process that follows, for one that looks while the run goes on, and for
// those that come later.
func TestByteExact(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	d := newData(t, home)
	sent := map[string][]byte{"stdout": random(t, srv, "out", 50_000_000), "stderr": random(t, srv, "err", 5_000_000)}

	began := time.Now()
	run := d.start("run", "--quiet", "--on", "box", "--",
		fmt.Sprintf("cd %s; cat err >&2 & cat out; wait; until [ -e go ]; do sleep 0.05; done", srv.Dir))
	eventually(t, "the job is in the history", func() bool { return len(d.jobs()) == 1 })
	follow := d.command("logs", "1", "--raw", "--stream", "stdout", "--follow")
	pipe, err := follow.StdoutPipe()
	must(t, err)
	must(t, follow.Start())
	followed := make(chan [32]byte)
	go func() {
		sum := sha256.New()
		_, _ = io.Copy(sum, pipe)
		followed <- [32]byte(sum.Sum(nil))
	}()
	for i := 0; ; i++ { // while it runs: at every moment a beginning of what was sent, in the end all of it
		got := []byte(d.ok("logs", "1", "--raw", "--stream", "stdout"))
		if !bytes.HasPrefix(sent["stdout"], got) {
			t.Fatalf("look %d: %d bytes that were not sent", i, len(got))
		}
		if len(got) == len(sent["stdout"]) {
			break
		}
		if since := time.Since(began); since > 5*time.Minute { // it hangs; a computer at work takes one
			t.Fatalf("%d bytes after %s", len(got), since)
		}
	}
	if !run.running() {
		t.Error("the run had ended: nothing was read while it ran")
	}
	must(t, os.WriteFile(filepath.Join(srv.Dir, "go"), nil, 0o644))
	if status := run.exit(); status != 0 {
		t.Errorf("exit status %d: %s", status, run.errs)
	}
	if got := <-followed; got != sha256.Sum256(sent["stdout"]) {
		t.Error("the process that followed got other bytes")
	}
	must(t, follow.Wait())
	for stream, want := range sent {
		if got := d.ok("logs", "1", "--raw", "--stream", stream); sha256.Sum256([]byte(got)) != sha256.Sum256(want) {
			t.Errorf("%s: %d bytes that differ from the %d that were sent", stream, len(got), len(want))
		}
	}
}

// 300 short runs at once, whose only line has no newline.
func TestShortRunsLoseNothing(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	const n = 300
	args := []string{"run", "--parallel", "32"}
	names := make([]string, n)
	for i := range names {
		names[i] = "m" + strconv.Itoa(i)
		args = append(args, "--on", names[i])
	}
	home.Ready(strings.Join(names, " "), srv)
	d := newData(t, home)
	out := d.ok(append(args, "--", `printf 'out of %s' "$VMO_RUN_ID"; printf err >&2`)...)
	stored := d.ok("logs", "1", "--stream", "stdout")
	lines := map[string]map[string]bool{"printed": split(t, out), "stored": split(t, stored)}
	for where, got := range lines {
		if len(got) != n {
			t.Errorf("%s: %d lines that differ, want %d", where, len(got), n)
		}
	}
	for line := range lines["printed"] {
		if !lines["stored"][line] {
			t.Errorf("%q was printed and is not stored", line)
		}
	}
	if _, _, errs := d.call("logs", "1", "--stream", "stderr"); strings.Count(errs, "| err\n") != n {
		t.Errorf("%d lines on stderr, want %d", strings.Count(errs, "| err\n"), n)
	}
}

// split is the lines of a text, each of which must be "mN | out of ID".
func split(t *testing.T, text string) map[string]bool {
	t.Helper()
	lines := map[string]bool{}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "m") || !strings.Contains(line, " | out of ") || len(line) < len("m0 | out of ")+36 {
			t.Errorf("line %q", line)
		}
		lines[line] = true
	}
	return lines
}

// 50 million lines pass through little memory.
func TestMemory(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	d := newData(t, home)
	run := &started{Cmd: d.command("run", "--on", "box", "--", "yes | head -c 100000000"), t: t, done: make(chan struct{})}
	run.begin() // what it prints goes to /dev/null, as fast as that takes it
	peak, began := 0, time.Now()
	for run.running() {
		peak = max(peak, highWater(run.Process.Pid))
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("VmHWM %d kB, %.1f s", peak, time.Since(began).Seconds())
	if status := run.exit(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if peak == 0 || peak > 80_000 {
		t.Errorf("vmo took %d kB of memory, at most 80 MB are allowed", peak)
	}
	want, got := sha256.New(), sha256.New()
	for range 1_000_000 {
		want.Write(bytes.Repeat([]byte("y\n"), 50))
	}
	read := d.command("logs", "1", "--raw")
	read.Stdout = got
	must(t, read.Run())
	if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Error("what is stored is not what was sent")
	}
}

// highWater is VmHWM of a process in kB, 0 when it is gone.
func highWater(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(fields[0])
	return n
}
