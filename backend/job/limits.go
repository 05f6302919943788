package job

import "time"

// limits are the runner's figures; tests make them short.
type limits struct {
	// poll is how often requests to cancel from other processes are looked at while something runs (contracts.md: 250 ms).
	poll time.Duration
	// grace is how long a stopped command has between TERM and KILL: enough to write a file, short enough to wait for.
	grace time.Duration
	// stop is how long a stop may take in all until it counts as not proved. `vmo cancel` waits 15 s for it.
	stop time.Duration
	// drain is how long the rest of the output may take after a stop; a survivor may hold it open for ever.
	drain time.Duration
	// store is how long one write of a status may take; another process may hold the write lock meanwhile.
	store time.Duration
	// stored is how long the end of the output may take to be kept: a slow disk with 64 MiB waiting.
	stored time.Duration
	// retry is the pause between two attempts to write a final status.
	retry time.Duration
	// event is the shortest time between two notifications: 20 a second (contracts.md, "Events").
	event time.Duration
	// verify are the pauses before each look for what a lost run left behind. The last one is past the keeper's lease,
	// after which nothing should be there.
	verify []time.Duration
	// verifyOnce is how long one such look may take: a dead host answers nothing.
	verifyOnce time.Duration
}

func defaultLimits() limits {
	return limits{
		poll: 250 * time.Millisecond, grace: 3 * time.Second, stop: 12 * time.Second, drain: 2 * time.Second,
		store: 10 * time.Second, stored: 60 * time.Second, retry: 200 * time.Millisecond, event: 50 * time.Millisecond,
		verify:     []time.Duration{time.Second, 10 * time.Second, 50 * time.Second},
		verifyOnce: 20 * time.Second,
	}
}

const (
	// MaxParallelism is how many runs of a job go at once at most; settings.go allows the same.
	MaxParallelism = 200
	// MaxTargets is how many runs a job has at most: five times the largest fleet the product is made for.
	MaxTargets = 1000
	// finalAttempts is how often a final status is written before it is left to the next start, which finds it lost.
	finalAttempts = 5
	// maxVerifiers is how many hosts are asked at once for left-overs; it is background work.
	maxVerifiers = 4
)
