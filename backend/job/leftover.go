package job

import (
	"context"
	"time"

	"vmorchestrator/backend/domain"
)

// VerifyLeftovers looks in the background, without asking the person anything, for what lost runs may have left on
// their targets, and writes down what it finds. Runs that can leave nothing are passed over.
func (s *Service) VerifyLeftovers(runs []domain.Run) {
	for _, r := range runs {
		s.verifyLater(r)
	}
}

// verifyLater begins the looks for one run if it may have left something.
func (s *Service) verifyLater(run domain.Run) {
	if s.Verifier == nil || run.Status != domain.StatusLost || run.Target.Kind != domain.TargetSSH ||
		run.Remote == nil || run.Remote.PID <= 1 || run.Remote.GoesOn {
		return
	}
	if run.StopResult != nil && run.StopResult.State == domain.StopStopped {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.wg.Go(func() { s.verifyRun(run) })
	}
}

// verifyRun looks until the answer is final: nothing is left, or the last look is done.
func (s *Service) verifyRun(run domain.Run) {
	for _, pause := range s.limits.verify {
		select {
		case <-time.After(pause):
		case <-s.base.Done():
			return
		}
		result, err := s.look(run)
		if s.base.Err() != nil {
			return
		}
		if err != nil {
			s.Log.Info("look for left-overs", "run", run.ID, "target", run.Target.String(), "error", err)
			continue
		}
		if result.PIDs == nil {
			result.PIDs = []int{}
		}
		run.StopResult = &result
		ctx, cancel := context.WithTimeout(s.base, s.store)
		job, err := s.Store.UpdateRun(ctx, run)
		cancel()
		if err != nil {
			s.Log.Warn("store what became of left-overs", "run", run.ID, "error", err)
			continue
		}
		s.notes.tell(job, run)
		if result.State == domain.StopStopped {
			return
		}
	}
}

func (s *Service) look(run domain.Run) (domain.StopResult, error) {
	select {
	case s.slots <- struct{}{}:
	case <-s.base.Done():
		return domain.StopResult{}, s.base.Err()
	}
	defer func() { <-s.slots }()
	ctx, cancel := context.WithTimeout(s.base, s.verifyOnce)
	defer cancel()
	return s.Verifier.VerifyLeftover(ctx, run.Target, *run.Remote, run.ID)
}
