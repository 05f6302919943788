//go:build !windows

package knownhosts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vmorchestrator/backend/domain"
)

// asNobody runs the calling test once more, in a process for which file modes count (root reads everything), and gives
// what that printed. There, child has path.
func asNobody(t *testing.T, path string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	if os.Getuid() == 0 {
		raw, err := os.ReadFile(os.Args[0]) // it lies where only its owner enters
		if err != nil {
			t.Fatal(err)
		}
		cmd.Path = filepath.Join(openFolder(t), "test")
		if err := os.WriteFile(cmd.Path, raw, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	cmd.Dir, cmd.Env = "/", append(os.Environ(), "KNOWNHOSTS_CHILD="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// openFolder is a temporary folder that everybody may enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "knownhosts")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Modes that keep the person out of a file, or the folder above it, fail the check, even where another file has the key.
func TestModesThatForbidReadingFailClosed(t *testing.T) {
	if path := os.Getenv("KNOWNHOSTS_CHILD"); path != "" {
		q := Query{Host: "web", UserFiles: []string{file(t, "web "+text(testKey(t, 1)))}, GlobalFiles: []string{path}}
		result, err := Check(q, testKey(t, 1))
		kept := Append(context.Background(), q.UserFiles[0], t.TempDir(), q, testKey(t, 1), false)
		fmt.Printf("%s;%s;%q;%d;%s;%v\n", domain.CodeOf(err), domain.CodeOf(kept), result.State, len(KnownKeyTypes(q)), domain.AsError(err).Hint, err)
		return
	}
	for name, prepare := range map[string]func(path string) error{
		"the file":         func(path string) error { return os.Chmod(path, 0) },
		"the folder above": func(path string) error { return os.Chmod(filepath.Dir(path), 0) },
	} {
		dir := filepath.Join(openFolder(t), "etc")
		path := filepath.Join(dir, "ssh_known_hosts")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("@revoked * "+text(testKey(t, 1))+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := prepare(path); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
		got := asNobody(t, path)
		want := fmt.Sprintf("%s;%s;%q;0;", domain.CodeKnownHosts, domain.CodeKnownHosts, "")
		if !strings.HasPrefix(got, want) || !strings.Contains(got, "ls -l "+path) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// A file that can be read and not written: nothing is written, the next step is told, and checks go on.
func TestAppendToAReadOnlyFileTellsTheNextStep(t *testing.T) {
	if path := os.Getenv("KNOWNHOSTS_CHILD"); path != "" {
		q := Query{Host: "new", UserFiles: []string{path}}
		err := Append(context.Background(), path, t.TempDir(), q, testKey(t, 2), false)
		result, readErr := Check(Query{Host: "web", UserFiles: []string{path}}, testKey(t, 1))
		fmt.Printf("%s;%s;%v;%s;%v\n", domain.CodeOf(err), result.State, readErr, domain.AsError(err).Hint, err)
		return
	}
	dir := openFolder(t)
	path := filepath.Join(dir, "known_hosts")
	before := "web " + text(testKey(t, 1)) + "\n"
	if err := os.WriteFile(path, []byte(before), 0o444); err != nil {
		t.Fatal(err)
	}
	got := asNobody(t, path)
	if !strings.HasPrefix(got, string(domain.CodeKnownHosts)+";known;<nil>;Make the file writable") || !strings.Contains(got, path) {
		t.Error(got)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != before {
		t.Errorf("%q %v", after, err)
	}
}

// The modes are exact whatever the umask; those of a file that is there stay, and so does a link to it.
func TestModesOfWhatIsWritten(t *testing.T) {
	mask := syscall.Umask(0)
	defer syscall.Umask(mask)
	ctx, dir := context.Background(), t.TempDir()
	path := filepath.Join(dir, ".ssh", "known_hosts")
	if err := Append(ctx, path, filepath.Join(dir, "data"), Query{Host: "a", UserFiles: []string{path}}, testKey(t, 1), false); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700, filepath.Join(dir, "data"): 0o700, filepath.Join(dir, "data", "known_hosts.lock"): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %v", name, info, err, want)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := Append(ctx, link, dir, Query{Host: "b", UserFiles: []string{link}}, testKey(t, 2), true); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link: %v %v", info, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file: %v %v", info, err)
	}
	if got, err := Check(Query{Host: "b", UserFiles: []string{path}}, testKey(t, 2)); err != nil || got.State != Known || got.Line != 2 {
		t.Errorf("%+v %v", got, err)
	}
}
