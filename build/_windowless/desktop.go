// Package desktop takes the place of Wails' own in a development build (make dev), which serves the app to browsers: there
// is no window, and so nothing of GTK, WebKit or a display, which would be a third of what a browser test costs. What a
// window would answer is said here once; what isn't here is never asked for, and would end the app.
package desktop

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/wailsapp/wails/v2/internal/binding"
	"github.com/wailsapp/wails/v2/internal/frontend"
	"github.com/wailsapp/wails/v2/internal/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
)

// filesEnv names a folder that answers for the person where a window would ask for a file: what is saved goes there under
// its offered name, and what is opened, file or folder, is named in its file "open".
const filesEnv = "VMO_DIALOG_DIR"

var errNobody = errors.New("a development build can't ask: name a folder that answers in " + filesEnv)

// windowless is a window that nobody sees.
type windowless struct {
	frontend.Frontend // nil
	options           *options.App
	ctx               context.Context
	quit              chan struct{}
	once              sync.Once

	mu   sync.Mutex
	clip string
}

// NewFrontend is what Wails' app calls for the window.
func NewFrontend(ctx context.Context, o *options.App, _ *logger.Logger, _ *binding.Bindings, _ frontend.Dispatcher) frontend.Frontend {
	return &windowless{options: o, ctx: ctx, quit: make(chan struct{})}
}

// Run starts the app as a window does, and ends when RunMainLoop may begin.
func (w *windowless) Run(ctx context.Context) error {
	w.ctx = ctx
	go func() {
		w.options.OnStartup(ctx)
		w.options.OnDomReady(ctx)
	}()
	return nil
}

func (w *windowless) RunMainLoop() { <-w.quit }

// Quit asks the app first, as closing a window does.
func (w *windowless) Quit() {
	go func() {
		if !w.options.OnBeforeClose(w.ctx) {
			w.once.Do(func() { close(w.quit) })
		}
	}()
}

func (w *windowless) WindowClose()                             {}
func (w *windowless) Show()                                    {}
func (w *windowless) WindowShow()                              {}
func (w *windowless) WindowUnminimise()                        {}
func (w *windowless) WindowMaximise()                          {}
func (w *windowless) WindowFullscreen()                        {}
func (w *windowless) WindowUnfullscreen()                      {}
func (w *windowless) WindowReload()                            {}
func (w *windowless) WindowSetPosition(int, int)               {}
func (w *windowless) WindowSetSize(int, int)                   {}
func (w *windowless) WindowGetPosition() (x, y int)            { return 0, 0 }
func (w *windowless) WindowGetSize() (width, height int)       { return w.options.Width, w.options.Height }
func (w *windowless) WindowIsMaximised() bool                  { return false }
func (w *windowless) WindowIsMinimised() bool                  { return false }
func (w *windowless) WindowIsFullscreen() bool                 { return false }
func (w *windowless) ScreenGetAll() ([]frontend.Screen, error) { return nil, nil }
func (w *windowless) Notify(string, ...any)                    {}
func (w *windowless) InitializeNotifications() error           { return nil }
func (w *windowless) CleanupNotifications()                    {}
func (w *windowless) IsNotificationAvailable() bool            { return false }

func (w *windowless) SaveFileDialog(o frontend.SaveDialogOptions) (string, error) {
	dir := os.Getenv(filesEnv)
	if dir == "" {
		return "", errNobody
	}
	return filepath.Join(dir, o.DefaultFilename), nil
}

func (w *windowless) OpenFileDialog(frontend.OpenDialogOptions) (string, error) {
	dir := os.Getenv(filesEnv)
	if dir == "" {
		return "", errNobody
	}
	path, err := os.ReadFile(filepath.Join(dir, "open"))
	return strings.TrimSpace(string(path)), err
}

func (w *windowless) OpenDirectoryDialog(o frontend.OpenDialogOptions) (string, error) {
	return w.OpenFileDialog(o)
}

func (w *windowless) MessageDialog(frontend.MessageDialogOptions) (string, error) {
	return "", errNobody
}

// ClipboardGetText gives what was put there in this process: a clipboard belongs to a display.
func (w *windowless) ClipboardGetText() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clip, nil
}

func (w *windowless) ClipboardSetText(text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clip = text
	return nil
}
