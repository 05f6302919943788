package job

import (
	"fmt"
	"strings"
	"time"

	"vmorchestrator/backend/domain"
)

const noteNotStarted = "stopped before it began"

// verdict is what becomes of a run that began.
type verdict struct {
	status domain.Status
	exit   *domain.Exit
	result *domain.StopResult
	err    *domain.Error
	note   string
}

// judge decides by the rules of contracts.md: only a verified stop is canceled or timed out, everything else that ended
// without an exit status is lost.
func (s *Service) judge(r *liveRun, end ending, options domain.RunOptions) verdict {
	r.mu.Lock()
	why, sinkErr, plain := r.reason, r.sinkEr, r.run.Target.Plain
	r.mu.Unlock()
	v := verdict{exit: end.exit, result: end.result}
	if end.exit != nil {
		v.note = end.exit.Note
	}
	if end.result == nil {
		return s.judgeExit(v, sinkErr, options, plain)
	}
	if end.result.State != domain.StopStopped {
		v.status = domain.StatusLost
		v.err = unproved(*end.result)
		if sinkErr != nil {
			v.err = domain.AsError(sinkErr)
		}
		return v
	}
	switch why {
	case reasonTimeout:
		v.status = domain.StatusTimedOut
		v.err = domain.NewError(domain.CodeTimedOut, "Give it more time, or look at its last lines for what it waits for.", "the command took longer than its time-out and was stopped")
	case reasonOutput:
		v.status, v.err = domain.StatusFailed, domain.AsError(sinkErr)
	case reasonClosing:
		v.status = domain.StatusCanceled
		v.note = join(v.note, "stopped because the app was closed")
	default:
		v.status = domain.StatusCanceled
	}
	return v
}

// judgeExit is the verdict on a process that was not stopped by us.
func (s *Service) judgeExit(v verdict, sinkErr error, options domain.RunOptions, plain bool) verdict {
	switch {
	case v.exit.Kind == domain.ExitUnknown && sinkErr != nil:
		// The transport broke off because its output wasn't taken.
		v.status, v.err, v.result = domain.StatusLost, domain.AsError(sinkErr), s.outOfReach()
	case v.exit.Kind == domain.ExitUnknown && options.ExpectsDisconnect:
		v.status, v.note = domain.StatusSucceeded, join(v.note, "the connection ended, as this command expects")
	case v.exit.Kind == domain.ExitUnknown && options.OnLost == domain.OnLostGoOn:
		v.status, v.err, v.note = domain.StatusLost, v.exit.Err, join(v.note, "it goes on there to its own end; what it prints from now on isn't recorded")
	case v.exit.Kind == domain.ExitUnknown:
		v.status, v.err, v.result = domain.StatusLost, v.exit.Err, s.outOfReach()
		if plain {
			v.result = &domain.StopResult{State: domain.StopUnproved, PIDs: []int{}, Note: "in plain mode nothing there can tell whether the command has ended"}
		}
		if v.err == nil {
			v.err = domain.NewError(domain.CodeLost, "", "contact with the target was lost before the command's exit status came")
		}
	case sinkErr != nil:
		v.status, v.err = domain.StatusFailed, domain.AsError(sinkErr)
	case v.exit.Kind == domain.ExitStatus && v.exit.Code == 0:
		v.status = domain.StatusSucceeded
	default:
		v.status = domain.StatusFailed
	}
	return v
}

// outOfReach is what is known of a process after contact was lost.
func (s *Service) outOfReach() *domain.StopResult {
	return &domain.StopResult{State: domain.StopUnreachable, PIDs: []int{}, LeaseEndsAt: s.leaseEnd()}
}

func (s *Service) leaseEnd() *time.Time {
	if s.Lease <= 0 {
		return nil
	}
	end := s.Now().Add(s.Lease)
	return &end
}

// apply writes the verdict into the run.
func (v verdict) apply(run *domain.Run) {
	run.Status, run.Error, run.StopResult = v.status, v.err, v.result
	run.Note = join(run.Note, v.note)
	if v.exit == nil {
		return
	}
	switch v.exit.Kind {
	case domain.ExitStatus:
		code := v.exit.Code
		run.ExitCode = &code
	case domain.ExitSignal:
		run.Signal = v.exit.Signal
	}
}

// notice is the remark at the end of the output; "" where the status says enough.
func (v verdict) notice() string {
	var text string
	switch {
	case v.result != nil:
		text = StopText(*v.result)
	case v.exit != nil && v.exit.Kind == domain.ExitSignal:
		text = "ended by signal " + v.exit.Signal
	case v.exit != nil && v.exit.Kind == domain.ExitStatus:
		text = fmt.Sprintf("exit status %d", v.exit.Code)
	}
	return join(text, v.note)
}

func stopNotice(why reason) string {
	switch why {
	case reasonTimeout:
		return "time-out: stopping"
	case reasonOutput:
		return "the output can't be kept: stopping"
	case reasonClosing:
		return "the app is closing: stopping"
	default:
		return "stopping"
	}
}

// StopText is what a stop came to, in words.
func StopText(r domain.StopResult) string {
	var text string
	switch r.State {
	case domain.StopStopped:
		text = "stopped: nothing of it is left on the target"
	case domain.StopStillRunning:
		pids := make([]string, len(r.PIDs))
		for i, pid := range r.PIDs {
			pids[i] = fmt.Sprint(pid)
		}
		text = "still running on the target: pid " + strings.Join(pids, ", ")
	case domain.StopUnreachable:
		text = "the target can't be reached"
		if r.LeaseEndsAt != nil {
			text += "; it ends the command by itself by " + r.LeaseEndsAt.Local().Format("15:04:05")
		}
	default:
		text = "whether it stopped can't be proved on this target"
	}
	return join(text, r.Note)
}

func unproved(r domain.StopResult) *domain.Error {
	hint := "Look on the target for what is left."
	if r.State == domain.StopUnreachable {
		hint = "Check the target when it can be reached again."
	}
	return domain.NewError(domain.CodeStopUnproved, hint, "the stop couldn't be verified: %s", StopText(r))
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || a == b:
		return a
	}
	return a + "; " + b
}
