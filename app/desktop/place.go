package desktop

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"vmorchestrator/backend/domain"
)

// place puts the window where it was, if that is still on a screen.
func (w *window) place(ctx context.Context) {
	s, err := w.session()
	if err != nil {
		return
	}
	settings, err := s.app.History.GetSettings(ctx)
	if err != nil || settings.WindowWidth == 0 {
		return
	}
	screens, err := runtime.ScreenGetAll(ctx)
	if err != nil {
		return
	}
	var right, bottom int
	for _, screen := range screens {
		right += screen.Size.Width
		bottom = max(bottom, screen.Size.Height)
	}
	f := fitted(settings, right, bottom)
	runtime.WindowSetSize(ctx, f.width, f.height)
	if f.placed {
		runtime.WindowSetPosition(ctx, f.x, f.y)
	}
	if settings.WindowMaximised {
		runtime.WindowMaximise(ctx)
	}
}

type frame struct {
	x, y, width, height int
	placed              bool // x and y are on a screen
}

// fitted is the remembered frame cut to what right x bottom pixels of screens can show. The title bar must be in reach.
func fitted(s domain.Settings, right, bottom int) frame {
	f := frame{x: s.WindowX, y: s.WindowY, width: max(s.WindowWidth, minWidth), height: max(s.WindowHeight, minHeight)}
	if right > 0 && bottom > 0 {
		f.width, f.height = min(f.width, max(right, minWidth)), min(f.height, max(bottom, minHeight))
	}
	f.placed = f.x >= 0 && f.y >= 0 && f.x+minWidth/2 <= right && f.y+minHeight/4 <= bottom
	return f
}

// remember keeps size and place for the next start.
func (w *window) remember(ctx context.Context) {
	s, err := w.session()
	if err != nil {
		return
	}
	settings, err := s.app.History.GetSettings(ctx)
	if err != nil {
		return
	}
	settings.WindowMaximised = runtime.WindowIsMaximised(ctx)
	if !settings.WindowMaximised && !runtime.WindowIsMinimised(ctx) {
		settings.WindowWidth, settings.WindowHeight = runtime.WindowGetSize(ctx)
		settings.WindowX, settings.WindowY = runtime.WindowGetPosition(ctx)
	}
	if err := s.app.History.PutSettings(ctx, settings); err != nil {
		w.log.Warn("remember the window's place", "error", err)
	}
}

// beforeClose is Wails' OnBeforeClose: with jobs running it asks, and true keeps the window.
func (w *window) beforeClose(ctx context.Context) (keep bool) {
	if w.running() > 0 && !w.decided() && !w.mayStop(ctx) {
		return true
	}
	w.remember(ctx)
	return false
}

func (w *window) running() int {
	s, err := w.session()
	if err != nil {
		return 0
	}
	return s.app.Jobs.Active()
}

// decided says that the system ends the app: then nobody is asked.
func (w *window) decided() bool { return len(w.signals) > 0 }

func (w *window) mayStop(ctx context.Context) bool {
	answer, err := runtime.MessageDialog(ctx, runtime.MessageDialogOptions{
		Type: runtime.QuestionDialog, Title: "Quit VM Orchestrator?", Message: quitQuestion(w.running()),
		Buttons: []string{"Yes", "No"}, DefaultButton: "No", CancelButton: "No",
	})
	return err == nil && answer == "Yes"
}

func quitQuestion(jobs int) string {
	if jobs == 1 {
		return "A job is still running. Quitting stops it on its VMs.\n\nQuit now?"
	}
	return fmt.Sprintf("%d jobs are still running. Quitting stops them on their VMs.\n\nQuit now?", jobs)
}

// endSignals gives a channel in which the system's wish to end the app stays for decided to see. Wails acts on it: it
// closes the window as a person would.
func endSignals() <-chan os.Signal {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return signals
}
