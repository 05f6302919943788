package demo

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"vmorchestrator/backend/ssh/wire"
)

// session is one channel: a run, a keeper, or a plain command.
type session struct {
	server  *server
	channel ssh.Channel
	env     []string
}

// serve answers the channel's requests until it ends. A command runs beside it, so that a signal can reach it.
func (s *session) serve(requests <-chan *ssh.Request) {
	ctx, cancel := context.WithCancel(s.server.ctx)
	var command sync.WaitGroup
	var running *process
	defer func() {
		cancel()
		command.Wait()
		_ = s.channel.Close()
	}()
	for r := range requests {
		ok := false
		switch r.Type {
		case "env":
			var pair struct{ Name, Value string }
			if ok = ssh.Unmarshal(r.Payload, &pair) == nil; ok {
				s.env = append(s.env, pair.Name+"="+pair.Value)
			}
		case "pty-req", "window-change":
			ok = true
		case "signal":
			var sent struct{ Name string }
			if ok = ssh.Unmarshal(r.Payload, &sent) == nil && running != nil; ok {
				running.cancel(killed{sent.Name})
			}
		case "exec":
			var asked struct{ Line string }
			if ssh.Unmarshal(r.Payload, &asked) != nil || running != nil {
				break
			}
			_ = r.Reply(true, nil)
			if k, isKeeper := wire.ParseKeeper(asked.Line); isKeeper {
				command.Go(func() { s.keep(ctx, k) })
				continue
			}
			run, isRun := wire.ParseExec(asked.Line)
			if !isRun {
				run = wire.Run{Script: asked.Line}
			}
			runCtx, p := s.server.machine.begin(ctx, run.RunID, run.Script)
			running = p
			command.Go(func() { s.run(runCtx, p, run) })
			continue
		case "shell":
			fmt.Fprintln(s.channel.Stderr(), "A demo machine runs commands; it has no interactive shell.")
		}
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
	}
}

// run interprets a run's script and tells how it ended.
func (s *session) run(ctx context.Context, p *process, run wire.Run) {
	m := s.server.machine
	secrets, stdin := s.fed(run)
	if run.Nonce != "" {
		mark := wire.Marker(run.Nonce, wire.Mark{PID: p.pid, StartTime: fmt.Sprint(p.began.UnixMilli())})
		_, _ = io.WriteString(s.channel, mark)
		if !run.Terminal {
			_, _ = io.WriteString(s.channel.Stderr(), mark)
		}
	}
	var errs io.Writer = s.channel.Stderr()
	if run.Terminal || run.Merge {
		errs = s.channel
	}
	if run.ByStdin {
		text, err := io.ReadAll(io.LimitReader(s.channel, maxScriptBytes+1))
		if err != nil || len(text) > maxScriptBytes {
			fmt.Fprintln(s.channel.Stderr(), "sh: the script is too long")
			m.end(p)
			s.exit(exit{status: 126})
			return
		}
		run.Script = string(text)
	}
	env := slices.Clone(s.env)
	if run.RunID != "" {
		env = append(env, "VMO_RUN_ID="+run.RunID)
	}
	for name, value := range run.Env {
		env = append(env, name+"="+value)
	}
	env = append(env, secrets...)
	folder := run.WorkDir
	if rest, home := strings.CutPrefix(folder, "~"); home {
		folder = "/home/" + demoUser + rest
	}
	e := m.run(ctx, run.Script, folder, env, []string{"bash"}, stdin, s.channel, errs)
	m.end(p)
	s.exit(e)
}

// fed takes what the run is sent: its secrets as variables, and what it reads from its standard input, nil being nothing.
func (s *session) fed(run wire.Run) (secrets []string, stdin io.Reader) {
	if !run.Fed {
		return nil, nil
	}
	_, _ = io.WriteString(s.channel, wire.ReadyMark(run.Nonce))
	one := make([]byte, 1)
	for _, name := range run.Secrets {
		var line []byte
		for { // byte by byte: what follows is for others
			if _, err := io.ReadFull(s.channel, one); err != nil || one[0] == '\n' || len(line) > maxSecretBytes {
				break
			}
			line = append(line, one[0])
		}
		secrets = append(secrets, name+"="+string(line))
	}
	if run.ByStdin {
		return secrets, nil
	}
	rest, _ := io.ReadAll(io.LimitReader(s.channel, maxSecretBytes))
	return secrets, bytes.NewReader(rest)
}

// exit tells the client how the command ended, as sshd does, and closes the channel.
func (s *session) exit(e exit) {
	_ = s.channel.CloseWrite()
	if e.signal != "" {
		_, _ = s.channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal     string
			CoreDumped bool
			Message    string
			Language   string
		}{e.signal, false, "", ""}))
	} else {
		_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(e.status)}))
	}
	_ = s.channel.Close()
}

// keep is the keeper of a demo machine: the same promises as keeper.sh, over the machine's table of processes.
func (s *session) keep(ctx context.Context, k wire.Keeper) {
	registered := map[string]int{} // run id -> pid
	lines := make(chan string)
	go func() { // ends with the channel, which session.serve closes
		defer close(lines)
		in := bufio.NewScanner(s.channel)
		for in.Scan() {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	_, _ = io.WriteString(s.channel, wire.Reply{Verb: wire.Ready}.Line(k.Nonce))
	for {
		select {
		case <-ctx.Done():
		case <-time.After(k.Lease):
		case line, more := <-lines:
			if !more {
				break
			}
			if request, ok := wire.ParseRequest(line); ok {
				_, _ = io.WriteString(s.channel, s.obey(request, registered).Line(k.Nonce))
			}
			continue
		}
		for _, pid := range registered {
			s.server.machine.kill(pid, "TERM")
		}
		s.exit(exit{})
		return
	}
}

func (s *session) obey(r wire.Request, registered map[string]int) wire.Reply {
	reply := wire.Reply{Verb: r.Verb, RunID: r.RunID}
	switch r.Verb {
	case wire.Register:
		registered[r.RunID] = r.PID
	case wire.Done:
		delete(registered, r.RunID)
	case wire.Stop:
		for _, p := range s.server.machine.processes() {
			if p.runID != r.RunID && p.pid != registered[r.RunID] {
				continue
			}
			p.cancel(killed{"TERM"})
			select {
			case <-p.done:
			case <-time.After(r.Grace):
				reply.PIDs = append(reply.PIDs, p.pid)
			}
		}
	}
	return reply
}
