package ssh

import (
	"context"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// plainGrace is how long a command in plain mode has to end after it was asked to.
const plainGrace = 2 * time.Second

// plainExec refuses what needs a shell of ours on the target.
func plainExec(t domain.Target, e domain.Exec) error {
	if e.WorkDir == "" && len(e.Env) == 0 && e.Secrets.Empty() && e.Options == (domain.RunOptions{Terminal: e.Options.Terminal}) {
		return nil
	}
	return domain.NewError(domain.CodeNotAllowed, "Take them out of the command, or switch plain mode off if there is a /bin/sh.",
		"%s is in plain mode: a command goes there as it stands, without folder, environment, secrets or rules for its output", t.Destination())
}

// stopPlain asks for the end of a command that nothing can watch, and doesn't claim that it came.
func (p *Process) stopPlain(ctx context.Context) domain.StopResult {
	_, _ = p.ch.SendRequest("signal", false, gossh.Marshal(struct{ Signal string }{"TERM"}))
	select {
	case <-p.done: // it has, but what it started may go on
	case <-ctx.Done():
	case <-p.client.ctx.Done():
	case <-time.After(plainGrace):
	}
	p.leave()
	return unprovedPlain()
}

func unprovedPlain() domain.StopResult {
	return domain.StopResult{State: domain.StopUnproved, PIDs: []int{}, Note: "in plain mode nothing there can tell whether the command has ended; its session was closed"}
}
