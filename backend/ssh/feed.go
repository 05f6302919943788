package ssh

import (
	"bytes"
	"errors"
	"io"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/wire"
)

// feed is what a run is sent through its channel: its secrets, a line each, then its script if that comes this way
// (wire.Run.Line), or what it reads from its standard input. nil: nothing.
func feed(s domain.Secrets, script []byte) ([]byte, error) {
	if s.Empty() {
		return script, nil
	}
	if script != nil && s.Stdin != nil {
		return nil, errors.New("a script this long can't be fed a secret by its standard input")
	}
	out := []byte{}
	for _, e := range s.Env {
		out = append(append(out, e.Value...), '\n')
	}
	return append(append(out, s.Stdin...), script...), nil
}

func secretNames(s domain.Secrets) []string {
	var names []string
	for _, e := range s.Env {
		names = append(names, e.Name)
	}
	return names
}

// send gives the channel what it is fed, and ends its input. Secrets wait until the target has said that it reads them.
func (p *Process) send(fed []byte, closed <-chan struct{}) {
	defer clear(fed)
	if p.ready != nil {
		select {
		case <-p.ready:
		case <-closed:
			return
		}
	}
	_, _ = io.Copy(p.ch, bytes.NewReader(fed)) // a channel that is gone is noticed by those who read from it
	_ = p.ch.CloseWrite()
}

// isReady looks for the ready mark in what came before the run's marker, and takes it out.
func (p *Process) isReady(head []byte) []byte {
	mark := []byte(wire.ReadyMark(p.nonce))
	if p.ready == nil || !bytes.Contains(head, mark) {
		return head
	}
	select {
	case <-p.ready: // a second mark is the person's own text
		return head
	default:
	}
	close(p.ready)
	return bytes.Replace(head, mark, nil, 1)
}
