package app

import (
	"context"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// changes tells listeners what is not what it was, whichever process changed it, from the store's change sequence.
type changes struct {
	wake chan struct{}

	mu        sync.Mutex
	next      int
	listeners map[int]func([]domain.Change)
}

// OnChange has f called with changes of VMs, commands, jobs, runs and settings, this process's and others'. A change may
// be told late, and twice what was changed twice; f is never called twice at once. stop ends it.
func (a *App) OnChange(f func([]domain.Change)) (stop func()) {
	c := a.changes
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.next
	c.next++
	c.listeners[id] = f
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.listeners, id)
	}
}

// Changed says that this process wrote something, so that listeners hear of it at once and not at the next look.
func (a *App) Changed() {
	select {
	case a.changes.wake <- struct{}{}:
	default:
	}
}

func (c *changes) tell(list []domain.Change) {
	c.mu.Lock()
	listeners := make([]func([]domain.Change), 0, len(c.listeners))
	for i := range c.next {
		if f := c.listeners[i]; f != nil {
			listeners = append(listeners, f)
		}
	}
	c.mu.Unlock()
	for _, f := range listeners {
		f(list)
	}
}

// watch starts what goes on beside the person: in the window, changes by other processes and jobs whose process died.
// vmo lives too short for either.
func (a *App) watch(ctx context.Context) error {
	a.changes = &changes{wake: make(chan struct{}, 1), listeners: map[int]func([]domain.Change){}}
	if a.config.Origin != domain.OriginWindow {
		return nil
	}
	_, seq, err := a.History.Changes(ctx, -1)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	a.wg.Go(func() { a.History.WatchExternal(watching, a.Changed) })
	a.wg.Go(func() { a.follow(watching, seq) })
	a.wg.Go(func() { a.reap(watching) })
	a.wg.Go(func() { a.prune(watching) })
	a.wg.Go(func() { a.checked.crossCheck(watching, func() bool { return !a.Jobs.Busy() }, a.resolver.Check) })
	return nil
}

// follow reads the change sequence after every wake-up.
func (a *App) follow(ctx context.Context, seq int64) {
	look := time.NewTicker(libraryEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if a.useLibrary(ctx); a.Commands.CheckLibrary(ctx) {
				a.tellCommands()
			}
			continue
		case <-a.changes.wake:
		}
		list, last, err := a.History.Changes(ctx, seq)
		if err != nil {
			if ctx.Err() == nil {
				a.log.Warn("read what changed", "error", err)
			}
			continue
		}
		seq = last
		if len(list) > 0 {
			a.changes.tell(list)
		}
	}
}

// reap looks for jobs whose process died, and then for what they left on their targets.
func (a *App) reap(ctx context.Context) {
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		lost, err := a.History.ReapDead(ctx)
		if err != nil {
			if ctx.Err() == nil {
				a.log.Warn("look for jobs of dead processes", "error", err)
			}
			continue
		}
		if len(lost) > 0 {
			a.Changed()
			a.Jobs.VerifyLeftovers(lost)
		}
	}
}
