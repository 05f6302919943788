package ssh

import (
	"context"
	"slices"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// nobody answers prompts where asking is not allowed.
type nobody struct{}

func (nobody) Ask(context.Context, domain.Prompt) (domain.PromptAnswer, error) {
	return domain.PromptAnswer{}, domain.NewError(domain.CodePromptNeeded, "", "nobody is there to be asked")
}

// dial makes the connection that made stands for and tells those who wait for it.
func (p *pool) dial(ctx context.Context, key string, way, full route, made *pendingConn) (*conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.c.ctx, cancel)()

	cn, err := p.connect(ctx, key, way, full, made.quiet)
	p.mu.Lock()
	h := p.hosts[key]
	h.pending = slices.DeleteFunc(h.pending, func(other *pendingConn) bool { return other == made })
	if err == nil && p.closed {
		err = errClosed()
	}
	if err == nil {
		cn.jobs, cn.jumps = made.jobs, made.jumps
		h.conns = append(h.conns, cn)
	} else if len(h.conns) == 0 && len(h.pending) == 0 {
		delete(p.hosts, key)
	}
	made.err = err
	if err == nil {
		made.conn = cn
	}
	close(made.done)
	p.mu.Unlock()
	if err != nil {
		if cn != nil {
			cn.kill()
		}
		return nil, err
	}
	return cn, nil
}

func (p *pool) connect(ctx context.Context, key string, way, full route, quiet bool) (*conn, error) {
	var base *conn
	if len(way) > 1 {
		var err error
		if base, err = p.acquire(ctx, way[:len(way)-1], full, need{jump: true, quiet: quiet}); err != nil {
			return nil, err
		}
	}
	drop := func() {
		if base != nil {
			p.release(base, need{jump: true})
		}
	}
	p.mu.Lock()
	turns := p.hosts[key].handshakes
	p.mu.Unlock()
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
		drop()
		return nil, canceled(way.target())
	}
	prompter := p.c.o.Prompter
	if quiet || prompter == nil {
		prompter = nobody{}
	}
	client, w, err := p.c.login(ctx, way, full, base, prompter)
	if err != nil {
		drop()
		return nil, err
	}
	cn := &conn{
		c: p.c, key: key, way: way, client: client, w: w, base: base, dead: make(chan struct{}),
		limit: jobsPerConnection, keeperTurn: make(chan struct{}, 1),
	}
	ended := func() {
		_ = client.Wait()
		w.Close()
		close(cn.dead)
		p.forget(cn)
		drop()
	}
	if !p.c.spawn(ended) {
		cn.kill()
		ended()
		return nil, errClosed()
	}
	p.c.spawn(cn.keepAlive)
	return cn, nil
}

// keepAlive closes the connection when nothing at all was heard for the agreed time, of which the last interval at
// least after a question. Any received byte counts, so a busy connection sends nothing for it.
func (cn *conn) keepAlive() {
	s := cn.way.target().Settings
	interval, count := s.ServerAliveInterval, s.ServerAliveCountMax
	if interval <= 0 {
		interval, count = keepaliveInterval, keepaliveCount
	}
	answered := make(chan struct{}, 1)
	answered <- struct{}{}
	// Silent intervals are counted, not measured: a clock that went on while this computer slept must not end a
	// connection that wasn't asked yet.
	missed, last := 0, cn.w.lastHeard()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-cn.dead:
			return
		case <-tick.C:
		}
		heard := cn.w.lastHeard()
		if heard != last {
			// The answer to the last question comes a moment after a tick, so it may be as old as an interval at the next.
			last, missed = heard, 0
		}
		silent := cn.c.o.Now().Sub(heard)
		if silent < interval {
			continue
		}
		if missed++; missed >= max(2, count) {
			cn.c.o.Log.Info("connection given up: nothing heard", "host", cn.way.target().Name, "for", silent)
			cn.kill()
			return
		}
		select {
		case <-answered:
			// One outstanding request; closing the connection frees it.
			if !cn.c.spawn(func() {
				_, _, _ = cn.client.SendRequest("keepalive@openssh.com", true, nil)
				answered <- struct{}{}
			}) {
				return
			}
		default:
		}
	}
}

// ping asks the server for any answer.
func (cn *conn) ping(limit time.Duration) bool {
	heard := make(chan error, 1)
	if !cn.c.spawn(func() {
		_, _, err := cn.client.SendRequest("keepalive@openssh.com", true, nil)
		heard <- err
	}) {
		return false
	}
	select {
	case err := <-heard:
		return err == nil
	case <-cn.dead:
		return false
	case <-time.After(limit):
		return false
	}
}

// The pseudo-terminal of a run that asks for one.
const (
	endOfInput      = 4 // Ctrl-D
	terminalReaders = 16
	terminalColumns = 160
	terminalRows    = 50
	terminalName    = "xterm-256color"
)

// session opens a channel, with a pseudo-terminal if wanted, and has line executed on it. The connection is closed when the server answers neither.
func (cn *conn) session(line string, terminal bool) (gossh.Channel, <-chan *gossh.Request, error) {
	watchdog := time.AfterFunc(cn.c.limits.open, cn.kill)
	defer watchdog.Stop()
	ch, reqs, err := cn.client.OpenChannel("session", nil)
	if err != nil {
		return nil, nil, &openError{err, !watchdog.Stop()}
	}
	cn.offerAgent(ch)
	accepted := true
	if terminal {
		accepted, err = ch.SendRequest("pty-req", true, ptyRequest())
	}
	if err == nil && accepted {
		accepted, err = ch.SendRequest("exec", true, gossh.Marshal(struct{ Command string }{line}))
	}
	if err == nil && accepted {
		return ch, reqs, nil
	}
	go gossh.DiscardRequests(reqs) // ends with the channel
	ch.Close()
	if err != nil {
		return nil, nil, err
	}
	return nil, nil, errRefused
}

// ptyRequest asks for a terminal that neither repeats what is typed nor changes a byte of what is printed
// (RFC 4254, sections 6.2 and 8).
func ptyRequest() []byte {
	const (
		opEcho  = 53
		opOnlcr = 72
		opEnd   = 0
	)
	modes := []byte{opEcho, 0, 0, 0, 0, opOnlcr, 0, 0, 0, 0, opEnd}
	return gossh.Marshal(struct {
		Name                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}{terminalName, terminalColumns, terminalRows, 0, 0, string(modes)})
}
