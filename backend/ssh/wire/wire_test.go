package wire

import (
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestLineComesBack(t *testing.T) {
	for name, r := range map[string]Run{
		"small": {Nonce: "n1", RunID: "r-1", Script: "true", Env: map[string]string{}},
		"all": {Nonce: "n1", RunID: "r-1", WorkDir: "~/it's", Shell: "/bin/sh", Options: "-eu", Script: "echo 'a' \"b\" \\ ! % \n\x00\xff é $x `y`",
			Env: map[string]string{"A": "1", "B": "two\nlines='"}},
		"secrets": {Nonce: "n1", RunID: "r-1", Script: "x", Fed: true, Secrets: []string{"VMO_SECRET_z", "VMO_SECRET_a"}, Env: map[string]string{"A": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			line, stdin, err := r.Line()
			if err != nil || stdin != nil {
				t.Fatalf("line: %v, stdin %q", err, stdin)
			}
			if _, payload, _ := strings.Cut(line, runTag); strings.ContainsAny(line, "\n!") || strings.Contains(payload, "%") {
				t.Errorf("a login shell may stumble over %q", line)
			}
			got, ok := ParseExec(line)
			if !ok || !reflect.DeepEqual(got, r) {
				t.Errorf("came back as %+v, %v", got, ok)
			}
		})
	}
}

func TestLongScriptGoesByStdin(t *testing.T) {
	r := Run{Nonce: "n", RunID: "r", Script: strings.Repeat("\n", MaxLine), Env: map[string]string{}}
	line, stdin, err := r.Line()
	if err != nil || len(line) > MaxLine || string(stdin) != r.Script {
		t.Fatalf("%v, line of %d bytes, stdin of %d", err, len(line), len(stdin))
	}
	got, ok := ParseExec(line)
	if !ok || !got.ByStdin || got.Script != "" {
		t.Errorf("came back as %+v, %v", got, ok)
	}
	if _, _, err := (Run{Nonce: "n", RunID: "r", Env: map[string]string{"A": r.Script}}).Line(); err == nil {
		t.Error("an environment that can't be sent wasn't refused")
	}
	if _, _, err := (Run{Nonce: "n'", RunID: "r"}).Line(); err == nil {
		t.Error("a nonce with a quote wasn't refused")
	}
}

func TestForeignLines(t *testing.T) {
	for _, line := range []string{"", "true", execHead + boot + "' vmo-run 'x", execHead + boot + "' vmo-run 'x'", "exec /bin/sh -c 'x' vmo-keeper 'y' n 1 9", bashRun, bashKeeper + evalTail} {
		if r, ok := ParseExec(line); ok {
			t.Errorf("%q is taken for %+v", line, r)
		}
		if k, ok := ParseKeeper(line); ok {
			t.Errorf("%q is taken for %+v", line, k)
		}
	}
}

func TestMarker(t *testing.T) {
	for _, m := range []Mark{{PID: 12}, {PID: 12, StartTime: "345"}} {
		text, ok := strings.CutPrefix(Marker("n1", m), MarkerPrefix("n1"))
		if got, okay := ParseMark(strings.TrimSuffix(text, "\n")); !ok || !okay || got != m {
			t.Errorf("%+v came back as %+v", m, got)
		}
	}
	for _, bad := range []string{"", "x", "0", "1", "-4"} {
		if m, ok := ParseMark(bad); ok {
			t.Errorf("%q is taken for %+v", bad, m)
		}
	}
}

func TestKeeperLineComesBack(t *testing.T) {
	for _, lease := range []time.Duration{45 * time.Second, 9 * time.Second, 900 * time.Millisecond} {
		line, err := Keeper{Nonce: "n1", Lease: lease}.Line()
		if err != nil || strings.ContainsAny(line, "\n!") {
			t.Fatalf("%v, line %q", err, line)
		}
		if k, ok := ParseKeeper(line); !ok || k.Nonce != "n1" || k.Lease != lease {
			t.Errorf("came back as %+v, %v", k, ok)
		}
	}
}

func TestRequestsAndReplies(t *testing.T) {
	for _, r := range []Request{
		{Verb: Register, RunID: "r", PID: 5, StartTime: "9"}, {Verb: Register, RunID: "r", PID: 5},
		{Verb: Done, RunID: "r"}, {Verb: Stop, RunID: "r", Grace: 1500 * time.Millisecond}, {Verb: Heartbeat},
	} {
		if got, ok := ParseRequest(r.String()); !ok || got != r {
			t.Errorf("%+v came back as %+v, %v", r, got, ok)
		}
	}
	for _, bad := range []string{"", "R r", "R r x 1", "R r 1 1", "S r", "S r -1", "Q", "D r;x", "H H"} {
		if got, ok := ParseRequest(bad); ok {
			t.Errorf("%q is taken for %+v", bad, got)
		}
	}
	for _, r := range []Reply{{Verb: Ready}, {Verb: Register, RunID: "r"}, {Verb: Stop, RunID: "r", PIDs: []int{3, 4}}, {Verb: Stop, RunID: "r"}} {
		if got, ok := ParseReply("n", r.Line("n")); !ok || !reflect.DeepEqual(got, r) {
			t.Errorf("%+v came back as %+v, %v", r, got, ok)
		}
	}
	if r, ok := ParseReply("n1", "no newline at the end of .bashrcn1 K"); !ok || r.Verb != Ready {
		t.Errorf("after the noise of a login shell: %+v, %v", r, ok)
	}
	if r, ok := ParseReply("n", "m S r"); ok {
		t.Errorf("another nonce is taken for %+v", r)
	}
}

// The keeper needs no more than a POSIX shell: it speaks in each that this computer has.
func TestKeeperInEveryShell(t *testing.T) {
	for _, shell := range [][]string{{"/bin/dash"}, {"/bin/bash"}, {"/bin/bash", "--posix"}, {"/bin/busybox", "ash"}, {"/bin/sh"}} {
		if _, err := exec.LookPath(shell[0]); err != nil {
			continue
		}
		t.Run(strings.Join(shell, " "), func(t *testing.T) {
			line, err := Keeper{Nonce: "n", Lease: 90 * time.Second}.Line()
			if err != nil {
				t.Fatal(err)
			}
			// The login shell's part, with another shell in the place of /bin/sh; setsid as sshd does it.
			line = strings.Replace(line, "exec /bin/sh", "exec setsid "+strings.Join(shell, " "), 1)
			cmd := exec.Command("/bin/sh", "-c", line)
			cmd.Stdin = strings.NewReader("noise\nR run-of-nobody 999999 1\nH\nS run-of-nobody 100\nD run-of-nobody\n")
			out, err := cmd.Output()
			if err == nil {
				t.Error("a keeper ends by its own KILL")
			}
			for _, want := range []string{"n K\n", "n R run-of-nobody\n", "n H\n", "n D run-of-nobody\n"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("it said %q, without %q", out, want)
				}
			}
			if !strings.Contains(string(out), "n S run-of-nobody \n") {
				t.Errorf("it said %q, and not that nothing is left", out)
			}
		})
	}
}
