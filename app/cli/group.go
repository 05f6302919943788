package main

import (
	"fmt"
	"sync"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// grouped prints each run's stored output in one piece when the run has ended, in the order in which they end.
type grouped struct {
	c    *cli
	a    *app.App
	p    *printer
	stop func()

	mu   sync.Mutex
	seen map[string]bool
}

func newGrouped(c *cli, a *app.App, p *printer) *grouped {
	g := &grouped{c: c, a: a, p: p, seen: map[string]bool{}}
	g.stop = a.Jobs.OnChange(func(_ domain.Job, runs []domain.Run) { g.print(runs) })
	return g
}

func (g *grouped) print(runs []domain.Run) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range runs {
		if !r.Status.Finished() || g.seen[r.ID] {
			continue
		}
		g.seen[r.ID] = true
		head := fmt.Sprintf("== %s: %s\n", g.c.clean(r.VMName), g.c.clean(failure(r)))
		if g.p.send(g.c.hurry, 0, append(g.p.buffer(), head...)) != nil {
			return
		}
		reader := &logReader{a: g.a, p: g.p, id: r.ID, next: 1}
		if _, err := reader.catchUp(g.c.hurry); err != nil {
			return
		}
	}
}

// finish prints what is left.
func (g *grouped) finish(d domain.JobDetail) {
	g.print(d.Runs)
	g.stop()
}
