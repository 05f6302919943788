package store

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"vmorchestrator/backend/domain"
)

// TestMain is the second process of some tests too: childRole says what it does.
func TestMain(m *testing.M) {
	if role := os.Getenv("STORE_TEST_ROLE"); role != "" {
		os.Exit(childRole(role))
	}
	goleak.VerifyTestMain(m)
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path, BallastBytes: 64 << 10})
	if err != nil {
		t.Fatalf("open: %v (%s)", err, domain.AsError(err).Details)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// opened is a new store of a registered process.
func opened(t *testing.T) *Store {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "vmo.db"))
	register(t, s)
	return s
}

func register(t *testing.T, s *Store) string {
	t.Helper()
	id, err := s.RegisterInstance(t.Context(), domain.OriginWindow)
	must(t, err)
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (%s)", err, domain.AsError(err).Details)
	}
}

func wantCode(t *testing.T, err error, code domain.Code) {
	t.Helper()
	if domain.CodeOf(err) != code {
		t.Errorf("got %q (%v), want code %q", domain.CodeOf(err), err, code)
	}
}

// aJob is a job with queued runs on VMs of these names, stored.
func aJob(t *testing.T, s *Store, names ...string) (domain.Job, []domain.Run) {
	t.Helper()
	job, runs := newJob(names...)
	job, err := s.InsertJob(t.Context(), job, runs)
	must(t, err)
	return job, runs
}

func newJob(names ...string) (domain.Job, []domain.Run) {
	job := domain.Job{ID: newID(), Name: "uptime", Kind: domain.KindSSH, Script: "uptime", Origin: domain.OriginCLI, Parallelism: 2, CreatedAt: time.Now()}
	var runs []domain.Run
	for i, name := range names {
		vm := "vm-" + name
		runs = append(runs, domain.Run{ID: newID(), JobID: job.ID, Position: i, VMID: &vm, VMName: name, Status: domain.StatusQueued,
			Target: domain.Target{Kind: domain.TargetSSH, Alias: name}})
	}
	return job, runs
}

func at(sec int) *time.Time {
	t := time.Unix(1_800_000_000+int64(sec), 0).UTC()
	return &t
}

func TestOpenNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder?with#odd%41 name", "vmo.db")
	s := open(t, path)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := os.Stat(path + ".ballast"); err != nil {
		t.Error(err)
	}
	var mode, check string
	var vacuum, fk, page int
	must(t, s.writer.QueryRow(`PRAGMA journal_mode`).Scan(&mode))
	must(t, s.writer.QueryRow(`PRAGMA auto_vacuum`).Scan(&vacuum))
	must(t, s.writer.QueryRow(`PRAGMA foreign_keys`).Scan(&fk))
	must(t, s.writer.QueryRow(`PRAGMA page_size`).Scan(&page))
	must(t, s.writer.QueryRow(`PRAGMA integrity_check`).Scan(&check))
	if mode != "wal" || vacuum != 2 || fk != 1 || page != pageSize || check != "ok" {
		t.Error(mode, vacuum, fk, page, check)
	}
	if _, err := s.reader.Exec(`DELETE FROM vms`); err == nil {
		t.Error("a reader could write")
	}
	if len(s.asides()) != 0 {
		t.Error("a new database was copied")
	}
}

func TestClosed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "vmo.db"))
	must(t, s.Close())
	_, err := s.ListVMs(t.Context())
	wantCode(t, err, domain.CodeClosed)
	wantCode(t, s.InsertVMs(t.Context(), []domain.VM{{}}), domain.CodeClosed)
}

func TestCancelledContext(t *testing.T) {
	s := opened(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.ListVMs(ctx); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("%v", err)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	s := open(t, path)
	_, err := s.writer.Exec(`PRAGMA user_version = 99`)
	must(t, err)
	must(t, s.Close())
	_, err = Open(t.Context(), Options{Path: path})
	wantCode(t, err, domain.CodeDatabaseNew)
}

func TestMigrationCopiesFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	s := open(t, path)
	must(t, s.InsertVMs(t.Context(), []domain.VM{aVM("web")}))
	must(t, s.Close())
	steps, err := migrations()
	must(t, err)
	next := migration{len(steps) + 1, `ALTER TABLE vms ADD COLUMN extra TEXT; UPDATE vms SET extra = 'x';`}
	s, err = openWith(t.Context(), Options{Path: path}, append(steps, next))
	must(t, err)
	copies := s.asides()
	must(t, s.Close())
	if len(copies) != 1 {
		t.Fatalf("copies: %v", copies)
	}
	old := open(t, copies[0].Path) // this app's version
	if vms, err := old.ListVMs(t.Context()); err != nil || len(vms) != 1 {
		t.Errorf("%v, %v", vms, err)
	}
}

func TestFailedMigrationChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	must(t, open(t, path).Close())
	steps, err := migrations()
	must(t, err)
	_, err = openWith(t.Context(), Options{Path: path}, append(steps, migration{len(steps) + 1, `CREATE TABLE half (x); SELECT no_such_function();`}))
	wantCode(t, err, domain.CodeDatabase)
	s := open(t, path)
	var n int
	must(t, s.reader.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE name = 'half'`).Scan(&n))
	if n != 0 {
		t.Error("half a migration stayed")
	}
}

func TestMigrationWaitsForOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	open(t, path) // and stays
	steps, err := migrations()
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := openWith(ctx, Options{Path: path}, append(steps, migration{len(steps) + 1, `CREATE TABLE x (y);`})); err == nil {
		t.Error("migrated under another's feet")
	}
}

func TestUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600))
	for _, test := range []struct {
		path string
		code domain.Code
	}{
		{file, domain.CodeDamaged},
		{filepath.Join(file, "vmo.db"), domain.CodeDataFolder},
		{dir, domain.CodeDataFolder},
	} {
		_, err := Open(t.Context(), Options{Path: test.path, LockDir: filepath.Join(dir, "locks")})
		wantCode(t, err, test.code)
		if domain.AsError(err).Hint == "" {
			t.Errorf("%s: no next step", test.path)
		}
	}
}

// A damaged page inside is told as what it is, and not as an empty list.
func TestDamagedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vmo.db")
	s := open(t, path)
	for range 200 {
		must(t, s.InsertVMs(t.Context(), []domain.VM{aVM(newID())}))
	}
	must(t, s.Close())
	raw, err := os.ReadFile(path)
	must(t, err)
	for i := 3 * pageSize; i < len(raw); i++ {
		raw[i] ^= 0x5a
	}
	must(t, os.WriteFile(path, raw, 0o600))
	s, err = Open(t.Context(), Options{Path: path})
	if err == nil {
		_, err = s.ListVMs(t.Context())
		must(t, s.Close())
	}
	wantCode(t, err, domain.CodeDamaged)
}

func childCommand(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "STORE_TEST_ROLE="+role, "STORE_TEST_PATH="+path)
	cmd.Stderr = os.Stderr
	return cmd
}
