package wire

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// On a busy machine each look at the processes takes long; the grace between TERM and KILL is not that much longer.
func TestGraceIsTimeAndNotLooks(t *testing.T) {
	bin := t.TempDir()
	pgrep, err := exec.LookPath("pgrep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "pgrep"), []byte("#!/bin/sh\nsleep 0.2\nexec "+pgrep+` "$@"`+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done")
	run.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	run.Env = append(os.Environ(), "VMO_RUN_ID=grace-test")
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = run.Wait(); close(ended) }()
	defer func() { _ = syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }()

	line, err := Keeper{Nonce: "n", Lease: time.Minute}.Line()
	if err != nil {
		t.Fatal(err)
	}
	keeper := exec.Command("sh", "-c", line)
	keeper.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
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
	began := time.Now()
	for _, r := range []Request{{Verb: Register, RunID: "grace-test", PID: run.Process.Pid}, {Verb: Stop, RunID: "grace-test", Grace: 2 * time.Second}} {
		if _, err := io.WriteString(in, r.String()); err != nil {
			t.Fatal(err)
		}
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		r, ok := ParseReply("n", lines.Text())
		if !ok || r.Verb != Stop {
			continue
		}
		if took := time.Since(began); len(r.PIDs) != 0 || took < 2*time.Second || took > 6*time.Second {
			t.Errorf("left %v after %v", r.PIDs, took)
		}
		break
	}
	<-ended
	_ = in.Close()
	_ = keeper.Wait() // it kills itself
}
