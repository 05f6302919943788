// Package ssh is the transport to the VMs. It promises: what `ssh host` reaches is reached here, with the same user,
// key, hops and host key; a command's bytes and its exit arrive whole or the run is called lost; and a stop is only
// called done after the target was looked at again.
//
// A Client keeps connections open for the next command (8 jobs and one keeper each) and closes all with Close.
// Every error is a *domain.Error with a next step. Host keys are checked before any key or password is used, on
// every hop and every reconnect; a changed or revoked key is never accepted.
package ssh

import (
	"context"
	"log/slog"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
	"vmorchestrator/backend/ssh/knownhosts"
)

// Sink takes a run's output. Write blocks while the reader is behind, and the remote command then waits; p is only
// valid during the call. An error from Write stops the run.
type Sink interface {
	Write(stream domain.Stream, p []byte) error
	Notice(text string)
}

// Prompter puts a question to the person. It fails with CodePromptNeeded when nobody can answer.
type Prompter interface {
	Ask(ctx context.Context, p domain.Prompt) (domain.PromptAnswer, error)
}

// Shower is a Prompter that can also show what is no question: a changed host key.
type Shower interface {
	Show(ctx context.Context, p domain.Prompt)
}

// Resolver gives the settings in force for a target: config.GResolver, or the demo fleet's.
type Resolver interface {
	Resolve(ctx context.Context, t domain.Target) (config.Settings, error)
}

// Options of a Client. Resolver and Prompter are needed; the rest has defaults.
type Options struct {
	Resolver Resolver
	Prompter Prompter
	Home     string // the person's home folder
	LockDir  string // for the lock of known_hosts
	// Signers are keys that exist in memory only. They are tried before all others.
	Signers func() []gossh.Signer
	Getenv  func(string) string // nil: the environment has nothing (no SSH_AUTH_SOCK)
	Log     *slog.Logger
	Now     func() time.Time
	Lease   time.Duration // 0: 45 s
	// NoKeeper leaves runs without a keeper, so that a test can see what it is there for.
	NoKeeper bool
}

// Client connects to targets and runs commands there. It is safe for concurrent use.
type Client struct {
	o      Options
	limits limits
	auth   *memory
	agents agentAccess // how agents are reached; a test changes it
	pool   *pool
	cache  settingsCache
	known  knownhosts.Parsed
	looks  chan struct{} // one for each Reach that goes on

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wait   sync.WaitGroup // every goroutine of the client

	mu     sync.Mutex
	closed bool
}

// New makes a client. Nothing is dialled yet.
func New(o Options) *Client {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Lease <= 0 {
		o.Lease = defaultLease
	}
	c := &Client{o: o, limits: defaultLimits(), auth: newMemory(), agents: newAgentAccess(), cache: settingsCache{found: map[domain.Target]cachedHop{}}, looks: make(chan struct{}, reachAtOnce)}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.pool = newPool(c)
	return c
}

// Connections is how many connections to targets and jump hosts are open.
func (c *Client) Connections() int { return c.pool.count() }

// Close ends all connections, and with them every run: the keepers end what is left on the targets. It returns when
// every goroutine has ended.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.pool.closeAll()
	c.wait.Wait()
	return nil
}

// spawn runs f on a goroutine that Close waits for. It reports false after Close.
func (c *Client) spawn(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.wait.Go(f)
	return true
}

func errClosed() *domain.Error {
	return domain.NewError(domain.CodeClosed, "", "the app is closing, so no connection is made")
}

// Check logs in at t and runs a command that does nothing. In plain mode whatever that came to is well.
func (c *Client) Check(ctx context.Context, t domain.Target) domain.ConnectionTest {
	begin := c.o.Now()
	test := domain.ConnectionTest{}
	fail := func(err error) domain.ConnectionTest {
		test.Millis, test.Error = c.o.Now().Sub(begin).Milliseconds(), domain.AsError(err)
		return test
	}
	run, err := newNonce()
	if err != nil {
		return fail(err)
	}
	p, err := c.Start(ctx, t, domain.Exec{RunID: "check-" + run, Script: ":"}, discard{})
	if err != nil {
		return fail(err)
	}
	test.Connected, test.Server = p.conn.connected(), string(p.conn.client.ServerVersion())
	exit := p.Wait()
	switch {
	case exit.Kind == domain.ExitUnknown:
		return fail(exit.Err)
	case t.Plain: // what a device makes of this command says nothing
	case exit.Kind != domain.ExitStatus || exit.Code != 0:
		return fail(domain.NewError(domain.CodeNoShell, "Look at the login shell of that account.",
			"the login works, but the simplest command fails there"))
	}
	test.OK, test.Millis = true, c.o.Now().Sub(begin).Milliseconds()
	return test
}

type discard struct{}

func (discard) Write(domain.Stream, []byte) error { return nil }
func (discard) Notice(string)                     {}
