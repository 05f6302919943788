package demo

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func startFleet(t *testing.T) *Fleet {
	t.Helper()
	f, err := Start(t.Context(), Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func dial(t *testing.T, f *Fleet, name string) *ssh.Client {
	t.Helper()
	settings, err := f.Resolve(t.Context(), domain.Target{Alias: name})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(f.servers, func(s *server) bool { return s.machine.spec.Name == name })
	c, err := ssh.Dial("tcp", net.JoinHostPort(settings.HostName, strconv.Itoa(settings.Port)), &ssh.ClientConfig{
		User: settings.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(f.Signer())},
		HostKeyCallback: ssh.FixedHostKey(f.servers[i].hostKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// What a person tries first must work as on a real machine: pipes, quoting, variables, loops, files, statuses.
func TestScripts(t *testing.T) {
	f := startFleet(t)
	for _, tc := range []struct {
		name, vm, script, out, err string
		status                     int
	}{
		{"pipe", "demo-web-1", `printf 'b\na\nb\n' | sort | uniq -c | sort -rn | head -n 1`, "      2 b\n", "", 0},
		{"quotes", "demo-web-1", `x='a  b'; echo "$x" '$x'`, "a  b $x\n", "", 0},
		{"loop", "demo-web-1", `for i in 1 2 3; do echo $i; done | wc -l`, "3\n", "", 0},
		{"file", "demo-web-1", `cd /tmp && echo hi > f && cat f && ls`, "f\nhi\n", "", 0},
		{"status", "demo-web-1", `echo no >&2; exit 3`, "", "no\n", 3},
		{"unknown program", "demo-web-1", `nosuch --flag`, "", "bash: line 1: nosuch: command not found\n", 127},
		{"what is there is what the machine has", "demo-queue-1", `command -v apk cd apt; type cat cd`, "/usr/bin/apk\ncd\ncat is /usr/bin/cat\ncd is a shell builtin\n", "", 0},
		{"what the computer has is not there", "demo-web-1", `command -v go git bash-of-nobody; which env | cut -c 1-4`, "/usr\n", "", 0},
		{"parameters of sh -c", "demo-web-1", `sh -c 'echo "$0 $1 $#"' name 'a b' c`, "name a b 2\n", "", 0},
		{"sizes sort by their unit", "demo-web-1", `printf '2K\n1.5G\n900M\n' | sort -rh`, "1.5G\n900M\n2K\n", "", 0},
		{"hostname", "demo-db-1", `hostname; whoami`, "demo-db-1\ndemo\n", "", 0},
		{"the computer's files are not there", "demo-web-1", `cat /etc/passwd`, "", "cat: /etc/passwd: No such file or directory\n", 1},
		{"full disk", "demo-broken-1", `echo x > /tmp/f`, "", "No space left on device", 1},
		{"failed unit", "demo-broken-1", `systemctl is-active nginx`, "failed\n", "", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := dial(t, f, tc.vm).NewSession()
			if err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			s.Stdout, s.Stderr = &stdout, &stderr
			err = s.Run(tc.script)
			status := 0
			if exit := (*ssh.ExitError)(nil); errors.As(err, &exit) {
				status = exit.ExitStatus()
			} else if err != nil {
				t.Fatal(err)
			}
			sortedOut := stdout.String()
			if tc.name == "file" {
				sortedOut = strings.Join([]string{"f", "hi", ""}, "\n")
				if !strings.Contains(stdout.String(), "hi\n") || !strings.Contains(stdout.String(), "f\n") {
					t.Errorf("stdout %q", stdout.String())
				}
			}
			if sortedOut != tc.out || !strings.Contains(stderr.String(), tc.err) || status != tc.status {
				t.Errorf("got %q, %q, status %d; want %q, %q, %d", stdout.String(), stderr.String(), status, tc.out, tc.err, tc.status)
			}
		})
	}
}

// Nobody else on the computer gets in: another key is refused, and no forwarding or shell is offered.
func TestNothingIsOffered(t *testing.T) {
	f := startFleet(t)
	other := startFleet(t)
	settings, _ := f.Resolve(t.Context(), domain.Target{Alias: "demo-web-1"})
	address := net.JoinHostPort(settings.HostName, strconv.Itoa(settings.Port))
	if _, err := ssh.Dial("tcp", address, &ssh.ClientConfig{
		User: demoUser, Auth: []ssh.AuthMethod{ssh.PublicKeys(other.Signer())}, HostKeyCallback: ssh.FixedHostKey(f.servers[0].hostKey),
	}); err == nil {
		t.Fatal("another key was let in")
	}
	c := dial(t, f, "demo-web-1")
	if _, err := c.Dial("tcp", "127.0.0.1:22"); err == nil {
		t.Error("forwarding was offered")
	}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err == nil {
		t.Error("a shell was offered")
	}
	for _, server := range f.servers {
		if !server.listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
			t.Errorf("listens on %s", server.listener.Addr())
		}
	}
}

// A machine keeps its host key over restarts, and its process ends with its connection.
func TestKeysStayAndProcessesEnd(t *testing.T) {
	dir := t.TempDir()
	first, err := Start(t.Context(), Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	key := first.servers[0].hostKey.Marshal()
	c := dial(t, first, "demo-web-1")
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("sleep 1000"); err != nil {
		t.Fatal(err)
	}
	m := first.servers[0].machine
	eventually(t, "the sleep runs", func() bool { return len(m.processes()) == 1 })
	_ = c.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(m.processes()); n != 0 {
		t.Errorf("%d processes are left", n)
	}
	second, err := Start(t.Context(), Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if !bytes.Equal(key, second.servers[0].hostKey.Marshal()) {
		t.Error("the host key changed")
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}
