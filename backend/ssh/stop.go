package ssh

import (
	"context"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/wire"
)

// keepLater registers the run with the keeper if it lives long enough to be worth one, and tries again until it can.
func (p *Process) keepLater() {
	select {
	case <-p.done:
		return
	case <-p.told:
	}
	wait, limit := keeperAfter, p.client.limits.reply
	for failed := false; ; failed = true {
		pauseUntil(p.done, wait)
		select {
		case <-p.done:
			return
		default:
		}
		ctx, cancel := context.WithTimeout(p.client.ctx, limit)
		_, err := p.keep(ctx)
		cancel()
		if err == nil || !p.conn.alive() || p.client.ctx.Err() != nil {
			return
		}
		if !failed {
			p.client.o.Log.Warn("no keeper for the run yet", "run", p.runID, "host", p.way.target().Name, "err", err)
			wait, limit = keeperRetry, p.client.limits.begin
		} else {
			wait = min(2*wait, keeperRetryMost)
		}
	}
}

// keep registers the run with the connection's keeper, once.
func (p *Process) keep(ctx context.Context) (*keeper, error) {
	select {
	case p.keeping <- struct{}{}:
		defer func() { <-p.keeping }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.registered != nil {
		select {
		case <-p.registered.dead:
		default:
			return p.registered, nil
		}
	}
	k, err := p.conn.keep(ctx)
	if err != nil {
		return nil, err
	}
	if r := p.Remote(); r != nil {
		p.registering.Lock()
		defer p.registering.Unlock()
		select {
		case <-p.over:
			return k, nil // it ended by itself meanwhile, and what it left is its own business
		default:
		}
		if _, err := k.ask(ctx, wire.Request{Verb: wire.Register, RunID: p.runID, PID: r.PID, StartTime: r.StartTime}, p.client.limits.reply); err != nil {
			return nil, err
		}
		p.registered = k
	}
	return k, nil
}

// unkeep tells the keeper that the run is over, before anybody else learns of it: who does may close the client at once,
// and at the end of its input the keeper ends what it still takes for a run. It waits for an answer of the keeper that is
// under way, and for nothing else.
func (p *Process) unkeep() {
	close(p.over)
	p.registering.Lock()
	defer p.registering.Unlock()
	if p.registered != nil && p.conn.alive() {
		_ = p.registered.send(wire.Request{Verb: wire.Done, RunID: p.runID})
	}
}

// Stop ends the run: TERM to its whole session and to what escaped from it, KILL after grace, another look. The
// result is what was seen, never what was hoped for. It returns when that is known, at the latest when ctx ends.
func (p *Process) Stop(ctx context.Context, grace time.Duration) domain.StopResult {
	if grace <= 0 {
		grace = defaultGrace
	}
	select {
	case <-p.done:
		if p.exit.Kind == domain.ExitUnknown && p.plain {
			return unprovedPlain()
		}
		if p.exit.Kind == domain.ExitUnknown {
			return p.stopElsewhere(ctx, grace)
		}
		return domain.StopResult{State: domain.StopStopped, PIDs: []int{}, Note: "it had already ended"}
	default:
	}
	if p.plain {
		return p.stopPlain(ctx)
	}
	if p.client.o.NoKeeper {
		p.leave()
		return domain.StopResult{State: domain.StopUnproved, PIDs: []int{}, Note: "no keeper runs there"}
	}
	k, err := p.keep(ctx)
	if err != nil {
		return p.stopElsewhere(ctx, grace)
	}
	reply, err := k.ask(ctx, wire.Request{Verb: wire.Stop, RunID: p.runID, Grace: grace}, grace*3/2+stopSlack)
	if err != nil {
		// No answer: whatever this connection still carries, heartbeats must not keep the run alive.
		if ctx.Err() == nil {
			p.conn.kill()
		}
		return p.stopElsewhere(ctx, grace)
	}
	return p.stopped(reply)
}

func (p *Process) stopped(reply wire.Reply) domain.StopResult {
	if len(reply.PIDs) > 0 {
		return stillRunning(reply.PIDs)
	}
	timer := time.NewTimer(stoppedDrain)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.leave()
	}
	return domain.StopResult{State: domain.StopStopped, PIDs: []int{}}
}

