package ssh

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/ssh/wire"
)

// keeper is the process on a target that ends runs: when told, when this connection ends, and when nothing was heard
// for the lease. There is one per connection, started when the first run there outlives keeperAfter.
type keeper struct {
	conn  *conn
	spec  wire.Keeper
	ch    gossh.Channel
	ready chan struct{}
	dead  chan struct{}

	writing sync.Mutex // a channel of x/crypto mixes up what several write at once

	mu      sync.Mutex
	waiting map[string][]chan wire.Reply
	sent    time.Time // when the last line went out: the lease counts from no later than its arrival
}

var errKeeperGone = errors.New("the keeper has ended")

// keep gives the connection's keeper, started if need be.
func (cn *conn) keep(ctx context.Context) (*keeper, error) {
	select {
	case cn.keeperTurn <- struct{}{}:
		defer func() { <-cn.keeperTurn }()
	case <-cn.dead:
		return nil, errKeeperGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if cn.keeper != nil {
		select {
		case <-cn.keeper.dead:
		default:
			return cn.keeper, nil
		}
	}
	k, err := cn.startKeeper(ctx)
	if err != nil {
		return nil, err
	}
	cn.keeper = k
	return k, nil
}

func (cn *conn) startKeeper(ctx context.Context) (*keeper, error) {
	nonce, err := newNonce()
	if err != nil {
		return nil, err
	}
	spec := wire.Keeper{Nonce: nonce, Lease: cn.c.o.Lease}
	line, err := spec.Line()
	if err != nil {
		return nil, err
	}
	ch, reqs, err := cn.session(line, false)
	if err != nil {
		return nil, err
	}
	k := &keeper{
		conn: cn, spec: spec, ch: ch, ready: make(chan struct{}), dead: make(chan struct{}),
		waiting: map[string][]chan wire.Reply{}, sent: cn.c.o.Now(),
	}
	for _, f := range []func(){k.read, k.beat, func() { gossh.DiscardRequests(reqs) }} {
		if !cn.c.spawn(f) {
			cn.kill()
			return nil, errClosed()
		}
	}
	select {
	case <-k.ready:
		return k, nil
	case <-k.dead:
		return nil, errKeeperGone
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(cn.c.limits.begin):
		err = errors.New("the keeper doesn't answer")
	}
	ch.Close()
	return nil, err
}

// read takes the keeper's answers until its end.
func (k *keeper) read() {
	defer close(k.dead)
	lines := bufio.NewScanner(k.ch)
	for lines.Scan() {
		reply, ok := wire.ParseReply(k.spec.Nonce, lines.Text())
		if !ok {
			continue
		}
		if reply.Verb == wire.Ready {
			select {
			case <-k.ready:
			default:
				close(k.ready)
			}
			continue
		}
		key := string(reply.Verb) + reply.RunID
		k.mu.Lock()
		for _, w := range k.waiting[key] {
			w <- reply
		}
		delete(k.waiting, key)
		k.mu.Unlock()
	}
}

// beat tells the keeper that this side lives.
func (k *keeper) beat() {
	tick := time.NewTicker(k.spec.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-k.dead:
			return
		case <-tick.C:
			_ = k.send(wire.Request{Verb: wire.Heartbeat})
		}
	}
}

func (k *keeper) send(r wire.Request) error {
	if !r.Valid() {
		return fmt.Errorf("request %q can't be sent to the keeper", r)
	}
	k.mu.Lock()
	k.sent = k.conn.c.o.Now()
	k.mu.Unlock()
	k.writing.Lock()
	defer k.writing.Unlock()
	_, err := k.ch.Write([]byte(r.String()))
	return err
}

// ask sends a request and waits for its answer.
func (k *keeper) ask(ctx context.Context, r wire.Request, limit time.Duration) (wire.Reply, error) {
	answer := make(chan wire.Reply, 1)
	key := string(r.Verb) + r.RunID
	k.mu.Lock()
	k.waiting[key] = append(k.waiting[key], answer)
	k.mu.Unlock()
	if err := k.send(r); err != nil {
		return wire.Reply{}, err
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	select {
	case reply := <-answer:
		return reply, nil
	case <-k.dead:
		return wire.Reply{}, errKeeperGone
	case <-ctx.Done():
		return wire.Reply{}, ctx.Err()
	case <-timeout.C:
		return wire.Reply{}, errors.New("the keeper doesn't answer")
	}
}

// leaseEnds is when the keeper has ended everything if it hears nothing more from here.
func (k *keeper) leaseEnds() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sent.Add(k.spec.Lease + k.spec.Slack())
}
