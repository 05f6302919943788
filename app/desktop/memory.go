package desktop

import (
	"time"

	"vmorchestrator/backend/domain"
)

// giver gives memory back once no job has run for a while. Go keeps what a flood of output took for minutes, in case of
// another one, and beside a webview every megabyte is noticed.
type giver struct {
	after time.Duration
	timer *time.Timer
}

// giveMemory calls give, which may take some milliseconds, so long after the last job ended and unless one is busy again.
func giveMemory(after time.Duration, busy func() bool, give func()) *giver {
	timer := time.AfterFunc(after, func() {
		if !busy() {
			give()
		}
	})
	timer.Stop()
	return &giver{after, timer}
}

func (g *giver) jobChanged(job domain.Job, _ []domain.Run) {
	if job.Status.Finished() {
		g.timer.Reset(g.after)
	}
}

func (g *giver) stop() { g.timer.Stop() }
