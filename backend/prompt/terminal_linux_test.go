package prompt

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"vmorchestrator/backend/domain"
)

// pty gives both ends of a pseudo-terminal: what a person types into and reads from, and what the app sees.
func pty(t *testing.T) (person, app *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	var n int
	conn, err := person.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if ctl := conn.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}); ctl != nil || err != nil {
		t.Fatal(ctl, err)
	}
	app, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	return person, app
}

// screen collects what was written, and lets a test wait for words.
type screen struct {
	mu   sync.Mutex
	text string
	more chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(p)
	select {
	case s.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (s *screen) wait(t *testing.T, words string, times int) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		s.mu.Lock()
		found := strings.Count(s.text, words) >= times
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-s.more:
		case <-deadline:
			t.Fatalf("%q did not come: %q", words, s.text)
		}
	}
}

func newScreen() *screen { return &screen{more: make(chan struct{}, 1)} }

const print256 = "SHA256:DFrnXx0A20ubAtscPD8jW2YX/dIOiQq5aXjlCJuoqXc"

func TestKeyIsTrustedOnlyOnYesOrItsFingerprint(t *testing.T) {
	defer goleak.VerifyNone(t)
	for typed, want := range map[string]bool{
		"yes\n": true, "YES\n": true, print256 + "\n": true, "no\n": false, "y\nsure\n\n": false, "SHA256:other\nyes\n": true, "\nno\n": false,
	} {
		person, app := pty(t)
		out := newScreen()
		if _, err := person.WriteString(typed); err != nil {
			t.Fatal(err)
		}
		p := domain.Prompt{
			ID: "p", Kind: domain.PromptHostKey, Address: "me@web:2222", IP: "10.0.0.1", KeyType: "ED25519", Fingerprint: print256,
			Hops: []domain.Hop{{Name: "jump"}, {Name: "web"}},
		}
		a, err := NewTerminal(app, out).Ask(t.Context(), p)
		if err != nil || a.Accept != want || a.ID != "p" || a.Secret != "" {
			t.Errorf("%q: %+v %v", typed, a, err)
		}
		for _, words := range []string{"me@web:2222", "10.0.0.1", "jump > web", "ED25519", print256} {
			if !strings.Contains(out.text, words) {
				t.Errorf("%q is not shown: %q", words, out.text)
			}
		}
		_, _ = person.Close(), app.Close()
	}
}

// Secrets are read without echo, and what a server says can't drive the terminal.
func TestSecrets(t *testing.T) {
	defer goleak.VerifyNone(t)
	person, app := pty(t)
	out := newScreen()
	term := NewTerminal(app, out)
	for _, p := range []domain.Prompt{
		{ID: "1", Kind: domain.PromptPassphrase, KeyFile: "/k", Attempt: 2, Forgot: true},
		{ID: "2", Kind: domain.PromptPassword, Address: "me@web"},
		{ID: "3", Kind: domain.PromptQuestion, Address: "me@web", Question: "\x1b]0;title\x07Code\r\n:"},
	} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			a, err := term.Ask(t.Context(), p)
			if err != nil || a.Secret != "s3cret é" || !a.Accept || a.ID != p.ID {
				t.Errorf("%+v %v", a, err)
			}
		}()
		out.wait(t, ": ", 1)
		time.Sleep(20 * time.Millisecond) // the echo is off a moment after the question is out; a person is slower
		if _, err := person.WriteString("s3cret é\n"); err != nil {
			t.Fatal(err)
		}
		<-done
		if p.Forgot != strings.Contains(out.text, "has been forgotten") {
			t.Errorf("%q", out.text)
		}
		if strings.ContainsAny(out.text, "\x1b\x07\r") || strings.Contains(out.text, "s3cret") {
			t.Errorf("%q", out.text)
		}
		out.text = ""
	}
	_ = person.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	echoed := make([]byte, 100)
	if n, _ := person.Read(echoed); strings.Contains(string(echoed[:n]), "s3cret") {
		t.Error("a secret was echoed")
	}
}

// Twenty runs that meet unknown keys ask one after the other.
func TestOneQuestionAtATime(t *testing.T) {
	defer goleak.VerifyNone(t)
	person, app := pty(t)
	out := newScreen()
	term := NewTerminal(app, out)
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			p := domain.Prompt{ID: fmt.Sprint(i), Kind: domain.PromptHostKey, Address: fmt.Sprint("host", i), Fingerprint: print256}
			if a, err := term.Ask(t.Context(), p); err != nil || !a.Accept || a.ID != p.ID {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	for n := range 5 {
		out.wait(t, "Trust it?", n+1)
		if strings.Count(out.text, "Trust it?") != n+1 {
			t.Errorf("two questions at once: %q", out.text)
		}
		if _, err := person.WriteString("yes\n"); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
}

// Ctrl-C while a passphrase is asked: Ask returns at once and the terminal echoes again.
func TestEndWhileTyping(t *testing.T) {
	person, app := pty(t)
	out := newScreen()
	term := NewTerminal(app, out)
	echo := func() bool {
		attributes, err := unix.IoctlGetTermios(int(app.Fd()), unix.TCGETS)
		return err == nil && attributes.Lflag&unix.ECHO != 0
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := term.Ask(ctx, domain.Prompt{Kind: domain.PromptPassphrase, KeyFile: "/k"})
		failed <- err
	}()
	out.wait(t, "Passphrase", 1)
	for deadline := time.Now().Add(10 * time.Second); echo() && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
	}
	cancel()
	if err := <-failed; domain.CodeOf(err) != domain.CodePromptNeeded {
		t.Error(err)
	}
	if !echo() {
		t.Error("the terminal stays without echo")
	}
	// The next asker waits for its turn, and gives up when told.
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := term.Ask(short, domain.Prompt{Kind: domain.PromptPassword}); domain.CodeOf(err) != domain.CodePromptNeeded {
		t.Error(err)
	}
	if _, err := person.WriteString("\n"); err != nil { // lets the abandoned read end
		t.Fatal(err)
	}
	<-term.turn
	goleak.VerifyNone(t)
}

func TestNobodyAnswers(t *testing.T) {
	for _, kind := range []domain.PromptKind{domain.PromptHostKey, domain.PromptPassphrase, domain.PromptPassword, domain.PromptQuestion} {
		_, err := None{}.Ask(t.Context(), domain.Prompt{Kind: kind, Address: "me@web", Fingerprint: print256, KeyFile: "/k"})
		e := domain.AsError(err)
		if e.Code != domain.CodePromptNeeded || e.Hint == "" || (kind == domain.PromptHostKey && !strings.Contains(e.Message, print256)) {
			t.Errorf("%s: %+v", kind, e)
		}
	}
}
