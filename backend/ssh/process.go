package ssh

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/wire"
)

// openError is a session channel that couldn't be opened: nothing was asked of the target yet.
type openError struct {
	err    error
	silent bool // no answer came in time
}

func (e *openError) Error() string { return "open a session: " + e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

var errRefused = errors.New("the server refuses the exec request")

// openTries is how many connections are tried for one run before it has begun anything.
const openTries = 4

// Process is a run on its target.
type Process struct {
	client  *Client
	conn    *conn
	way     route
	runID   string
	options domain.RunOptions
	plain   bool // the command went as it stands: no marker comes and no keeper watches it
	nonce   string
	ch      gossh.Channel
	sink    Sink

	ready  chan struct{} // the target reads secrets now; nil: there are none
	told   chan struct{} // the marker came
	toldMu sync.Mutex
	remote *domain.RemoteProcess
	noise  map[domain.Stream][]byte // what came without a marker so far

	exited  chan struct{} // exit is set
	exit    domain.Exit
	streams sync.WaitGroup
	active  atomic.Int64 // UnixNano of the last read or write of a stream
	writing atomic.Int32 // streams that wait for the sink
	sinkMu  sync.Mutex
	cut     bool // nothing goes to the sink any more
	done    chan struct{}

	keeping    chan struct{} // one at a time registers with the keeper
	registered *keeper       // written with keeping and registering, read with either

	over        chan struct{} // the run has ended; closed before done
	registering sync.Mutex    // while the keeper is told of the run
}

func newNonce() (string, error) {
	b := make([]byte, 12)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("random nonce: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// Start connects to t, or takes a connection that stands, and has e run there. It returns when the target has begun
// the script and told its pid; nothing ran if it returns an error, except with CodeLost, where nobody knows. When ctx
// ends before that, what may have begun is stopped in the background.
func (c *Client) Start(ctx context.Context, t domain.Target, e domain.Exec, sink Sink) (*Process, error) {
	if t.Plain {
		if err := plainExec(t, e); err != nil {
			return nil, err
		}
	}
	way, err := c.routeTo(ctx, t)
	if err != nil {
		return nil, err
	}
	nonce, err := newNonce()
	if err != nil {
		return nil, err
	}
	secrets := e.Secrets
	shell, options := domain.ScriptShell(e.Script)
	line, script, err := wire.Run{
		Nonce: nonce, RunID: e.RunID, WorkDir: e.WorkDir, Env: e.Env, Shell: shell, Options: options, Script: e.Script,
		Terminal: e.Options.Terminal, Merge: e.Options.Merge, GoOn: e.Options.OnLost == domain.OnLostGoOn,
		Fed: !secrets.Empty(), Secrets: secretNames(secrets),
	}.Line()
	var stdin []byte
	if err == nil {
		stdin, err = feed(secrets, script)
	}
	if err != nil {
		return nil, domain.NewError(domain.CodeInvalid, "Make the command smaller.", "the command can't be sent: %w", err)
	}
	p := &Process{
		client: c, way: way, runID: e.RunID, options: e.Options, plain: t.Plain, nonce: nonce, sink: sink, told: make(chan struct{}),
		exited: make(chan struct{}), done: make(chan struct{}), keeping: make(chan struct{}, 1), over: make(chan struct{}),
	}
	if p.plain {
		line = e.Script
		close(p.told)
	}
	if !secrets.Empty() {
		p.ready = make(chan struct{})
	}
	if err := p.open(ctx, line, stdin); err != nil {
		clear(stdin)
		return nil, err
	}
	timeout := time.NewTimer(c.limits.begin)
	defer timeout.Stop()
	select {
	case <-p.told:
		return p, nil
	case <-p.done:
		select {
		case <-p.told:
			return p, nil
		default:
		}
		if p.exit.Kind == domain.ExitUnknown {
			return nil, p.exit.Err
		}
		return nil, noShell(way.target(), p.said(), exitWords(p.exit))
	case <-ctx.Done():
		p.abandon()
		return nil, canceled(way.target())
	case <-timeout.C:
		p.abandon()
		return nil, domain.NewError(domain.CodeNoShell, "Look at what the login shell of that account does at its start.",
			"the login shell of %s didn't begin the command within %s", way.target().Name, c.limits.begin).WithDetails("it said: %s", p.said())
	}
}

// open gets a session. Until the exec request is out nothing has begun, so another connection may be tried.
func (p *Process) open(ctx context.Context, line string, stdin []byte) error {
	c := p.client
	for try := 1; ; try++ {
		cn, err := c.pool.acquire(withNotice(ctx, p.sink.Notice), p.way, p.way, need{})
		if err != nil {
			return err
		}
		ch, reqs, err := cn.session(line, p.options.Terminal)
		if err == nil {
			p.conn, p.ch = cn, ch
			p.begin(reqs, stdin)
			return nil
		}
		var open *openError
		var refused *gossh.OpenChannelError
		if errors.As(err, &refused) {
			// The server frees a session a little after its end; only a second refusal means that it takes no more.
			if try == 1 {
				pause(ctx, refusedPause)
			} else {
				c.pool.lower(cn)
			}
		} else if !errors.Is(err, errRefused) {
			// It is no good any more, even if the end of its transport wasn't noticed yet.
			cn.kill()
		}
		c.pool.release(cn, need{})
		switch {
		case errors.As(err, &open) && ctx.Err() != nil:
			return canceled(p.way.target())
		case open != nil && open.silent && try > 1:
			// The first may have been an old connection; a new one that is silent isn't waited for again and again.
			return noSession(p.way.target(), open, c.limits.open)
		case open != nil && try < openTries:
			continue
		case refused != nil:
			return domain.NewError(domain.CodeNoShell, "MaxSessions in sshd_config there may be 0, which forbids commands.",
				"%s opens no session for a command", p.way.target().Name).WithDetails("%v", err)
		case errors.Is(err, errRefused):
			return noShell(p.way.target(), "", err.Error())
		case open != nil:
			return noSession(p.way.target(), open, c.limits.open)
		}
		return lostError(p.way.target().Name, err.Error())
	}
}

// begin starts everything that serves the run; all of it ends with the channel.
func (p *Process) begin(reqs <-chan *gossh.Request, stdin []byte) {
	p.active.Store(time.Now().UnixNano())
	closed := make(chan struct{})
	p.streams.Add(2)
	start := func(f func()) {
		if !p.client.spawn(f) {
			// The client is closing: its connections are, too, so f ends at once.
			f()
		}
	}
	if stdin == nil {
		if p.options.Terminal {
			// A terminal has no end of its input but the key for it; each program that reads takes one.
			_, _ = p.ch.Write(bytes.Repeat([]byte{endOfInput}, terminalReaders))
		}
		_ = p.ch.CloseWrite()
	}
	supervise := func() { p.supervise(closed) }
	if !p.client.spawn(func() { p.requests(reqs, closed) }) {
		p.conn.kill()
		p.requests(reqs, closed)
	}
	start(func() { p.drain(domain.Stdout, p.ch) })
	start(func() { p.drain(domain.Stderr, p.ch.Stderr()) })
	if stdin != nil {
		start(func() { p.send(stdin, closed) })
	}
	start(supervise)
	if !p.client.o.NoKeeper && !p.plain && p.options.OnLost != domain.OnLostGoOn {
		p.client.spawn(p.keepLater)
	}
}

// requests takes the exit that the server tells.
func (p *Process) requests(reqs <-chan *gossh.Request, closed chan struct{}) {
	defer close(closed)
	set := func(e domain.Exit) {
		select {
		case <-p.exited:
		default:
			p.exit = e
			close(p.exited)
		}
	}
	for r := range reqs {
		switch r.Type {
		case "exit-status":
			var m struct{ Status uint32 }
			if gossh.Unmarshal(r.Payload, &m) == nil {
				set(domain.Exit{Kind: domain.ExitStatus, Code: int(m.Status)})
			}
		case "exit-signal":
			var m struct {
				Signal  string
				Core    bool
				Message string
				Lang    string
			}
			if gossh.Unmarshal(r.Payload, &m) == nil {
				set(domain.Exit{Kind: domain.ExitSignal, Signal: signalName(m.Signal)})
			}
		}
		if r.WantReply {
			_ = r.Reply(r.Type == "keepalive@openssh.com", nil)
		}
	}
}

// signalName is the name of a signal as the server tells it, or "?" for what can't be one (RFC 4254, section 6.10).
func signalName(said string) string {
	odd := func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("@._+-", r)
	}
	if said == "" || len(said) > 32 || strings.ContainsFunc(said, odd) {
		return "?"
	}
	return said
}

// drain reads a stream to its end whatever happens: an unread one would hang the command.
func (p *Process) drain(stream domain.Stream, r io.Reader) {
	defer p.streams.Done()
	prefix := []byte(wire.MarkerPrefix(p.nonce))
	buf := make([]byte, readBuffer)
	var head []byte
	marked := p.plain
	for {
		n, err := r.Read(buf)
		p.conn.w.ahead.taken(n, n < len(buf))
		p.active.Store(time.Now().UnixNano())
		switch {
		case n == 0:
		case marked:
			p.write(stream, buf[:n])
		default:
			head = append(head, buf[:n]...)
			if stream == domain.Stdout {
				head = p.isReady(head)
			}
			if at := bytes.Index(head, prefix); at >= 0 {
				if end := bytes.IndexByte(head[at:], '\n'); end >= 0 {
					marked = true
					p.tell(string(head[at+len(prefix):at+end]), head[:at])
					if rest := head[at+end+1:]; len(rest) > 0 {
						p.write(stream, rest)
					}
					head = nil
				}
			} else if over := len(head) - 2*maxNoise; over > 0 {
				head = append([]byte(nil), head[over:]...)
			}
			p.hear(stream, head)
		}
		if err != nil {
			break
		}
	}
	if marked || len(head) == 0 {
		return
	}
	select {
	case <-p.told:
		// The other stream began properly, so this is output.
		p.write(stream, head)
	default:
	}
}

// hear keeps what a stream said in the place of the marker.
func (p *Process) hear(stream domain.Stream, head []byte) {
	p.toldMu.Lock()
	defer p.toldMu.Unlock()
	if p.noise == nil {
		p.noise = map[domain.Stream][]byte{}
	}
	p.noise[stream] = bytes.Clone(head)
}

// tell takes the marker, and what stood before it as a notice.
func (p *Process) tell(mark string, noise []byte) {
	if text := bytes.TrimSpace(noise); len(text) > 0 {
		if over := len(text) - maxNoise; over > 0 {
			text = text[over:]
		}
		p.sinkMu.Lock()
		if !p.cut {
			p.sink.Notice("before the command began: " + domain.Said(string(text), maxNoise))
		}
		p.sinkMu.Unlock()
	}
	m, ok := wire.ParseMark(mark)
	p.toldMu.Lock()
	defer p.toldMu.Unlock()
	select {
	case <-p.told:
		return
	default:
	}
	if ok {
		p.remote = &domain.RemoteProcess{PID: m.PID, StartTime: m.StartTime, GoesOn: p.options.OnLost == domain.OnLostGoOn}
	}
	close(p.told)
}

func (p *Process) said() string {
	p.toldMu.Lock()
	defer p.toldMu.Unlock()
	text := bytes.TrimSpace(slices.Concat(p.noise[domain.Stdout], p.noise[domain.Stderr]))
	if over := len(text) - maxNoise; over > 0 {
		text = text[over:]
	}
	return string(bytes.ToValidUTF8(text, []byte("\ufffd")))
}

// write hands bytes to the sink, waiting for it. A sink that fails ends the run; the streams are still read.
func (p *Process) write(stream domain.Stream, b []byte) {
	p.writing.Add(1)
	defer func() {
		p.active.Store(time.Now().UnixNano())
		p.writing.Add(-1)
	}()
	p.sinkMu.Lock()
	cut := p.cut
	p.sinkMu.Unlock()
	if cut {
		return
	}
	if err := p.sink.Write(stream, b); err != nil {
		p.client.o.Log.Warn("output can't be kept, the run is stopped", "run", p.runID, "err", err)
		p.silence()
		p.client.spawn(func() { p.Stop(p.client.ctx, defaultGrace) })
	}
}

func (p *Process) silence() {
	p.sinkMu.Lock()
	p.cut = true
	p.sinkMu.Unlock()
}

// supervise waits for the end of everything and says how it was.
func (p *Process) supervise(closed <-chan struct{}) {
	drained := make(chan struct{})
	if !p.client.spawn(func() {
		p.streams.Wait()
		close(drained)
	}) {
		p.streams.Wait()
		close(drained)
	}
	note := ""
	select {
	case <-drained:
	case <-p.exited:
		note = p.lastOutput(drained, closed)
	}
	select {
	case <-p.exited:
	case <-closed:
	}
	_ = p.ch.Close()
	if note == "" {
		// The server's own close comes with the exit status; only then is the session's place there free again.
		pauseUntil(closed, refusedPause)
	}
	select {
	case <-p.exited:
		p.exit.Note = note
	default:
		why := "the server closed the session without telling the exit status"
		select {
		case <-p.conn.dead:
			why = "the connection ended"
		case <-time.After(stoppedDrain):
			// The transport needs a moment to notice that it is gone.
		}
		p.exit = domain.Exit{Kind: domain.ExitUnknown, Err: lostError(p.way.target().Name, why), Note: note}
	}
	// Before anybody learns of the end: who waits for it may start the next run on this place.
	p.client.pool.release(p.conn, need{})
	p.unkeep()
	close(p.done)
}

// lastOutput waits for the streams of a command that has exited. A child may hold them open for ever: after a silence
// the channel is closed. A reader that is behind is no silence.
func (p *Process) lastOutput(drained, closed <-chan struct{}) string {
	tick := time.NewTicker(outputGrace / 10)
	defer tick.Stop()
	for {
		select {
		case <-drained:
			return ""
		case <-tick.C:
		}
		quiet := time.Since(time.Unix(0, p.active.Load()))
		if p.writing.Load() > 0 || quiet < outputGrace {
			continue
		}
		_ = p.ch.Close()
		select {
		case <-drained:
		case <-time.After(outputGrace):
			p.silence()
		}
		return "the command has ended, but something it started holds its output open; what that writes from now on isn't recorded"
	}
}

// Told is closed when the target has told the pid.
func (p *Process) Told() <-chan struct{} { return p.told }

// Remote is the process on the target, nil before Told.
func (p *Process) Remote() *domain.RemoteProcess {
	p.toldMu.Lock()
	defer p.toldMu.Unlock()
	if p.remote == nil {
		return nil
	}
	r := *p.remote
	return &r
}

// Wait returns how the run ended, after every byte of both streams has been given to the sink.
func (p *Process) Wait() domain.Exit {
	<-p.done
	return p.exit
}

// abandon stops in the background what began and is not wanted any more.
func (p *Process) abandon() {
	p.silence()
	p.client.spawn(func() {
		if p.Stop(p.client.ctx, defaultGrace).State == domain.StopStopped {
			return
		}
		// A login shell that hangs has told no pid and lets no keeper begin. Its session there ends with the connection.
		p.leave()
		p.client.pool.retire(p.conn)
	})
}

func exitWords(e domain.Exit) string {
	if e.Kind == domain.ExitSignal {
		return "it ended by signal " + e.Signal
	}
	return fmt.Sprintf("it ended with status %d", e.Code)
}

func pause(ctx context.Context, d time.Duration) { pauseUntil(ctx.Done(), d) }

// pauseUntil waits for done, at most d.
func pauseUntil(done <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
