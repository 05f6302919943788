package ssh

import (
	"bytes"
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
	"vmorchestrator/internal/sshdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is a Sink that keeps everything.
type record struct {
	mu      sync.Mutex
	out     bytes.Buffer
	err     bytes.Buffer
	notices []string
	delay   time.Duration // of every write
	fail    error
}

func (r *record) Write(stream domain.Stream, p []byte) error {
	time.Sleep(r.delay)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	if stream == domain.Stderr {
		r.err.Write(p)
	} else {
		r.out.Write(p)
	}
	return nil
}

func (r *record) Notice(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, text)
}

func (r *record) stdout() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

func (r *record) stderr() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err.String()
}

// script is a Prompter that answers from a list and remembers what was asked.
type script struct {
	mu      sync.Mutex
	answers []domain.PromptAnswer
	asked   []domain.Prompt
	shown   []domain.Prompt
}

func (s *script) Ask(_ context.Context, p domain.Prompt) (domain.PromptAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, p)
	if len(s.answers) == 0 {
		return domain.PromptAnswer{}, domain.NewError(domain.CodePromptNeeded, "", "nobody is there")
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a, nil
}

func (s *script) Show(_ context.Context, p domain.Prompt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(s.shown, p)
}

// newClient is a client with the home's configuration, resolved by the real ssh -G.
func newClient(t testing.TB, home *sshdtest.Home, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{
		Resolver: &config.GResolver{ConfigFile: home.ConfigFile, Home: home.Dir},
		Prompter: &script{}, Home: home.Dir, LockDir: t.TempDir(),
	}
	for _, f := range change {
		f(&o)
	}
	c := New(o)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

func alias(name string) domain.Target { return domain.Target{Kind: domain.TargetSSH, Alias: name} }

// box is a server for login with a client that is known there.
func box(t testing.TB, o sshdtest.Options, change ...func(*Options)) (*Client, *sshdtest.Server, *sshdtest.Home) {
	t.Helper()
	srv := sshdtest.Start(t, o)
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	return newClient(t, home, change...), srv, home
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// run runs a script on "box" to its end.
func run(t testing.TB, c *Client, e domain.Exec) (*record, domain.Exit) {
	t.Helper()
	sink := &record{}
	if e.RunID == "" {
		e.RunID = runID(t)
	}
	p, err := c.Start(within(t), alias("box"), e, sink)
	if err != nil {
		t.Fatalf("start: %v (%s)", err, domain.AsError(err).Details)
	}
	return sink, p.Wait()
}

func runID(t testing.TB) string {
	t.Helper()
	n, err := newNonce()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func eventually(t testing.TB, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", limit, what)
		}
	}
}

func installed(paths ...string) []string {
	var found []string
	for _, p := range paths {
		if _, err := os.Stat(p); err == nil {
			found = append(found, p)
		}
	}
	return found
}
