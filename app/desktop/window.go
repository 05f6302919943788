package desktop

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// window is what all bound structs share: the Wails context and the opened app. The app may be opened again (Retry, demo
// and back), so every call asks for it anew.
type window struct {
	start   Start
	version string
	log     *slog.Logger
	emit    func(ctx context.Context, name string, data ...any) // runtime.EventsEmit; another one in tests
	signals <-chan os.Signal                                    // has one in it once the system wants the app to end

	focused atomic.Bool // the window has the keyboard
	notify  func(ctx context.Context, title, text string) error
	tasks   app.Tasks // of the window: they close the app

	opening sync.Mutex // held while the app is opened or closed: one at a time

	mu   sync.RWMutex
	ctx  context.Context // of Wails; nil before start-up
	demo bool
	now  *session // nil while there is none
	err  error    // why there is none
	wg   sync.WaitGroup
}

// session is one opened app with all that listens to it.
type session struct {
	app  *app.App
	info app.Info
	pump *pump
	stop func() // of the app's changes
}

// context is Wails' own, or a background one before start-up.
func (w *window) context() context.Context {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.ctx == nil {
		return context.Background()
	}
	return w.ctx
}

// session gives the opened app, or why there is none.
func (w *window) session() (*session, error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	switch {
	case w.now != nil:
		return w.now, nil
	case w.err != nil:
		return nil, w.err
	}
	return nil, errNotOpen()
}

// reopen closes the app if it is open and opens it on the person's data or the demo's. The result is in Status.
func (w *window) reopen(demo bool) error {
	w.opening.Lock()
	defer w.opening.Unlock()
	closed := w.close()
	if closed != nil {
		w.log.Warn("close before opening again", "error", closed)
	}
	return w.openAgain(demo)
}

func (w *window) config(demo bool) app.Config {
	return app.Config{
		DataDir: w.start.DataDir, SSHConfig: w.start.SSHConfig, Demo: demo,
		Origin: domain.OriginWindow, Version: w.version, Log: w.log,
	}
}

func (w *window) open(demo bool) (*session, error) {
	ctx := context.WithoutCancel(w.context())
	a, err := app.Open(ctx, w.config(demo))
	if err != nil {
		return nil, err
	}
	s := &session{app: a, info: a.Info(ctx)}
	emit := func(name string, data any) { w.emit(w.context(), name, data) }
	s.pump = newPump(appSource{a}, uuid.NewString(), eventGap, emit)
	changes := a.OnChange(s.pump.changes)
	jobs := a.Jobs.OnChange(s.pump.jobChanged)
	told := &notifications{app: a, focused: w.focused.Load, told: map[string]bool{}, fail: func(err error) { w.log.Warn("notify", "error", err) },
		send: func(_ context.Context, title, text string) error { return w.notify(w.context(), title, text) }}
	ends := a.Jobs.OnChange(told.jobChanged)
	memory := giveMemory(giveAfter, a.Jobs.Busy, debug.FreeOSMemory)
	given := a.Jobs.OnChange(memory.jobChanged)
	s.stop = func() { changes(); jobs(); ends(); given(); memory.stop() }
	a.Prompts.OnChange(s.pump.promptsChanged)
	a.VMs.StartWatch(configEvery, func() { s.pump.kind(eventSSHConfig) })
	return s, nil
}

// close ends the app and all that listens to it; w.opening is held. It takes closeWithin at most.
func (w *window) close() error {
	w.mu.Lock()
	s := w.now
	w.now, w.err = nil, nil
	w.mu.Unlock()
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.context()), closeWithin)
	defer cancel()
	s.app.VMs.Close()
	err := s.app.Close(ctx)
	s.stop()
	s.pump.close()
	return err
}

// read runs f on the opened app. Nothing in its result is nil that the window would iterate over.
func read[T any](w *window, f func(ctx context.Context, a *app.App) (T, error)) (T, error) {
	s, err := w.session()
	if err != nil {
		var none T
		return none, err
	}
	out, err := f(w.context(), s.app)
	return nonNil(out), err
}

// write is read for what changes something: listeners hear of it at once.
func write[T any](w *window, f func(ctx context.Context, a *app.App) (T, error)) (T, error) {
	return read(w, func(ctx context.Context, a *app.App) (T, error) {
		out, err := f(ctx, a)
		a.Changed()
		return out, err
	})
}

// do is write without a result.
func do(w *window, f func(ctx context.Context, a *app.App) error) error {
	_, err := write(w, func(ctx context.Context, a *app.App) (struct{}, error) { return struct{}{}, f(ctx, a) })
	return err
}

// startup is Wails' OnStartup: the window's content loads while the app opens beside it.
func (w *window) startup(ctx context.Context) {
	w.mu.Lock()
	w.ctx = ctx
	w.mu.Unlock()
	opened := make(chan struct{})
	w.wg.Go(func() {
		defer close(opened)
		if err := w.reopen(w.start.Demo); err != nil {
			return // told by Status
		}
	})
	w.wg.Go(func() {
		select {
		case <-opened:
			w.place(ctx)
		case <-time.After(showWithin):
		}
		// Wails calls OnStartup while it still prepares the window, and on Linux then queues the Hide of StartHidden: a
		// Show that comes before it is undone, and the window stays away for good. An answer to this comes from the main
		// loop, which begins after the Hide was queued.
		if _, err := runtime.ScreenGetAll(ctx); err != nil {
			w.log.Warn("look at the screens", "error", err)
		}
		runtime.WindowShow(ctx)
	})
}

// shutdown is Wails' OnShutdown.
func (w *window) shutdown(context.Context) {
	w.tasks.Close()
	w.wg.Wait()
	w.opening.Lock()
	defer w.opening.Unlock()
	if err := w.close(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		w.log.Warn("close the app", "error", err)
	}
}

// appSource is the pump's view of an opened app.
type appSource struct{ app *app.App }

func (s appSource) job(ctx context.Context, id string) (domain.JobDetail, error) {
	return s.app.History.GetJob(ctx, id)
}

func (s appSource) jobOfRun(ctx context.Context, runID string) (string, error) {
	r, err := s.app.History.GetRun(ctx, runID)
	return r.JobID, err
}

func (s appSource) settings(ctx context.Context) (domain.Settings, error) {
	return s.app.History.GetSettings(ctx)
}

func (s appSource) prompts() []domain.Prompt { return s.app.Prompts.Pending() }

func (s appSource) page(ctx context.Context, runID string, from int64, count int) (domain.LogPage, error) {
	return s.app.ReadLog(ctx, runID, from, count)
}

func (s appSource) watch(runID string) (<-chan struct{}, func()) {
	return s.app.WatchLog(context.Background(), runID)
}
