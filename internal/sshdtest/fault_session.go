package sshdtest

import (
	"bufio"
	"fmt"
	"strings"
	"sync"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/ssh/wire"
)

// faultSessions are the channels of one connection. The scripts they know:
//
//	exit N    ends with that status
//	print N   prints that many lines, then ends with 0
//	hold      goes on until the keeper is told to stop it, or the connection ends
type faultSessions struct {
	conn *faultConn
	mu   sync.Mutex
	open int
	runs map[string]*faultRun
}

// faultRun is a script that runs.
type faultRun struct {
	once sync.Once
	stop chan struct{} // closed by the keeper
}

func (r *faultRun) end() { r.once.Do(func() { close(r.stop) }) }

func (f *faultSessions) serve(offered gossh.NewChannel) {
	f.conn.reach(AtSession)
	f.mu.Lock()
	refused := f.conn.fault.MaxSessions > 0 && f.open >= f.conn.fault.MaxSessions
	if !refused {
		f.open++
	}
	f.mu.Unlock()
	if refused {
		_ = offered.Reject(gossh.ResourceShortage, "open failed")
		return
	}
	ch, requests, err := offered.Accept()
	if err != nil {
		return
	}
	var work sync.WaitGroup
	gone := make(chan struct{})
	for r := range requests {
		if r.Type != "exec" {
			// Signals among others: a server may refuse them, as OpenSSH does for root.
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
			continue
		}
		var command struct{ Line string }
		_ = gossh.Unmarshal(r.Payload, &command)
		f.conn.reach(AtExec)
		k, keeper := wire.ParseKeeper(command.Line)
		run, known := wire.ParseExec(command.Line)
		refused := keeper && f.conn.fault.NoKeeper || !keeper && !known
		_ = r.Reply(!refused, nil)
		switch {
		case refused:
		case keeper:
			work.Go(func() { f.keep(k, ch) })
		default:
			work.Go(func() { f.run(run, ch, gone) })
		}
	}
	close(gone)
	work.Wait()
	f.mu.Lock()
	f.open--
	f.mu.Unlock()
}

func (f *faultSessions) run(r wire.Run, ch gossh.Channel, gone <-chan struct{}) {
	defer ch.Close()
	this := &faultRun{stop: make(chan struct{})}
	f.mu.Lock()
	f.runs[r.RunID] = this
	pid := 1000 + len(f.runs)
	f.mu.Unlock()
	mark := wire.Marker(r.Nonce, wire.Mark{PID: pid, StartTime: "1"})
	_, _ = ch.Write([]byte(mark))
	_, _ = ch.Stderr().Write([]byte(mark))
	f.conn.reach(AtOutput)
	status, n := 0, 0
	switch verb, _, _ := strings.Cut(r.Script, " "); verb {
	case "exit":
		_, _ = fmt.Sscanf(r.Script, "exit %d", &status)
	case "print":
		_, _ = fmt.Sscanf(r.Script, "print %d", &n)
		for i := range n {
			if _, err := fmt.Fprintf(ch, "line %d\n", i); err != nil {
				return
			}
		}
	case "hold":
		select {
		case <-this.stop:
			payload := gossh.Marshal(struct {
				Signal     string
				Core       bool
				Text, Lang string
			}{Signal: "TERM"})
			_, _ = ch.SendRequest("exit-signal", false, payload)
			return
		case <-gone:
			return
		}
	}
	_, _ = ch.SendRequest("exit-status", false, gossh.Marshal(struct{ Status uint32 }{uint32(status)}))
}

// keep speaks the keeper's lines.
func (f *faultSessions) keep(k wire.Keeper, ch gossh.Channel) {
	defer ch.Close()
	_, _ = ch.Write([]byte(wire.Reply{Verb: wire.Ready}.Line(k.Nonce)))
	for lines := bufio.NewScanner(ch); lines.Scan(); {
		r, ok := wire.ParseRequest(lines.Text())
		if !ok {
			continue
		}
		f.mu.Lock()
		run := f.runs[r.RunID]
		f.mu.Unlock()
		if r.Verb == wire.Stop && run != nil {
			run.end()
		}
		_, _ = ch.Write([]byte(wire.Reply{Verb: r.Verb, RunID: r.RunID}.Line(k.Nonce)))
	}
}
