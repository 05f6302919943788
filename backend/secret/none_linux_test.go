package secret

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Without a session bus there is no keychain, which is said at once and without starting a bus.
func TestNoSessionBus(t *testing.T) {
	const role = "VMO_TEST_NO_BUS"
	if os.Getenv(role) != "" {
		began := time.Now()
		if _, err := Open().Get(context.Background(), Password, "x"); !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
		if err := Open().Set(context.Background(), Password, "x", "y"); !errors.Is(err, ErrNone) {
			t.Fatal(err)
		}
		if time.Since(began) > 5*time.Second {
			t.Error("it took long")
		}
		return
	}
	if _, err := os.Stat(filepath.Join("/run/user", "0", "bus")); err == nil && os.Getuid() == 0 {
		t.Fatal("this account has a session bus, so the test would ask its keychain")
	}
	dir := t.TempDir()
	launched := filepath.Join(dir, "launched")
	if err := os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte("#!/bin/sh\n: >"+launched+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestNoSessionBus$", "-test.v")
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "DBUS_") && !strings.HasPrefix(pair, "XDG_RUNTIME_DIR=") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, role+"=1", "PATH="+dir+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(launched); err == nil {
		t.Error("a session bus was launched")
	}
}
