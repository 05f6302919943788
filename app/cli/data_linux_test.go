package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vmorchestrator/internal/sshdtest"
)

// All data goes into one file while a run writes, and comes back as it was; a damaged database is told with the way
// out, repaired, and keeps what can be read.
func TestBackupRestoreRepair(t *testing.T) {
	t.Parallel()
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	d := newData(t, home)
	d.ok("run", "--quiet", "--on", "box", "--", "seq 100000")
	whole := d.ok("logs", "1", "--raw")

	run := d.start("run", "--quiet", "--on", "box", "--", "while :; do echo busy; sleep 0.01; done")
	eventually(t, "a job runs", func() bool { return len(d.jobs()) == 2 })
	file := filepath.Join(t.TempDir(), "all.db")
	if out := d.ok("backup", file); !strings.Contains(out, "2 jobs") {
		t.Errorf("%q", out)
	}
	if status, _, errs := d.call("backup", file); status != exitUsage || !strings.Contains(errs, "--force") {
		t.Errorf("a file of that name: %d, %q", status, errs)
	}
	d.ok("backup", "--force", file)
	if status, _, errs := d.call("restore", file); status != exitUsage || !strings.Contains(errs, "in use") {
		t.Errorf("while a job runs: %d, %q", status, errs)
	}
	d.ok("check-data")
	d.ok("cancel", "2")
	run.exit()

	d.ok("run", "--quiet", "--on", "box", "--", "true")
	out := d.ok("restore", file)
	_, kept, found := strings.Cut(strings.TrimSpace(out), "kept as ")
	if !found {
		t.Fatalf("%q", out)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	if jobs := d.jobs(); len(jobs) != 2 {
		t.Errorf("%d jobs after the restore", len(jobs))
	}
	if got := d.ok("logs", "1", "--raw"); got != whole {
		t.Errorf("%d bytes of output after the restore, %d before", len(got), len(whole))
	}
	if status, _, errs := d.call("restore", home.ConfigFile); status != exitUsage || !strings.Contains(errs, "no backup") {
		t.Errorf("no backup: %d, %q", status, errs)
	}

	if out := d.ok("repair"); !strings.Contains(out, "nothing was changed") {
		t.Errorf("a sound one: %q", out)
	}
	database := filepath.Join(d.dir, "vmo.db")
	text, err := os.ReadFile(database)
	must(t, err)
	middle := len(text) / 2 / 8192 * 8192
	copy(text[middle:], bytes.Repeat([]byte{0x5a}, 3*8192))
	must(t, os.WriteFile(database, text, 0o600))
	if status, _, errs := d.call("check-data"); status != exitUsage || !strings.Contains(errs, "vmo repair") {
		t.Errorf("damaged: %d, %q", status, errs)
	}
	if out := d.ok("repair"); !strings.Contains(out, "kept as") {
		t.Errorf("%q", out)
	}
	d.ok("check-data")
	if got := d.ok("logs", "1", "--raw"); !strings.HasPrefix(whole, got) {
		t.Errorf("what was saved of the output isn't its beginning: %d bytes", len(got))
	}
}
