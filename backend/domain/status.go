package domain

// Status is where a run or a job is. There is one enum for both, in Go, SQL, JSON and on the screen.
//
//	queued -> running -> succeeded | failed | canceled | timed_out | lost
//	queued -> canceled | skipped
//
// A finished status never changes again.
type Status string

const (
	StatusQueued    Status = "queued"
	StatusRunning   Status = "running"
	StatusSucceeded Status = "succeeded"
	StatusFailed    Status = "failed"
	// StatusCanceled is a stop that was verified: nothing of the run is left on the target.
	StatusCanceled Status = "canceled"
	StatusTimedOut Status = "timed_out"
	// StatusLost means that contact was lost, the app died, or a stop could not be proved. It is never success.
	StatusLost    Status = "lost"
	StatusSkipped Status = "skipped"
)

// Statuses lists every status in the order of a life.
var Statuses = [...]Status{
	StatusQueued, StatusRunning, StatusSucceeded, StatusFailed,
	StatusCanceled, StatusTimedOut, StatusLost, StatusSkipped,
}

// Valid reports whether s is one of the enum's words.
func (s Status) Valid() bool {
	for _, known := range Statuses {
		if s == known {
			return true
		}
	}
	return false
}

// Finished reports whether s is an end: no transition leaves it.
func (s Status) Finished() bool { return s.Valid() && s != StatusQueued && s != StatusRunning }

// CanBecome reports whether the state machine has the transition s -> next.
func (s Status) CanBecome(next Status) bool {
	switch s {
	case StatusQueued:
		return next == StatusRunning || next.Finished()
	case StatusRunning:
		return next.Finished() && next != StatusSkipped
	default:
		return false
	}
}

// JobStatus is a job's status from those of its runs: running while any run is unfinished and one has begun,
// queued while none has, else the first of canceled, lost, timed_out, failed, skipped, succeeded found among them.
// A job without runs has succeeded at nothing: it is skipped.
func JobStatus(runs []Status) Status {
	if len(runs) == 0 {
		return StatusSkipped
	}
	queued, unfinished := 0, 0
	seen := map[Status]bool{}
	for _, s := range runs {
		seen[s] = true
		if !s.Finished() {
			unfinished++
		}
		if s == StatusQueued {
			queued++
		}
	}
	switch {
	case queued == len(runs):
		return StatusQueued
	case unfinished > 0:
		return StatusRunning
	}
	for _, s := range [...]Status{StatusCanceled, StatusLost, StatusTimedOut, StatusFailed, StatusSkipped} {
		if seen[s] {
			return s
		}
	}
	return StatusSucceeded
}
