package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// The tests below start the real vmo as processes of its own, against real servers.

// vmoBinary is built once for all tests, as a release is: without cgo, and without the race detector's memory.
var vmoBinary string

func TestMain(m *testing.M) {
	if role := os.Getenv("VMO_TEST_ROLE"); role != "" {
		if err := childRoles[role](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// These tests wait for other processes: two processors are no reason to run only two of them.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "vmo-bin-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		vmoBinary = filepath.Join(dir, "vmo")
		build := exec.Command("go", "build", "-trimpath", "-o", vmoBinary, ".") // as make vmo, which finds all compiled
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build vmo: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// childRoles are what this test binary does in the place of tests.
var childRoles = map[string]func() error{}

// data is a data folder, and the home whose ssh_config vmo reads.
type data struct {
	t    *testing.T
	home *sshdtest.Home
	dir  string
}

func newData(t *testing.T, home *sshdtest.Home) *data {
	t.Helper()
	return &data{t: t, home: home, dir: filepath.Join(t.TempDir(), "data")}
}

// command is a call of vmo that was not started yet.
func (d *data) command(args ...string) *exec.Cmd {
	cmd := exec.Command(vmoBinary, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.home.Dir, "VMO_DATA_DIR=" + d.dir, "VMO_SSH_CONFIG=" + d.home.ConfigFile,
	}
	return cmd
}

// call is a whole call: exit status and what it printed.
func (d *data) call(args ...string) (int, string, string) {
	d.t.Helper()
	var out, errs bytes.Buffer
	cmd := d.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// ok is a call that must succeed.
func (d *data) ok(args ...string) string {
	d.t.Helper()
	status, out, errs := d.call(args...)
	if status != 0 {
		d.t.Fatalf("vmo %s: exit status %d\n%s%s", strings.Join(args, " "), status, out, errs)
	}
	return out
}

// job is what `vmo run --json` and `vmo jobs --json` say of a job.
type job struct {
	Number int64
	Name   string
	Status domain.Status
	Runs   []struct {
		ID, VM   string
		Status   domain.Status
		Bytes    int64
		Lines    int64
		Complete bool
		Error    *domain.Error
	}
}

// jobs is the history, as another process reads it.
func (d *data) jobs() []job {
	d.t.Helper()
	var all []job
	for line := range strings.Lines(d.ok("jobs", "--json")) {
		var j job
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			d.t.Fatalf("%q: %v", line, err)
		}
		all = append(all, j)
	}
	return all
}

// started is a vmo that runs, with what it has printed so far.
type started struct {
	*exec.Cmd
	t         *testing.T
	out, errs *lockedBuffer
	done      chan struct{}
}

func (d *data) start(args ...string) *started {
	d.t.Helper()
	s := &started{Cmd: d.command(args...), t: d.t, out: &lockedBuffer{}, errs: &lockedBuffer{}, done: make(chan struct{})}
	s.Stdout, s.Stderr = s.out, s.errs
	s.begin()
	return s
}

func (s *started) begin() {
	s.t.Helper()
	if err := s.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		_ = s.Wait()
		close(s.done)
	}()
	s.t.Cleanup(func() {
		_ = s.Process.Kill()
		<-s.done
	})
}

// exit waits for the end and gives the exit status.
func (s *started) exit() int {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(60 * time.Second):
		s.t.Fatalf("vmo does not end; it printed %q and %q", s.out, s.errs)
	}
	return s.ProcessState.ExitCode()
}

func (s *started) running() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// lockedBuffer can be read while a process writes into it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !cond(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
	}
}
