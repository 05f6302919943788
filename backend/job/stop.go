package job

import (
	"context"
	"time"

	"vmorchestrator/backend/domain"
)

// CancelJob asks for all unfinished runs of a job to be stopped, in this process or through the store in the one that
// owns it, and doesn't wait: Wait does. Returns CodeNotAllowed if the job is finished.
func (s *Service) CancelJob(ctx context.Context, idOrNumber string) (domain.JobDetail, error) {
	d, err := s.Store.GetJob(ctx, idOrNumber)
	if err != nil {
		return domain.JobDetail{}, err
	}
	if d.Job.Status.Finished() {
		return d, domain.NewError(domain.CodeNotAllowed, "", "job %d is already finished: %s", d.Job.Number, d.Job.Status)
	}
	s.mu.Lock()
	lj := s.jobs[d.Job.ID]
	s.mu.Unlock()
	if lj == nil {
		return d, s.Store.RequestCancel(ctx, d.Job.ID, "")
	}
	s.stopRuns(lj, lj.runs, reasonCancel)
	return d, nil
}

// CancelRun is CancelJob for one run.
func (s *Service) CancelRun(ctx context.Context, runID string) error {
	run, err := s.Store.GetRun(ctx, runID)
	if err != nil {
		return err
	}
	if run.Status.Finished() {
		return domain.NewError(domain.CodeNotAllowed, "", "the run on %s is already finished: %s", run.VMName, run.Status)
	}
	s.mu.Lock()
	lj := s.jobs[run.JobID]
	s.mu.Unlock()
	if lj == nil {
		return s.Store.RequestCancel(ctx, run.JobID, runID)
	}
	s.stopRuns(lj, lj.only(runID), reasonCancel)
	return nil
}

func (lj *liveJob) only(runID string) []*liveRun {
	for _, r := range lj.runs {
		if r.snapshot().ID == runID {
			return []*liveRun{r}
		}
	}
	return nil
}

// stopRuns asks for runs to be stopped. Those that wait for their turn end here and now, whoever is busy elsewhere.
func (s *Service) stopRuns(lj *liveJob, runs []*liveRun, why reason) {
	ask(why, runs...)
	var waiting []*liveRun
	for _, r := range runs {
		if r.take() {
			waiting = append(waiting, r)
		}
	}
	if len(waiting) == 0 {
		return
	}
	s.wg.Go(func() {
		for _, r := range waiting {
			s.run(lj, r)
		}
	})
}

// pollCancels looks at the requests of other processes, as long as something runs.
func (s *Service) pollCancels() {
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	for {
		select {
		case <-s.base.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		if len(s.jobs) == 0 {
			s.poller = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		ctx, cancel := context.WithTimeout(s.base, s.store)
		requests, err := s.Store.TakeCancels(ctx)
		cancel()
		if err != nil && s.base.Err() == nil {
			s.Log.Warn("look for requests to cancel", "error", err)
		}
		for _, q := range requests {
			s.mu.Lock()
			lj := s.jobs[q.JobID]
			s.mu.Unlock()
			switch {
			case lj == nil:
			case q.RunID == "":
				s.stopRuns(lj, lj.runs, reasonCancel)
			default:
				s.stopRuns(lj, lj.only(q.RunID), reasonCancel)
			}
		}
	}
}
