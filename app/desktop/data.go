package desktop

import (
	"context"
	"errors"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// replaceData closes the app, has do put other data in its place, and opens the app again whatever came of it, as a task
// of the window.
func (w *window) replaceData(do func(ctx context.Context, c app.Config, progress app.Progress) (string, error)) string {
	return w.tasks.Start(w.context(), "", func(ctx context.Context, progress app.Progress) (string, error) {
		w.opening.Lock()
		defer w.opening.Unlock()
		if err := w.close(); err != nil {
			w.log.Warn("close before the data is replaced", "error", err)
		}
		said, err := do(ctx, w.config(w.isDemo()), progress)
		return said, errors.Join(err, w.openAgain(w.isDemo()))
	})
}

// openAgain opens the app and says so; w.opening is held.
func (w *window) openAgain(demo bool) error {
	s, err := w.open(demo)
	w.mu.Lock()
	w.now, w.err, w.demo = s, err, demo
	w.mu.Unlock()
	if err != nil {
		w.log.Error("open the app", "error", err)
		w.emit(w.context(), eventError, &appError{Error: domain.AsError(err)})
		return err
	}
	s.pump.kind(eventReset)
	return nil
}

// task is one of the window or of the opened app.
func (w *window) task(id string) (app.Task, error) {
	if t, err := w.tasks.Get(id); err == nil {
		return t, nil
	}
	return read(w, func(_ context.Context, a *app.App) (app.Task, error) { return a.Tasks.Get(id) })
}

func (w *window) stopTask(id string) {
	w.tasks.Stop(id)
	if s, err := w.session(); err == nil {
		s.app.Tasks.Stop(id)
	}
}
