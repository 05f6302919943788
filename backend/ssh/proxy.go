package ssh

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/priority"
)

// proxyConn is a ProxyCommand as a connection. Closing it ends the command and its children.
type proxyConn struct {
	io.Reader
	in   io.WriteCloser
	cmd  *exec.Cmd
	done chan struct{}
	once sync.Once
	said *tail
}

// startProxy runs command by the person's shell, as OpenSSH does, in a process group of its own.
func (c *Client) startProxy(h hop, command string) (net.Conn, error) {
	cmd := shellCommand(c.o.Getenv("SHELL"), command)
	ownGroup(cmd)
	fail := func(err error) (net.Conn, error) {
		return nil, domain.NewError(domain.CodeUnreachable, "Check the ProxyCommand of "+h.Name+" in ssh_config.",
			"the ProxyCommand for %s can't be started", h.Name).WithDetails("%v", err).WithCause(err)
	}
	// Pipes of our own: those of exec.Cmd are closed by Wait while they are still read.
	outR, outW, err := os.Pipe()
	if err != nil {
		return fail(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		outR.Close()
		outW.Close()
		return fail(err)
	}
	p := &proxyConn{Reader: outR, in: in, cmd: cmd, done: make(chan struct{}), said: &tail{}}
	cmd.Stdout, cmd.Stderr = outW, p.said
	cmd.WaitDelay = proxyKillGrace
	err = priority.Start(cmd)
	outW.Close()
	if err != nil {
		outR.Close()
		return fail(err)
	}
	if !c.spawn(func() {
		_ = cmd.Wait()
		close(p.done)
	}) {
		killGroup(cmd, true)
		_ = cmd.Wait()
		outR.Close()
		return nil, errClosed()
	}
	return p, nil
}

func (p *proxyConn) Write(b []byte) (int, error) { return p.in.Write(b) }

// Close ends the command: end of input, TERM, and KILL after a moment.
func (p *proxyConn) Close() error {
	p.once.Do(func() {
		p.in.Close()
		killGroup(p.cmd, false)
		select {
		case <-p.done:
		case <-time.After(proxyKillGrace):
		}
		// What ignored TERM, and children that outlived the command.
		killGroup(p.cmd, true)
		<-p.done
		p.Reader.(*os.File).Close()
	})
	return nil
}

// lastWords are what a command that is ending says on stderr, waiting a moment for the last of it.
func (p *proxyConn) lastWords() *tail {
	select {
	case <-p.done:
	case <-time.After(proxyKillGrace):
	}
	return p.said
}

// A ProxyCommand has no addresses and no deadlines; watched keeps the time.
func (p *proxyConn) LocalAddr() net.Addr                { return proxyAddr{} }
func (p *proxyConn) RemoteAddr() net.Addr               { return proxyAddr{} }
func (p *proxyConn) SetDeadline(time.Time) error        { return os.ErrNoDeadline }
func (p *proxyConn) SetReadDeadline(time.Time) error    { return os.ErrNoDeadline }
func (p *proxyConn) SetWriteDeadline(t time.Time) error { return os.ErrNoDeadline }

type proxyAddr struct{}

func (proxyAddr) Network() string { return "proxy" }
func (proxyAddr) String() string  { return "proxy" }

// tail keeps the end of what a command says on stderr.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - maxSniff; over > 0 {
		t.buf = t.buf[over:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(bytes.ToValidUTF8(t.buf, []byte("\ufffd"))))
}
