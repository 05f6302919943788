package desktop

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vmorchestrator/backend/domain"
)

// Memory is given back once for all jobs that end in a short time, and not while another one runs.
func TestMemoryIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy atomic.Bool
		given := 0
		g := giveMemory(time.Second, busy.Load, func() { given++ })
		defer g.stop()
		end := func(status domain.Status, wait time.Duration, want int) {
			t.Helper()
			g.jobChanged(domain.Job{Status: status}, nil)
			time.Sleep(wait)
			synctest.Wait()
			if given != want {
				t.Errorf("given %d times, want %d", given, want)
			}
		}
		time.Sleep(time.Minute)
		end(domain.StatusRunning, time.Minute, 0)
		end(domain.StatusSucceeded, time.Second/2, 0)
		end(domain.StatusFailed, time.Second/2, 0)
		end(domain.StatusFailed, time.Minute, 1)
		busy.Store(true)
		end(domain.StatusSucceeded, time.Minute, 1)
		busy.Store(false)
		end(domain.StatusSucceeded, time.Minute, 2)
		g.jobChanged(domain.Job{Status: domain.StatusSucceeded}, nil)
		g.stop()
		time.Sleep(time.Minute)
		if given != 2 {
			t.Errorf("given after the end")
		}
	})
}
