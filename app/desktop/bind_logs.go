package desktop

import (
	"context"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// Logs reads what runs wrote.
type Logs struct{ w *window }

// LineText is a stretch of one long line.
type LineText struct {
	Text  string `json:"text"`
	Total int64  `json:"total"` // the line's length in bytes
}

// Where these ask for a run, "job:" and the id of a job names the lines of all its runs, in the order in which they came.

// Read gives up to count lines from a number on, at most 8 KB of text; a negative from counts from the tail.
func (l *Logs) Read(runID string, from int64, count int) (domain.LogPage, error) {
	return read(l.w, func(ctx context.Context, a *app.App) (domain.LogPage, error) {
		return a.ReadLog(ctx, runID, from, count)
	})
}

// Line gives line n from a byte offset on, in steps of 64 KiB.
func (l *Logs) Line(runID string, n, offset int64) (LineText, error) {
	return read(l.w, func(ctx context.Context, a *app.App) (LineText, error) {
		text, total, err := a.LogLine(ctx, runID, n, offset)
		return LineText{Text: text, Total: total}, err
	})
}

// Find gives numbers of lines that match, from a number on, at most 1,500; next is where to go on until done.
func (l *Logs) Find(runID string, query domain.TextQuery, from int64) (domain.FindPage, error) {
	return read(l.w, func(ctx context.Context, a *app.App) (domain.FindPage, error) {
		return a.FindInLog(ctx, runID, query, from)
	})
}

// Watch makes runIDs the runs whose lines come by log:lines, beginning with their tails; none ends it.
func (l *Logs) Watch(runIDs []string) error {
	s, err := l.w.session()
	if err != nil {
		return err
	}
	s.pump.setWatched(runIDs)
	return nil
}

// Export asks for a file and begins to write output to it: one run's as "text", "raw" or "json", or all of a job's as
// "zip". It gives the task, to be asked about with App.Task, or "" when the person changed their mind.
func (l *Logs) Export(e app.LogExport) (string, error) {
	return read(l.w, func(ctx context.Context, a *app.App) (string, error) {
		name, err := a.ExportName(ctx, e)
		if err != nil {
			return "", err
		}
		if e.Path, err = saveFile(ctx, "Export output", name); err != nil || e.Path == "" {
			return "", err
		}
		return a.StartExport(ctx, e), nil
	})
}
