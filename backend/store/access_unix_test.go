//go:build !windows

package store

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vmorchestrator/backend/domain"
)

func TestFolderWithoutWriteAccess(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o500))
	defer os.Chmod(dir, 0o700) //nolint:errcheck // for the removal
	out := child(t, "open", filepath.Join(dir, "vmo.db"), os.Getuid() == 0)
	if out != string(domain.CodeDataFolder) {
		t.Errorf("got %q", out)
	}
}

// child runs this test binary as a second process, as nobody if asked, and gives what it says.
func child(t *testing.T, role, path string, nobody bool) string {
	t.Helper()
	cmd := childCommand(t, role, path)
	if nobody {
		// The binary lies in a folder that only its owner enters.
		binary := filepath.Join(os.TempDir(), "store-test-"+newID())
		raw, err := os.ReadFile(cmd.Path)
		must(t, err)
		must(t, os.WriteFile(binary, raw, 0o755))
		defer os.Remove(binary) //nolint:errcheck // a temporary file
		cmd.Path = binary
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", role, err)
	}
	return strings.TrimSpace(string(out))
}
