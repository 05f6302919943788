package ssh

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// gate is a ProxyCommand that carries bytes to a port of this computer, with what stands before. It is a file, as ssh has
// the shell exec the command (ssh_config(5)).
func gate(t *testing.T, port int, before string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gate")
	script := fmt.Sprintf("#!/bin/bash\n%s\nexec 3<>/dev/tcp/127.0.0.1/%d\ncat <&3 & cat >&3\n", before, port)
	if err := os.WriteFile(file, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return "ProxyCommand " + file
}

// A ProxyCommand is the connection. What it says beside that does no harm, and nothing of it is left afterwards.
func TestProxyCommand(t *testing.T) {
	t.Parallel()
	srv := sshdtest.Start(t, sshdtest.Options{})
	mark := "vmo-proxy-" + runID(t)
	leftover := filepath.Join(t.TempDir(), "pid")
	for name, before := range map[string]string{
		"quiet":           "",
		"noise on stderr": "echo connecting >&2",
		"lines first":     "echo Welcome; echo 'to the gate'",
		"a child":         "MARK=" + mark + " sleep 300 & echo $! >" + leftover,
		"ignores TERM":    "trap '' TERM",
	} {
		t.Run(name, func(t *testing.T) {
			home := sshdtest.NewHome(t)
			home.Ready("box", srv, gate(t, srv.Port, before))
			c := newClient(t, home)
			out, exit := run(t, c, domain.Exec{Script: "echo $VMO_SSHD_TEST"})
			if strings.TrimSpace(out.stdout()) != srv.Mark || exit.Code != 0 {
				t.Errorf("%q, %+v", out.stdout(), exit)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	pid, err := os.ReadFile(leftover)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the ProxyCommand's child has ended", 5*time.Second, func() bool {
		text, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/environ")
		return err != nil || !strings.Contains(string(text), mark)
	})
}

// A ProxyCommand that never becomes a connection is told as what it is, in time.
func TestProxyCommandFails(t *testing.T) {
	t.Parallel()
	srv := sshdtest.Start(t, sshdtest.Options{})
	for name, c := range map[string]struct {
		command string
		code    domain.Code
		says    string
	}{
		"exits at once": {"sh -c 'echo no way >&2; exit 3'", domain.CodeUnreachable, "the ProxyCommand for box ended without a connection"},
		"silent":        {"sleep 60", domain.CodeConnectTimeout, "says nothing"},
		"floods":        {"yes", "", ""},
		"is not there":  {"/nowhere/gate", domain.CodeUnreachable, "the ProxyCommand for box ended without a connection"},
	} {
		t.Run(name, func(t *testing.T) {
			home := sshdtest.NewHome(t)
			home.Ready("box", srv, "ProxyCommand "+c.command, "ConnectTimeout 1")
			began := time.Now()
			_, err := newClient(t, home).Start(within(t), alias("box"), domain.Exec{RunID: runID(t), Script: "true"}, &record{})
			if err == nil || time.Since(began) > 10*time.Second {
				t.Fatalf("%v after %v", err, time.Since(began))
			}
			e := domain.AsError(err)
			if c.code != "" && e.Code != c.code || !strings.Contains(e.Message, c.says) || e.Hint == "" && e.Details == "" {
				t.Errorf("%s: %s (%s; %.200s)", e.Code, e.Message, e.Hint, e.Details)
			}
			if name == "exits at once" && !strings.Contains(e.Details, "no way") {
				t.Errorf("its own words are missing in %q", e.Details)
			}
		})
	}
}
