//go:build unix

package local

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vmorchestrator/backend/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type memory struct {
	mu   sync.Mutex
	out  map[domain.Stream]*bytes.Buffer
	wake chan struct{}
	fail error
}

func newMemory() *memory {
	return &memory{out: map[domain.Stream]*bytes.Buffer{domain.Stdout: {}, domain.Stderr: {}}, wake: make(chan struct{}, 1)}
}

func (m *memory) Write(s domain.Stream, p []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out[s].Write(p)
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return m.fail
}

func (m *memory) Notice(string) {}

func (m *memory) text(s domain.Stream) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.out[s].String()
}

// until waits for text on stdout.
func (m *memory) until(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !strings.Contains(m.text(domain.Stdout), text) {
		select {
		case <-m.wake:
		case <-deadline:
			t.Fatalf("%q never came, only %q", text, m.text(domain.Stdout))
		}
	}
}

func start(t *testing.T, script string, e domain.Exec) (*Process, *memory) {
	t.Helper()
	r := New(Options{Shell: "/bin/sh"})
	t.Cleanup(func() { r.Close() })
	sink := newMemory()
	e.Script = script
	if e.RunID == "" {
		e.RunID = "run-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	}
	p, err := r.Start(t.Context(), domain.Target{Kind: domain.TargetLocal}, e, sink)
	if err != nil {
		t.Fatal(err)
	}
	return p, sink
}

func TestExits(t *testing.T) {
	for name, c := range map[string]struct {
		script, out, err string
		want             domain.Exit
	}{
		"success":      {"echo hi; echo no >&2", "hi\n", "no\n", domain.Exit{Kind: domain.ExitStatus}},
		"status":       {"exit 3", "", "", domain.Exit{Kind: domain.ExitStatus, Code: 3}},
		"status 255":   {"exit 255", "", "", domain.Exit{Kind: domain.ExitStatus, Code: 255}},
		"signal":       {"kill -KILL $$", "", "", domain.Exit{Kind: domain.ExitSignal, Signal: "KILL"}},
		"many lines":   {"x=1\nfor i in a b; do\n echo $x$i\ndone", "1a\n1b\n", "", domain.Exit{Kind: domain.ExitStatus}},
		"empty input":  {"cat; echo end", "end\n", "", domain.Exit{Kind: domain.ExitStatus}},
		"no newline":   {"printf abc", "abc", "", domain.Exit{Kind: domain.ExitStatus}},
		"own session":  {`[ "$(cut -d' ' -f6 /proc/$$/stat)" = $$ ] && echo leader`, "leader\n", "", domain.Exit{Kind: domain.ExitStatus}},
		"run id known": {`test -n "$VMO_RUN_ID" && echo "$A"`, "b c\n", "", domain.Exit{Kind: domain.ExitStatus}},
	} {
		t.Run(name, func(t *testing.T) {
			p, sink := start(t, c.script, domain.Exec{Env: map[string]string{"A": "b c"}})
			if got := p.Wait(); got != c.want {
				t.Errorf("exit %+v, want %+v", got, c.want)
			}
			if sink.text(domain.Stdout) != c.out || sink.text(domain.Stderr) != c.err {
				t.Errorf("output %q and %q, want %q and %q", sink.text(domain.Stdout), sink.text(domain.Stderr), c.out, c.err)
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	p, sink := start(t, `echo "<$VMO_SECRET_a>"; cat`, domain.Exec{Secrets: domain.Secrets{
		Env: []domain.Secret{{Name: "VMO_SECRET_a", Value: domain.Hidden(" x ")}}, Stdin: domain.Hidden("y\n"),
	}})
	if exit := p.Wait(); exit.Code != 0 || sink.text(domain.Stdout) != "< x >\ny\n" {
		t.Errorf("%+v, output %q", exit, sink.text(domain.Stdout))
	}
	// One that isn't read keeps nobody waiting.
	p, _ = start(t, "true", domain.Exec{Secrets: domain.Secrets{Stdin: domain.Hidden(strings.Repeat("x", domain.MaxSecretBytes) + "\n")}})
	if exit := p.Wait(); exit.Code != 0 {
		t.Errorf("%+v", exit)
	}
}

func TestEveryByteOfBothStreams(t *testing.T) {
	dir := t.TempDir()
	p, sink := start(t, `head -c 5000000 /dev/urandom | tee e >&2; head -c 20000000 /dev/urandom | tee o`, domain.Exec{WorkDir: dir})
	if exit := p.Wait(); exit.Code != 0 {
		t.Fatalf("exit %+v", exit)
	}
	for name, stream := range map[string]domain.Stream{"o": domain.Stdout, "e": domain.Stderr} {
		want, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if sha256.Sum256(want) != sha256.Sum256([]byte(sink.text(stream))) {
			t.Errorf("%s differs", stream)
		}
	}
}

func TestStop(t *testing.T) {
	for name, script := range map[string]string{
		"plain":            "echo up; sleep 300",
		"term ignored":     "trap '' TERM; echo up; while :; do sleep 300; done",
		"children":         "sleep 300 & sleep 300 & echo up; wait",
		"own groups":       "set -m; sleep 300 & echo up; wait",
		"own session":      "setsid sleep 300 & echo up; wait",
		"stopped by STOP":  "sleep 300 & kill -STOP $!; echo up; wait",
		"exited by itself": "setsid sleep 300 >/dev/null 2>&1 & echo up",
	} {
		t.Run(name, func(t *testing.T) {
			e := domain.Exec{RunID: "stop-" + strings.ReplaceAll(name, " ", "-")}
			p, sink := start(t, script, e)
			sink.until(t, "up")
			if left := p.tree.left(p.cmd.Process.Pid, e.RunID); len(left) == 0 {
				t.Fatal("what runs isn't seen: this test can't fail")
			}
			if got := p.Stop(t.Context(), 200*time.Millisecond); got.State != domain.StopStopped {
				t.Errorf("stop: %+v", got)
			}
			p.Wait()
			if left := p.tree.left(p.cmd.Process.Pid, e.RunID); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// A child in the background that keeps the output open must not hold the run for ever.
func TestOutputHeldOpen(t *testing.T) {
	p, sink := start(t, "sleep 300 & echo hi", domain.Exec{})
	exit := p.Wait()
	if exit.Kind != domain.ExitStatus || exit.Note == "" || sink.text(domain.Stdout) != "hi\n" {
		t.Errorf("exit %+v, output %q", exit, sink.text(domain.Stdout))
	}
	p.Stop(t.Context(), 0)
}

func TestRefusedOutputEndsTheCommand(t *testing.T) {
	r := New(Options{Shell: "/bin/sh"})
	defer r.Close()
	sink := newMemory()
	sink.fail = errors.New("disk full")
	p, err := r.Start(t.Context(), domain.Target{}, domain.Exec{RunID: "refused", Script: "yes"}, sink)
	if err != nil {
		t.Fatal(err)
	}
	if exit := p.Wait(); exit.Kind != domain.ExitSignal {
		t.Errorf("exit %+v", exit)
	}
}

func TestStartErrors(t *testing.T) {
	r := New(Options{Shell: "/does/not/exist"})
	defer r.Close()
	for name, e := range map[string]domain.Exec{"shell": {Script: "true"}, "folder": {Script: "true", WorkDir: "/does/not/exist"}} {
		_, err := r.Start(t.Context(), domain.Target{}, e, newMemory())
		if domain.CodeOf(err) != domain.CodeLocal || domain.AsError(err).Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Start(ctx, domain.Target{}, domain.Exec{Script: "true"}, newMemory()); err == nil {
		t.Error("started after the end of ctx")
	}
}

func TestCloseEndsWhatRuns(t *testing.T) {
	r := New(Options{Shell: "/bin/sh"})
	sink := newMemory()
	p, err := r.Start(t.Context(), domain.Target{}, domain.Exec{RunID: "close", Script: "echo up; sleep 300"}, sink)
	if err != nil {
		t.Fatal(err)
	}
	sink.until(t, "up")
	r.Close()
	if p.Wait().Kind != domain.ExitSignal {
		t.Errorf("exit %+v", p.Wait())
	}
	if _, err := r.Start(t.Context(), domain.Target{}, domain.Exec{Script: "true"}, sink); domain.CodeOf(err) != domain.CodeClosed {
		t.Errorf("start after Close: %v", err)
	}
}
