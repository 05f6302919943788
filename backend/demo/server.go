package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// server is a machine's SSH server on a loopback port of the system's choice.
type server struct {
	machine  *machine
	hostKey  ssh.PublicKey
	config   *ssh.ServerConfig
	listener net.Listener
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// listen starts the server of m. It takes the one client key and nothing else.
func listen(ctx context.Context, m *machine, hostKey ssh.Signer, client ssh.PublicKey) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	want := client.Marshal()
	s := &server{
		machine:  m,
		hostKey:  hostKey.PublicKey(),
		listener: l,
		conns:    map[net.Conn]struct{}{},
		config: &ssh.ServerConfig{
			ServerVersion: "SSH-2.0-VMOrchestratorDemo",
			PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
				if c.User() != demoUser || !bytes.Equal(key.Marshal(), want) {
					return nil, errors.New("not the demo's key")
				}
				return nil, nil
			},
		},
	}
	s.config.AddHostKey(hostKey)
	// The servers live as long as the fleet, not as the call that started it.
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.wg.Add(1)
	go s.accept()
	return s, nil
}

func (s *server) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// close ends the listener, every connection and every command, and waits for them.
func (s *server) close() error {
	s.cancel()
	err := s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

func (s *server) accept() {
	defer s.wg.Done()
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.ctx.Err() != nil {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.conns[c] = struct{}{}
		s.wg.Add(1)
		s.mu.Unlock()
		go s.serve(c)
	}
}

func (s *server) serve(c net.Conn) {
	defer s.wg.Done()
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close()
	}()
	_ = c.SetDeadline(time.Now().Add(handshakeTimeout))
	conn, channels, requests, err := ssh.NewServerConn(c, s.config)
	if err != nil {
		return
	}
	_ = c.SetDeadline(time.Time{})
	var sessions sync.WaitGroup
	defer sessions.Wait()
	sessions.Go(func() { answer(requests) })
	open := make(chan struct{}, maxSessions)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "the demo forwards nothing")
			continue
		}
		select {
		case open <- struct{}{}:
		default:
			_ = offered.Reject(ssh.ResourceShortage, "open failed")
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			<-open
			continue
		}
		sessions.Go(func() {
			defer func() { <-open }()
			(&session{server: s, channel: channel}).serve(requests)
		})
	}
	_ = conn.Wait()
}

// answer refuses global requests; that is also the reply a keepalive wants.
func answer(requests <-chan *ssh.Request) {
	for r := range requests {
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}
