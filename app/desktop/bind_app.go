package desktop

import (
	"context"
	"os"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// App is the app itself: is it there, on which data, and how does one leave.
type App struct{ w *window }

// Status says whether the app is open, and why not.
type Status struct {
	Ready bool          `json:"ready"`
	Error *domain.Error `json:"error"` // why it could not be opened; Retry tries again
	Demo  bool          `json:"demo"`
	Info  AppInfo       `json:"info"`
	Stats Stats         `json:"stats"`
	// Profile asks the frontend to report its time marks by Mark.
	Profile bool `json:"profile"`
}

// AppInfo is what the About box and a report say.
type AppInfo struct {
	Version    string `json:"version"`
	DataDir    string `json:"dataDir"`
	SSHConfig  string `json:"sshConfig"`
	SSHVersion string `json:"sshVersion"` // "" without an OpenSSH client
	Platform   string `json:"platform"`
	HostName   string `json:"hostName"`
}

// Stats are the figures at the foot of the window.
type Stats struct {
	Jobs        int   `json:"jobs"`
	Lines       int64 `json:"lines"`
	Bytes       int64 `json:"bytes"`
	Connections int   `json:"connections"` // open now
	Running     int   `json:"running"`     // jobs of this process that are not finished
}

// Status never fails: it is the first thing the window asks.
func (a *App) Status() Status {
	return a.w.status()
}

// Retry opens the app again after it could not be opened.
func (a *App) Retry() error { return a.w.reopen(a.w.isDemo()) }

// StartDemo changes to the demo fleet and its own data folder. app:reset says when everything is to be read again.
func (a *App) StartDemo() error { return a.w.reopen(true) }

// LeaveDemo changes back to the person's data.
func (a *App) LeaveDemo() error { return a.w.reopen(false) }

// Quit closes the window, after a question if jobs are running.
func (a *App) Quit() { runtime.Quit(a.w.context()) }

// Task says how far something is that takes a while.
func (a *App) Task(id string) (app.Task, error) {
	return a.w.task(id)
}

// StopTask asks it to end; Task says when it has.
func (a *App) StopTask(id string) { a.w.stopTask(id) }

// ShowFolder opens the folder of a file, or a folder, in the system's file manager.
func (a *App) ShowFolder(path string) error {
	return do(a.w, func(_ context.Context, on *app.App) error { return on.ShowFolder(path) })
}

// Focused says whether the window has the keyboard. A job that ends while it hasn't may be told by a notification.
func (a *App) Focused(on bool) { a.w.focused.Store(on) }

// Mark writes a time mark of the frontend to the log, if the app was started to be measured (VMO_PROFILE=1).
func (a *App) Mark(name string, ms float64) {
	if profiling() {
		a.w.log.Info("mark", "name", name, "ms", ms)
	}
}

func profiling() bool { return os.Getenv(profileEnv) == "1" }

func (w *window) isDemo() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.demo
}

func (w *window) status() Status {
	out := Status{Demo: w.isDemo(), Profile: profiling(), Info: AppInfo{Version: w.version}}
	s, err := w.session()
	if err != nil {
		if domain.CodeOf(err) != domain.CodeClosed {
			out.Error = domain.AsError(err)
		}
		return out
	}
	out.Ready = true
	out.Info = AppInfo{
		Version: s.info.Version, DataDir: s.info.DataDir, SSHConfig: s.info.SSHConfig, SSHVersion: s.info.SSHVersion,
		Platform: s.info.Platform, HostName: s.info.HostName,
	}
	now, err := s.app.Stats(w.context())
	if err != nil {
		w.log.Warn("count what is kept", "error", err)
	}
	out.Stats = Stats(now)
	return out
}
