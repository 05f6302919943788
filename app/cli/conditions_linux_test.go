package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

func init() {
	conditions = append(conditions, condition{
		name: "dead host", status: exitSome, args: on("dead"),
		prepare: func(t *testing.T, h *sshdtest.Home) {
			port, err := sshdtest.DeadPort()
			must(t, err)
			h.AppendConfig("Host dead\n  HostName 127.0.0.1\n  ConnectTimeout 1\n  Port " + strconv.Itoa(port) + "\n")
		},
	})
	childRoles["full disk"] = fullDisk
}

// The data folder's disk becomes full while a command prints: the run is stopped, how it ended is kept, and so is all
// output up to the byte that is named. The disk is a real one of 48 MiB in a mount namespace of its own.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	d := newData(t, home)
	cmd := d.command()
	cmd.Path, cmd.Args = "/proc/self/exe", []string{"full disk"}
	cmd.Env = append(cmd.Env, "VMO_TEST_ROLE=full disk", "VMO_TEST_BINARY="+vmoBinary)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got fullDiskResult
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got.Exit != exitSome || got.Job.Status != domain.StatusFailed || len(got.Later) != 1 || got.Later[0].Status != domain.StatusFailed {
		t.Errorf("exit status %d, job %+v, history %+v", got.Exit, got.Job, got.Later)
	}
	r := got.Job.Runs[0]
	if r.Error == nil || r.Error.Code != domain.CodeDiskFull || r.Complete || r.Bytes < 10_000_000 || r.Bytes != got.Stored {
		t.Errorf("run %+v, %d bytes are stored", r, got.Stored)
	} else if r.Error.Message != "the disk is full" || r.Error.Hint != "Make room on the disk of "+d.dir+"/vmo.db, then try again." {
		t.Errorf("said %q and %q", r.Error.Message, r.Error.Hint)
	}
	if want := fmt.Sprintf("output incomplete from byte %d", r.Bytes); got.Note != want {
		t.Errorf("note %q, want %q", got.Note, want)
	}
	if left := sshdtest.OfRun(r.ID, 0); len(left) > 0 {
		t.Errorf("left on the target: %v", left)
	}
}

// fullDiskResult is what was seen inside of the namespace.
type fullDiskResult struct {
	Exit   int
	Job    job
	Note   string
	Later  []job
	Stored int64 // bytes that the log has
}

var noteOf = regexp.MustCompile(`"note":"([^"]*)"`)

// fullDisk runs in the namespace.
func fullDisk() error {
	dir, vmo := os.Getenv("VMO_DATA_DIR"), os.Getenv("VMO_TEST_BINARY")
	if err := errors.Join(os.MkdirAll(dir, 0o700), syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, "")); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		return err
	}
	var got fullDiskResult
	run := exec.Command(vmo, "run", "--json", "--on", "box", "--", "head -c 200000000 /dev/urandom; sleep 60")
	out, err := run.Output()
	if run.ProcessState == nil {
		return err
	}
	got.Exit = run.ProcessState.ExitCode()
	last := out[strings.LastIndex(strings.TrimSpace(string(out)), "\n")+1:]
	if err := json.Unmarshal(last, &got.Job); err != nil {
		return fmt.Errorf("%w: %s", err, last)
	}
	if note := noteOf.FindSubmatch(last); note != nil {
		got.Note = string(note[1])
	}
	if out, err = saying(exec.Command(vmo, "jobs", "--json")); err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		var j job
		if err := json.Unmarshal([]byte(line), &j); err != nil {
			return err
		}
		got.Later = append(got.Later, j)
	}
	if out, err = saying(exec.Command(vmo, "logs", "1", "--raw")); err != nil {
		return err
	}
	got.Stored = int64(len(out))
	return json.NewEncoder(os.Stdout).Encode(got)
}

// saying is what a command prints; its error has what it said and what is in the data folder.
func saying(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		files, _ := exec.Command("ls", "-l", os.Getenv("VMO_DATA_DIR")).CombinedOutput()
		err = fmt.Errorf("%v: %w: %s\n%s", cmd.Args, err, exit.Stderr, files)
	}
	return out, err
}
