package app

import (
	"context"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh"
	"vmorchestrator/backend/ssh/config"
)

// checked is the resolver that connections use. It remembers what it was asked, so that each answer that wasn't ssh's own
// is held against ssh -G in an idle moment; a difference is logged, and told by explain.
type checked struct {
	ssh.Resolver
	asked chan domain.Target
}

func newChecked(r ssh.Resolver) checked {
	return checked{Resolver: r, asked: make(chan domain.Target, maxUnchecked)}
}

// Resolve gives the settings for t.
func (c checked) Resolve(ctx context.Context, t domain.Target) (config.Settings, error) {
	s, err := c.Resolver.Resolve(ctx, t)
	if err == nil {
		select {
		case c.asked <- t:
		default: // it is asked about again at its next connect
		}
	}
	return s, err
}

// crossCheck checks what was asked, one host at a time and only while idle says so, until ctx ends. After each it rests
// for longer than that took: a look at two hundred VMs when the window opens would else keep a processor from the person
// who begins to work.
func (c checked) crossCheck(ctx context.Context, idle func() bool, check func(context.Context, domain.Target) ([]string, error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-c.asked:
			for !idle() {
				if !rest(ctx, idleEvery) {
					return
				}
			}
			began := time.Now()
			_, _ = check(ctx, t) // it logs what it finds; a check that can't be made says nothing
			if !rest(ctx, checkRest*time.Since(began)) {
				return
			}
		}
	}
}

// rest waits; false when ctx ended before.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
