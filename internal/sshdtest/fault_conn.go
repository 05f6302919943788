package sshdtest

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// faultConn is the server's end of a connection that goes wrong as its fault says.
type faultConn struct {
	net.Conn
	fault  Fault
	hole   atomic.Bool
	writes atomic.Int32
	once   sync.Once
	ended  chan struct{}
}

// reach tells that a phase begins: if it is the fault's, the connection is reset or becomes a black hole.
func (c *faultConn) reach(at Phase) {
	if c.fault.At != at {
		return
	}
	if c.fault.Hole {
		c.hole.Store(true)
		return
	}
	reset(c.Conn)
}

// Read gives what the client sent; a black hole has nothing until the client leaves.
func (c *faultConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.hole.Load() {
			return n, err
		}
	}
}

// Write sends to the client, a black hole nothing. The first write of a server is its version and the second begins
// the key exchange.
func (c *faultConn) Write(p []byte) (int, error) {
	if c.hole.Load() {
		return len(p), nil
	}
	n, err := c.send(p)
	switch c.writes.Add(1) {
	case 1:
		c.reach(AtBanner)
	case 2:
		c.reach(AtKex)
	}
	return n, err
}

func (c *faultConn) send(p []byte) (int, error) {
	if c.fault.ByteEvery == 0 {
		return c.Conn.Write(p)
	}
	for i := range p {
		if _, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
		select {
		case <-time.After(c.fault.ByteEvery):
		case <-c.ended:
			return i, net.ErrClosed
		}
	}
	return len(p), nil
}

// Close is the server's own wish to end; a black hole doesn't tell it.
func (c *faultConn) Close() error {
	if c.hole.Load() {
		return nil
	}
	return c.end()
}

// end closes the connection for good.
func (c *faultConn) end() error {
	var err error
	c.once.Do(func() {
		close(c.ended)
		err = c.Conn.Close()
	})
	return err
}
