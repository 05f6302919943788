package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// TestFullDisk fills a real file system of 48 MiB: output is refused, and how runs ended is kept all the same. The mount
// lives in a namespace of its own, so root is not needed.
func TestFullDisk(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(os.Environ(), "STORE_TEST_ROLE=full disk", "STORE_TEST_PATH="+filepath.Join(t.TempDir(), "mnt", "vmo.db"))
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

func init() { childRoles["full disk"] = fullDisk }

// fullDisk runs in the namespace.
func fullDisk() error {
	ctx := background
	path := os.Getenv("STORE_TEST_PATH")
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		return say("private mounts: %v", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		return say("mount: %v", err)
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
	// Not even a byte is left for others.
	rest, err := os.Create(filepath.Join(dir, "rest"))
	if err != nil {
		return err
	}
	for size := 64 << 10; size > 0; {
		if _, err := rest.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if err := rest.Close(); err != nil {
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
	if err := os.Remove(filepath.Join(dir, "rest")); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=128m"); err != nil {
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
