package store

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// TestFullDisk fills a real file system of 48 MiB: output is refused, and how runs ended is kept all the same.
func TestFullDisk(t *testing.T) { onSmallDisk(t, "full disk") }

// TestOpenOnFullDisk opens a database on a disk that others have filled, to its last byte or to what only a part of the
// start needs: all is read, how a run ended is kept, no process writes output into the room that was given up, and what
// makes room works.
func TestOpenOnFullDisk(t *testing.T) { onSmallDisk(t, "open on full disk") }

func init() {
	childRoles["full disk"] = fullDisk
	childRoles["open on full disk"] = openOnFullDisk
}

// onSmallDisk runs a role in a mount namespace of its own, so that root is not needed.
func onSmallDisk(t *testing.T, role string) {
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), "STORE_TEST_ROLE="+role, "STORE_TEST_PATH="+filepath.Join(t.TempDir(), "mnt", "vmo.db"))
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
	t.Logf("%s", out)
}

// smallDisk mounts one and gives the path of a database on it.
func smallDisk() (string, error) {
	path := os.Getenv("STORE_TEST_PATH")
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		return "", say("private mounts: %v", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		return "", say("mount: %v", err)
	}
	return path, nil
}

// fillDisk leaves so many bytes of the disk, all or none of a page; remove gives the room back.
func fillDisk(path string, left int64) (remove func() error, err error) {
	rest, err := os.Create(filepath.Join(filepath.Dir(path), "rest"))
	if err != nil {
		return nil, err
	}
	for size := 64 << 10; size > 0; {
		if _, err := rest.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	size, err := rest.Seek(0, io.SeekEnd)
	if err == nil {
		err = rest.Truncate(size - left)
	}
	return func() error { return os.Remove(rest.Name()) }, errors.Join(err, rest.Close())
}

// openOnFullDisk runs in the namespace.
func openOnFullDisk() error {
	path, err := smallDisk()
	if err != nil {
		return err
	}
	for left := int64(0); left <= 192<<10; left += 8 << 10 {
		if err := useFullDisk(path, left); err != nil {
			return say("%d bytes left: %v (%s)", left, err, domain.AsError(err).Details)
		}
	}
	return nil
}

func useFullDisk(path string, left int64) error {
	ctx := background
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	if _, err := s.RegisterInstance(ctx, domain.OriginCLI); err != nil {
		return err
	}
	job, runs := newJob("")
	if _, err := s.InsertJob(ctx, job, runs); err != nil {
		return err
	}
	block := domain.LogBlock{RunID: runs[0].ID, Bytes: 100_000, FirstLine: 1, At: time.Now(), Data: make([]byte, 100_000)}
	if err := s.AppendBlocks(ctx, []domain.LogBlock{block}); err != nil {
		return err
	}
	block.FirstByte += block.Bytes
	if err := s.Close(); err != nil {
		return err
	}

	remove, err := fillDisk(path, left)
	if err != nil {
		return err
	}
	var both [2]*Store
	for i := range both {
		if both[i], err = Open(ctx, Options{Path: path}); err != nil {
			return err
		}
		defer both[i].Close()
		if _, err := both[i].RegisterInstance(ctx, domain.OriginCLI); err != nil {
			return err
		}
	}
	if d, err := both[0].GetJob(ctx, job.ID); err != nil || len(d.Runs) != 1 {
		return say("%+v, %w", d, err)
	}
	for i := 0; err == nil; i = 1 - i { // in turns, until one finds the disk full
		if err = both[i].AppendBlocks(ctx, []domain.LogBlock{block}); err == nil {
			block.FirstByte += block.Bytes
		}
	}
	runs[0].Status = domain.StatusFailed
	if _, ended := both[1].UpdateRun(ctx, runs[0]); ended != nil {
		return ended
	}
	for _, s := range both {
		if err := s.AppendBlocks(ctx, []domain.LogBlock{block}); domain.CodeOf(err) != domain.CodeDiskFull {
			return say("output took the ballast's room: %w", err)
		}
	}
	if err := both[0].DeleteJob(ctx, job.ID); err != nil {
		return err
	}
	both[0].now = func() time.Time { return time.Now().Add(2 * undoSpan) }
	removed, err := both[0].Prune(ctx, domain.Retention{}, func(context.Context) error { return nil })
	if err != nil || len(removed) != 1 || removed[0].Jobs != 1 {
		return say("removing: %+v, %w", removed, err)
	}

	if err := remove(); err != nil {
		return err
	}
	if !both[0].ballast.room() {
		return say("no room")
	}
	if _, err := os.Stat(path + ".ballast"); err != nil {
		return say("the ballast is not back: %w", err)
	}
	return nil
}

// fullDisk runs in the namespace.
func fullDisk() error {
	ctx := background
	path, err := smallDisk()
	if err != nil {
		return err
	}
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.RegisterInstance(ctx, domain.OriginCLI); err != nil {
		return err
	}
	names := make([]string, 600)
	job, runs := newJob(names...)
	if _, err := s.InsertJob(ctx, job, runs); err != nil {
		return err
	}
	block := domain.LogBlock{RunID: runs[0].ID, Bytes: 100_000, FirstLine: 1, At: time.Now(), Data: make([]byte, 100_000)}
	for err = nil; err == nil; {
		if err = s.AppendBlocks(ctx, []domain.LogBlock{block}); err == nil {
			block.FirstByte += block.Bytes
		}
	}
	if domain.CodeOf(err) != domain.CodeDiskFull {
		return say("output on a full disk: %v (%s)", err, domain.AsError(err).Details)
	}
	remove, err := fillDisk(path, 0)
	if err != nil {
		return err
	}
	for _, run := range runs {
		run.Status = domain.StatusLost
		run.Error = domain.NewError(domain.CodeDiskFull, "", "the disk is full: output incomplete from byte %d", block.FirstByte)
		if _, err := s.UpdateRun(ctx, run); err != nil {
			return say("the end of run %d: %v (%s)", run.Position, err, domain.AsError(err).Details)
		}
	}
	if err := s.AppendNotice(ctx, runs[0].ID, domain.Notice{Text: "the disk is full"}); err != nil {
		return say("a notice: %v", err)
	}
	if err := s.AppendBlocks(ctx, []domain.LogBlock{block}); domain.CodeOf(err) != domain.CodeDiskFull {
		return say("output took the ballast's room: %v", err)
	}
	d, err := s.GetJob(ctx, job.ID)
	if err != nil || d.Job.Status != domain.StatusLost || d.Job.Counts[domain.StatusLost] != len(runs) {
		return say("%+v, %v", d.Job, err)
	}
	if totals, err := s.Totals(ctx, runs[0].ID); err != nil || totals.Bytes != block.FirstByte {
		return say("%+v, %v", totals, err)
	}
	// With room again all is as before.
	if err := remove(); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", filepath.Dir(path), "tmpfs", syscall.MS_REMOUNT, "size=128m"); err != nil {
		return say("remount: %v", err)
	}
	if err := s.AppendBlocks(ctx, []domain.LogBlock{block}); err != nil {
		return say("output with room again: %v", err)
	}
	if _, err := os.Stat(path + ".ballast"); err != nil {
		return say("the ballast is not back: %v", err)
	}
	return nil
}
