package sshdtest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The harness is right when OpenSSH's own client is content with what it writes. A person's own .bashrc isn't run by it.
func TestRealClient(t *testing.T) {
	for _, login := range Logins() {
		t.Run(login, func(t *testing.T) {
			srv := Start(t, Options{User: login})
			home := NewHome(t)
			home.Ready("box", srv)
			cmd := exec.Command("ssh", "-F", home.ConfigFile, "-o", "BatchMode=yes", "box", "id -un; echo $VMO_SSHD_TEST $HOME")
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("ssh: %v", err)
			}
			at, err := HomeOf(login)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(login, accountPrefix) {
				at = srv.home()
			}
			if want := login + "\n" + srv.Mark + " " + at + "\n"; string(out) != want {
				t.Errorf("ssh printed %q, want %q", out, want)
			}
		})
	}
}

func TestProxyJumpThroughTwoServers(t *testing.T) {
	jump, target := Start(t, Options{}), Start(t, Options{})
	home := NewHome(t)
	home.Ready("jump", jump)
	home.Ready("box", target, "ProxyJump jump")
	out, err := exec.Command("ssh", "-F", home.ConfigFile, "-o", "BatchMode=yes", "box", "echo $VMO_SSHD_TEST").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != target.Mark {
		t.Fatalf("ssh through a jump host: %v, %s", err, out)
	}
}

// Close takes away what a command left behind, or tests would fill the machine.
func TestCloseEndsLeftovers(t *testing.T) {
	srv := Start(t, Options{})
	home := NewHome(t)
	home.Ready("box", srv)
	out, err := exec.Command("ssh", "-F", home.ConfigFile, "-o", "BatchMode=yes", "box",
		"setsid sleep 300 >/dev/null 2>&1 </dev/null & echo").CombinedOutput()
	if err != nil {
		t.Fatalf("ssh: %v, %s", err, out)
	}
	if len(Marked("VMO_SSHD_TEST", srv.Mark)) == 0 {
		t.Fatal("the left-over process isn't seen: this test can't fail")
	}
	srv.Close()
	if left := Marked("VMO_SSHD_TEST", srv.Mark); len(left) > 0 {
		t.Errorf("left after Close: %v", left)
	}
}
