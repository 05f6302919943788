package sshdtest

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Link is a TCP relay in front of a server, for faults of the network: silence, cuts, slowness.
type Link struct {
	Host string
	Port int

	to       string
	listener net.Listener
	mu       sync.Mutex
	thawed   chan struct{} // closed while bytes pass
	pairs    map[net.Conn]net.Conn
	wait     sync.WaitGroup
	closed   bool
}

// NewLink relays to addr until the test ends.
func NewLink(t testing.TB, addr string) *Link {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("sshdtest: %v", err)
	}
	at := l.Addr().(*net.TCPAddr)
	link := &Link{Host: "127.0.0.1", Port: at.Port, to: addr, listener: l, thawed: make(chan struct{}), pairs: map[net.Conn]net.Conn{}}
	close(link.thawed)
	link.wait.Add(1)
	go link.accept()
	t.Cleanup(link.Close)
	return link
}

// Addr is where clients connect.
func (l *Link) Addr() string { return net.JoinHostPort(l.Host, strconv.Itoa(l.Port)) }

// Freeze makes the link a black hole: connections stand, and no byte passes in either direction.
func (l *Link) Freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.thawed:
		l.thawed = make(chan struct{})
	default:
	}
}

// Thaw lets bytes pass again; what was held is delivered.
func (l *Link) Thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.thawed:
	default:
		close(l.thawed)
	}
}

// Cut resets every connection of the moment on both sides.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for a, b := range l.pairs {
		reset(a)
		reset(b)
	}
}

// CutClient resets only the client's side: the server hears nothing of it, as when a computer loses power.
func (l *Link) CutClient() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for a := range l.pairs {
		reset(a)
	}
}

// Close ends the link and waits for its goroutines.
func (l *Link) Close() {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	l.mu.Unlock()
	l.listener.Close()
	l.Cut()
	l.Thaw()
	l.wait.Wait()
}

func (l *Link) accept() {
	defer l.wait.Done()
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.DialTimeout("tcp", l.to, 5*time.Second)
		if err != nil {
			reset(client)
			continue
		}
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			reset(client)
			reset(server)
			return
		}
		l.pairs[client] = server
		l.wait.Add(2)
		l.mu.Unlock()
		go l.relay(client, server, client)
		go l.relay(server, client, client)
	}
}

func (l *Link) relay(from, to, key net.Conn) {
	defer l.wait.Done()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if !l.pass() {
			err = net.ErrClosed
		} else if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				err = werr
			}
		}
		if err != nil {
			break
		}
	}
	// While frozen not even an end passes.
	if l.pass() {
		from.Close()
		to.Close()
	}
	l.mu.Lock()
	delete(l.pairs, key)
	l.mu.Unlock()
}

// pass waits for the link to be thawed and reports whether it is still open.
func (l *Link) pass() bool {
	l.mu.Lock()
	thawed := l.thawed
	l.mu.Unlock()
	<-thawed
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}
