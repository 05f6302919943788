package app

import (
	"context"
	"strings"
	"sync"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/output"
)

// jobLog before the id of a job, in the place of a run's, names the output of all its runs as one log.
const jobLog = "job:"

// jobLogs remember the runs of the jobs whose output is read. A job's runs are the same for ever.
type jobLogs struct {
	mu   sync.Mutex
	runs map[string][]string
}

// merged is the log of a job, and the ids of its runs; ok is false for the id of a run.
func (a *App) merged(ctx context.Context, id string) (m *output.Merged, runs []string, ok bool, err error) {
	id, ok = strings.CutPrefix(id, jobLog)
	if !ok {
		return nil, nil, false, nil
	}
	a.jobLogs.mu.Lock()
	defer a.jobLogs.mu.Unlock()
	if runs = a.jobLogs.runs[id]; runs == nil {
		d, err := a.History.GetJob(ctx, id)
		if err != nil {
			return nil, nil, true, err
		}
		for _, r := range d.Runs {
			runs = append(runs, r.ID)
		}
		if a.jobLogs.runs == nil || len(a.jobLogs.runs) == maxJobLogs {
			a.jobLogs.runs = map[string][]string{}
		}
		a.jobLogs.runs[id] = runs
	}
	return a.Logs.Merged(runs), runs, true, nil
}

// ReadLog reads lines of a run, or with "job:" and the id of a job of all its runs, for a screen: with the secrets of
// this session masked. See output.Hub.Read and output.Merged.Read.
func (a *App) ReadLog(ctx context.Context, id string, from int64, count int) (domain.LogPage, error) {
	m, runs, ok, err := a.merged(ctx, id)
	switch {
	case err != nil:
		return domain.LogPage{}, err
	case !ok:
		page, err := a.Logs.Read(ctx, id, from, count)
		return a.maskPage(page, []string{id}), err
	}
	page, err := m.Read(ctx, from, count)
	page.RunID = id
	return a.maskPage(page, runs), err
}

// LogLine reads a stretch of a long line in the same way. A secret that reaches over the edge of two parts shows in the
// second one.
func (a *App) LogLine(ctx context.Context, id string, n, offset int64) (text string, total int64, err error) {
	m, runs, ok, err := a.merged(ctx, id)
	if err != nil {
		return "", 0, err
	}
	if ok {
		var run int
		run, text, total, err = m.Line(ctx, n, offset)
		id = runs[run]
	} else {
		text, total, err = a.Logs.Line(ctx, id, n, offset)
	}
	return mask(text, a.masks.of(id)), total, err
}

// FindInLog finds lines of a run, or of all runs of a job.
func (a *App) FindInLog(ctx context.Context, id string, q domain.TextQuery, from int64) (domain.FindPage, error) {
	m, _, ok, err := a.merged(ctx, id)
	if err != nil {
		return domain.FindPage{}, err
	}
	if ok {
		return m.Find(ctx, q, from)
	}
	return a.Logs.Find(ctx, id, q, from)
}

// WatchLog wakes who reads the output of a run, or of all runs of a job; see output.Hub.Watch. What can't be watched is
// never woken.
func (a *App) WatchLog(ctx context.Context, id string) (wake <-chan struct{}, stop func()) {
	m, _, ok, err := a.merged(ctx, id)
	switch {
	case err != nil:
		return nil, func() {}
	case ok:
		return m.Watch()
	}
	return a.Logs.Watch(id)
}
