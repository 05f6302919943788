//go:build unix

package ssh

import (
	"net"
	"syscall"
	"testing"
	"time"

	"vmorchestrator/internal/sshdtest"
)

// deadHost is an address that swallows connection requests, like a machine that is off: a listener whose queue is full.
func deadHost(t *testing.T) *sshdtest.Server {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	fill(t, l)
	return &sshdtest.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "x"}
}

// fill makes a listener swallow connection requests.
func fill(t *testing.T, l net.Listener) {
	t.Helper()
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		// The first fill the queue, the others show that it is full.
		conn, err := net.DialTimeout("tcp", l.Addr().String(), 200*time.Millisecond)
		if err != nil {
			break
		}
		t.Cleanup(func() { conn.Close() })
	}
}
