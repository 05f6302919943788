package ssh

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// conn is one connection to a machine, with what runs over it.
type conn struct {
	c      *Client
	key    string
	way    route
	client *gossh.Client
	w      *watched
	base   *conn         // the connection that carries it, nil for the first machine
	dead   chan struct{} // closed when the transport has ended
	killed atomic.Bool   // by kill; dead follows

	// Guarded by pool.mu.
	jobs  int // runs and jump users that count against limit
	jumps int // connections that go on from here
	limit int // runs at a time; lowered when the server refuses a session
	stuck int // of jobs, runs that nothing ends but the end of the connection
	idle  *time.Timer

	keeperTurn chan struct{} // one at a time starts a keeper
	keeper     *keeper       // guarded by keeperTurn

	forward sync.Once // the agent is ready for the server's channels
}

// alive reports whether the connection may be used.
func (cn *conn) alive() bool {
	if cn.killed.Load() {
		return false
	}
	select {
	case <-cn.dead:
		return false
	default:
		return true
	}
}

// kill ends the transport at once, whatever waits on it.
func (cn *conn) kill() {
	cn.killed.Store(true)
	cn.w.Close()
	cn.client.Close()
}

// connected is user@address:port as really used.
func (cn *conn) connected() string {
	h := cn.way.target()
	return domain.Address(h.Settings.User, h.Settings.HostName, h.Settings.Port)
}

// pool keeps connections for the next command. Its key is the whole way with all settings in force.
type pool struct {
	c  *Client
	mu sync.Mutex
	// hosts by route key.
	hosts  map[string]*hostPool
	closed bool
}

type hostPool struct {
	conns      []*conn
	pending    []*pendingConn
	handshakes chan struct{}
}

// pendingConn is a connection that is being made and the places that are already taken on it.
type pendingConn struct {
	quiet bool // nobody is asked
	jobs  int
	jumps int
	done  chan struct{}
	conn  *conn
	err   error
}

func newPool(c *Client) *pool { return &pool{c: c, hosts: map[string]*hostPool{}} }

func (p *pool) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, h := range p.hosts {
		n += len(h.conns)
	}
	return n
}

// need says what a connection is taken for.
type need struct {
	jump  bool  // to go on from, not to run on
	quiet bool  // never ask anybody
	not   *conn // any but this one
}

// acquire gives a live connection with a place on it. The caller releases it with the same need.
func (p *pool) acquire(ctx context.Context, way, full route, n need) (*conn, error) {
	key := way.key()
	for {
		cn, wait, made, err := p.take(key, n)
		if err != nil {
			return nil, err
		}
		switch {
		case cn != nil:
			if p.fresh(cn) {
				return cn, nil
			}
			p.release(cn, n)
			cn.kill()
			<-cn.dead
			p.forget(cn)
			continue
		case made != nil:
			return p.dial(ctx, key, way, full, made)
		}
		select {
		case <-wait.done:
			if wait.err == nil {
				return wait.conn, nil
			}
			// Who made the connection gave up; this caller did not.
			if domain.CodeOf(wait.err) == domain.CodeClosed && ctx.Err() == nil && p.c.ctx.Err() == nil {
				continue
			}
			return nil, wait.err
		case <-ctx.Done():
			p.giveBack(wait, n)
			return nil, canceled(way.target())
		}
	}
}

// take finds a place on a connection that stands, or on one that is being made, or reserves the making of one.
func (p *pool) take(key string, n need) (cn *conn, wait, made *pendingConn, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, nil, errClosed()
	}
	h := p.hosts[key]
	if h == nil {
		h = &hostPool{handshakes: make(chan struct{}, handshakesPerHost)}
		p.hosts[key] = h
	}
	for _, cn := range h.conns {
		if cn != n.not && cn.alive() && (n.jump || cn.jobs < cn.limit) {
			if cn.idle != nil {
				cn.idle.Stop()
				cn.idle = nil
			}
			if n.jump {
				cn.jumps++
			} else {
				cn.jobs++
			}
			return cn, nil, nil, nil
		}
	}
	for _, pd := range h.pending {
		if (!pd.quiet || n.quiet) && (n.jump || pd.jobs < jobsPerConnection) {
			if n.jump {
				pd.jumps++
			} else {
				pd.jobs++
			}
			return nil, pd, nil, nil
		}
	}
	pd := &pendingConn{quiet: n.quiet, done: make(chan struct{})}
	if n.jump {
		pd.jumps = 1
	} else {
		pd.jobs = 1
	}
	h.pending = append(h.pending, pd)
	return nil, nil, pd, nil
}

func (p *pool) giveBack(pd *pendingConn, n need) {
	p.mu.Lock()
	select {
	case <-pd.done:
		p.mu.Unlock()
		if pd.conn != nil {
			p.release(pd.conn, n)
		}
		return
	default:
	}
	if n.jump {
		pd.jumps--
	} else {
		pd.jobs--
	}
	p.mu.Unlock()
}

// fresh reports whether a pooled connection can be used: after a silence, a sleep of the computer say, it is asked.
func (p *pool) fresh(cn *conn) bool {
	if p.c.o.Now().Sub(cn.w.lastHeard()) < p.c.limits.probeAfter {
		return cn.alive()
	}
	return cn.ping(p.c.limits.probe)
}

// release gives a place back; a connection without users is closed after the limit for idle ones.
func (p *pool) release(cn *conn, n need) {
	if p.giveUp(cn, n) {
		cn.kill()
	}
}

// giveUp does release's counting and reports whether the connection is to be closed now.
func (p *pool) giveUp(cn *conn, n need) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n.jump {
		cn.jumps--
	} else {
		cn.jobs--
	}
	if cn.jobs == 0 && cn.jumps == 0 && !p.closed && cn.alive() {
		cn.idle = time.AfterFunc(p.c.limits.idle, func() {
			p.mu.Lock()
			unused := cn.jobs == 0 && cn.jumps == 0
			p.mu.Unlock()
			if unused {
				cn.kill()
			}
		})
	}
	return cn.over()
}

// retire takes no more runs on a connection, one of whose runs doesn't end, and closes it after the others.
func (p *pool) retire(cn *conn) {
	p.mu.Lock()
	cn.limit = 0
	cn.stuck++
	over := cn.over()
	p.mu.Unlock()
	if over {
		cn.kill()
	}
}

// over reports whether a retired connection has nothing more to do. The caller holds pool.mu.
func (cn *conn) over() bool { return cn.stuck > 0 && cn.jobs <= cn.stuck && cn.jumps == 0 }

// lower is called when the server refused another session: it holds no more than those that run.
func (p *pool) lower(cn *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cn.limit = max(1, cn.jobs-1)
}

func (p *pool) forget(cn *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h := p.hosts[cn.key]; h != nil {
		h.conns = slices.DeleteFunc(h.conns, func(other *conn) bool { return other == cn })
		if len(h.conns) == 0 && len(h.pending) == 0 {
			delete(p.hosts, cn.key)
		}
	}
	if cn.idle != nil {
		cn.idle.Stop()
	}
}

func (p *pool) closeAll() {
	p.mu.Lock()
	p.closed = true
	var all []*conn
	for _, h := range p.hosts {
		all = append(all, h.conns...)
	}
	p.mu.Unlock()
	for _, cn := range all {
		cn.kill()
	}
}
