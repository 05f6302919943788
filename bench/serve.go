package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/ssh/wire"
	"vmorchestrator/internal/sshdtest"
)

// serveArg makes this program row 2's server: an SSH server in one process, for which every command succeeds at once.
// With sshd most of a fan-out's time is sshd's own, so what the clients cost is seen better here.
const serveArg = "serve-bare"

// bareServer is such a server in a process of its own, so that its work isn't counted as the client's.
type bareServer struct {
	config string
	names  []string
	cmd    *exec.Cmd
	stdin  io.Closer // it lives as long as this is open
}

func (g *ground) newBare() (*bareServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, serveArg, strconv.Itoa(hosts))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b := &bareServer{config: filepath.Join(g.dir, "config-bare"), cmd: cmd, stdin: stdin}
	var port int
	var kind, key string
	if _, err := fmt.Fscanln(stdout, &port, &kind, &key); err != nil {
		b.close()
		return nil, fmt.Errorf("start the server of row 2: %w", err)
	}
	public, _, _, _, err := gossh.ParseAuthorizedKey([]byte(kind + " " + key))
	if err != nil {
		b.close()
		return nil, err
	}
	var config, keys strings.Builder
	for i := range hosts {
		name, address := fmt.Sprintf("bare-%d", i+1), fmt.Sprintf("127.0.0.%d", i+1)
		b.names = append(b.names, name)
		fmt.Fprintf(&config, "Host %s\n  HostName %s\n  Port %d\n", name, address, port)
		keys.WriteString(sshdtest.KnownHostsLine(&sshdtest.Server{Host: address, Port: port}, public))
	}
	if err := g.writeConfig(b.config, "bench", config.String(), keys.String()); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bareServer) close() {
	_ = b.stdin.Close()
	_ = b.cmd.Wait()
}

// serve listens on as many addresses of loopback as it is told, tells port and host key on stdout, and ends with stdin.
func serve(args []string) int {
	if err := serveOn(args); err != nil {
		fmt.Fprintln(os.Stderr, "bench: serve:", err)
		return 1
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func serveOn(args []string) error {
	if len(args) != 1 {
		return errors.New("how many addresses?")
	}
	count, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	signer, err := gossh.NewSignerFromSigner(private)
	if err != nil {
		return err
	}
	config := &gossh.ServerConfig{
		PublicKeyCallback: func(gossh.ConnMetadata, gossh.PublicKey) (*gossh.Permissions, error) { return nil, nil },
	}
	config.AddHostKey(signer)
	port := 0
	for i := range count {
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.%d:%d", i+1, port))
		if err != nil {
			return err
		}
		port = l.Addr().(*net.TCPAddr).Port
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go serveConn(c, config)
			}
		}()
	}
	fmt.Printf("%d %s", port, gossh.MarshalAuthorizedKey(signer.PublicKey()))
	return nil
}

func serveConn(c net.Conn, config *gossh.ServerConfig) {
	defer c.Close()
	_, channels, requests, err := gossh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go gossh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		go serveChannel(channel, requests)
	}
}

func serveChannel(channel gossh.Channel, requests <-chan *gossh.Request) {
	defer channel.Close()
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(r.Type == "env", nil)
			continue
		}
		var asked struct{ Line string }
		_ = gossh.Unmarshal(r.Payload, &asked)
		_, keeper := wire.ParseKeeper(asked.Line)
		_ = r.Reply(!keeper, nil)
		if keeper {
			return
		}
		if run, ours := wire.ParseExec(asked.Line); ours {
			mark := wire.Marker(run.Nonce, wire.Mark{PID: os.Getpid(), StartTime: "1"})
			_, _ = io.WriteString(channel, mark)
			_, _ = io.WriteString(channel.Stderr(), mark)
		}
		_, _ = channel.SendRequest("exit-status", false, gossh.Marshal(struct{ Status uint32 }{0}))
		return
	}
}