func stillRunning(pids []int) domain.StopResult {
	return domain.StopResult{State: domain.StopStillRunning, PIDs: pids, Note: "they belong to somebody else, or can't be ended"}
}

// leave closes the run's channel without waiting for its end.
func (p *Process) leave() { _ = p.ch.Close() }

// stopElsewhere stops the run over another connection, because its own is gone or has no place for a keeper.
func (p *Process) stopElsewhere(ctx context.Context, grace time.Duration) domain.StopResult {
	ends := p.leaseEnds()
	remote := p.Remote()
	if remote == nil {
		remote = &domain.RemoteProcess{}
	}
	reached, result := p.client.end(ctx, p.way, *remote, p.runID, grace, p.conn)
	if reached {
		if result.State == domain.StopStopped {
			timer := time.NewTimer(stoppedDrain)
			defer timer.Stop()
			select {
			case <-p.done:
			case <-timer.C:
				p.leave()
			}
		}
		return result
	}
	p.conn.kill()
	result.LeaseEndsAt = ends
	if ends == nil {
		result.Note = "the target can't be asked, and no keeper watched the run yet"
	}
	return result
}

// leaseEnds is when the run's keeper has ended it without another word; nil if none had it.
func (p *Process) leaseEnds() *time.Time {
	select {
	case p.keeping <- struct{}{}:
		defer func() { <-p.keeping }()
	default:
		return nil
	}
	if p.registered == nil {
		return nil
	}
	at := p.registered.leaseEnds()
	return &at
}

// end finds and ends a run over a connection other than not, asking nobody. reached is false if none can be made.
func (c *Client) end(ctx context.Context, way route, remote domain.RemoteProcess, runID string, grace time.Duration, not *conn) (reached bool, result domain.StopResult) {
	unreachable := domain.StopResult{State: domain.StopUnreachable, PIDs: []int{}}
	dctx, cancel := context.WithTimeout(ctx, defaultConnectTimeout)
	defer cancel()
	n := need{quiet: true, not: not}
	cn, err := c.pool.acquire(dctx, way, way, n)
	if err != nil {
		unreachable.Note = domain.AsError(err).Message
		return false, unreachable
	}
	defer c.pool.release(cn, n)
	unproved := domain.StopResult{State: domain.StopUnproved, PIDs: []int{}, Note: "no keeper can run there"}
	k, err := cn.keep(ctx)
	if err != nil {
		return true, unproved
	}
	if remote.PID > 1 {
		if _, err := k.ask(ctx, wire.Request{Verb: wire.Register, RunID: runID, PID: remote.PID, StartTime: remote.StartTime}, c.limits.reply); err != nil {
			return cn.alive(), unproved
		}
	}
	reply, err := k.ask(ctx, wire.Request{Verb: wire.Stop, RunID: runID, Grace: grace}, grace*3/2+stopSlack)
	if err != nil {
		return cn.alive(), unproved
	}
	_ = k.send(wire.Request{Verb: wire.Done, RunID: runID})
	if len(reply.PIDs) > 0 {
		return true, stillRunning(reply.PIDs)
	}
	return true, domain.StopResult{State: domain.StopStopped, PIDs: []int{}}
}

// VerifyLeftover looks on t for a run that an earlier process of the app left there, ends what is left of it and
// reports. It never asks anybody. The error says why the target can't be reached; the result is then StopUnreachable.
func (c *Client) VerifyLeftover(ctx context.Context, t domain.Target, remote domain.RemoteProcess, runID string) (domain.StopResult, error) {
	way, err := c.routeTo(ctx, t)
	if err != nil {
		return domain.StopResult{State: domain.StopUnreachable, PIDs: []int{}, Note: domain.AsError(err).Message}, err
	}
	reached, result := c.end(ctx, way, remote, runID, defaultGrace, nil)
	if !reached {
		return result, domain.NewError(domain.CodeUnreachable, "It is looked at again when the app starts next.",
			"%s can't be asked what is left of the run: %s", way.target().Name, result.Note)
	}
	return result, nil
}
