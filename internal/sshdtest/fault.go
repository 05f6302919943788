package sshdtest

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// Phase is a moment of a connection at which a FaultServer can go wrong.
type Phase string

// The phases, in their order.
const (
	AtAccept  Phase = "accept"  // nothing was said
	AtBanner  Phase = "banner"  // the version was told
	AtKex     Phase = "kex"     // the key exchange has begun
	AtAuth    Phase = "auth"    // the host key is proved, a key is offered
	AtSession Phase = "session" // a channel is asked for
	AtExec    Phase = "exec"    // a command is asked for
	AtOutput  Phase = "output"  // the command runs and has printed something
)

// Phases are all of them.
var Phases = []Phase{AtAccept, AtBanner, AtKex, AtAuth, AtSession, AtExec, AtOutput}

// Fault says how the next connections of a FaultServer go wrong. The zero value doesn't.
type Fault struct {
	At          Phase         // where Hole or a reset happens; "" nowhere
	Hole        bool          // from At on nothing comes and nothing is read; else the connection is reset
	Times       int           // how many connections At is for, the next ones are well; 0: all
	Says        string        // said in the place of a banner, then the connection ends
	Endless     bool          // lines without end before the banner
	ByteEvery   time.Duration // the server's bytes come one at a time
	MaxSessions int           // per connection, then channels are refused; 0: no limit
	NoKeeper    bool          // the keeper's channel is refused
}

// FaultServer is an SSH server inside the test, with switches. It takes every key and runs no program: a script is one
// of a few words that it knows, see faultSessions.
type FaultServer struct {
	*Server

	listener net.Listener
	wait     sync.WaitGroup
	accepted atomic.Int64

	mu     sync.Mutex
	fault  Fault
	conns  map[*faultConn]bool
	closed bool
}

// NewFaultServer serves until the test ends.
func NewFaultServer(t testing.TB) *FaultServer {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("sshdtest: %v", err)
	}
	key := MustKey(t, Ed25519, "")
	s := &FaultServer{
		Server:   &Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Addr: l.Addr().String(), User: "somebody", HostKeys: []Key{key}},
		listener: l, conns: map[*faultConn]bool{},
	}
	s.wait.Add(1)
	go s.accept(key.Signer)
	t.Cleanup(s.Close)
	return s
}

// Set changes how the next connections go wrong; those that stand keep what they had.
func (s *FaultServer) Set(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Accepted is how many connections came so far.
func (s *FaultServer) Accepted() int { return int(s.accepted.Load()) }

// Standing is how many connections stand now.
func (s *FaultServer) Standing() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Each does f to every connection of the moment.
func (s *FaultServer) each(f func(*faultConn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		f(c)
	}
}

// Freeze makes black holes of the connections of the moment.
func (s *FaultServer) Freeze() { s.each(func(c *faultConn) { c.hole.Store(true) }) }

// Close ends all connections and waits for every goroutine.
func (s *FaultServer) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.listener.Close()
	s.each(func(c *faultConn) { _ = c.end() })
	s.wait.Wait()
}

func (s *FaultServer) accept(hostKey gossh.Signer) {
	defer s.wait.Done()
	for {
		raw, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.accepted.Add(1)
		s.mu.Lock()
		c := &faultConn{Conn: raw, fault: s.fault, ended: make(chan struct{})}
		if s.fault.Times == 1 {
			s.fault = Fault{}
		} else if s.fault.Times > 1 {
			s.fault.Times--
		}
		if s.closed {
			s.mu.Unlock()
			raw.Close()
			return
		}
		s.conns[c] = true
		s.wait.Add(1)
		s.mu.Unlock()
		go func() {
			defer s.wait.Done()
			s.serve(c, hostKey)
			_ = c.end()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		}()
	}
}

func (s *FaultServer) serve(c *faultConn, hostKey gossh.Signer) {
	switch {
	case c.fault.Says != "":
		_, _ = c.Conn.Write([]byte(c.fault.Says))
		return
	case c.fault.Endless:
		for line := []byte(strings.Repeat("spam ", 10) + "\r\n"); ; {
			if _, err := c.Conn.Write(line); err != nil {
				return
			}
		}
	}
	c.reach(AtAccept)
	conf := &gossh.ServerConfig{PublicKeyCallback: func(gossh.ConnMetadata, gossh.PublicKey) (*gossh.Permissions, error) {
		c.reach(AtAuth)
		return nil, nil
	}}
	conf.AddHostKey(hostKey)
	conn, channels, requests, err := gossh.NewServerConn(c, conf)
	if err != nil {
		return
	}
	var sessions sync.WaitGroup
	defer sessions.Wait()
	sessions.Go(func() {
		for r := range requests {
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
		}
	})
	f := &faultSessions{conn: c, runs: map[string]*faultRun{}}
	for offered := range channels {
		sessions.Go(func() { f.serve(offered) })
	}
	_ = conn.Wait()
}
