package sshdtest

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// held keeps what must not be closed, which a collected connection would be.
var (
	heldTurn sync.Mutex
	held     []io.Closer
)

// DeadPort is a port of 127.0.0.1 that swallows connection requests, as a machine that is off does: a listener whose
// queue is full. It stays so until the process ends.
func DeadPort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), 0) })
	if err := errors.Join(err, failed); err != nil {
		return 0, err
	}
	heldTurn.Lock()
	defer heldTurn.Unlock()
	for range 4 { // the first fill the queue, the others show that it is full
		conn, err := net.DialTimeout("tcp4", l.Addr().String(), 200*time.Millisecond)
		if err != nil {
			break
		}
		held = append(held, conn)
	}
	held = append(held, l)
	return l.Addr().(*net.TCPAddr).Port, nil
}
