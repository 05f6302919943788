// Package desktop is the window: the only package that imports Wails. It binds one struct per subject (App, VMs,
// Commands, Jobs, Logs, Prompts, Settings) as methods that the Svelte frontend calls, and sends it the events of
// events.go. A bound method is glue: what needs a decision is made in app or below, what concerns only the window
// (which events, how often, where it stood) is made here.
//
// A failed method rejects with a JSON string {code, message, hint, field, details}; see formatError.
package desktop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/options/windows"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"vmorchestrator/app"
)

// profileEnv makes the frontend's time marks appear in the log. It measures, and permits nothing.
const profileEnv = "VMO_PROFILE"

// Options is the window, ready for wails.Run. Nothing is opened before Wails' OnStartup: Wails also runs main to
// generate bindings.
func Options(assets fs.FS, icon []byte, version string, start Start) *options.App {
	w := &window{
		start: start, version: version, demo: start.Demo, emit: runtime.EventsEmit, notify: sendNotification, signals: endSignals(),
		log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	return &options.App{
		Title: "VM Orchestrator",
		Width: defaultWidth, Height: defaultHeight, MinWidth: minWidth, MinHeight: minHeight,
		StartHidden:      true, // shown by startup, in its place
		BackgroundColour: options.NewRGB(20, 22, 28),
		AssetServer:      &assetserver.Options{Assets: assets, Middleware: secure},
		Menu:             w.menu(),
		Logger:           wailsLog{w.log},
		LogLevel:         logger.WARNING, LogLevelProduction: logger.ERROR,
		OnStartup: w.startup, OnDomReady: func(context.Context) { app.WindowFirst() }, OnBeforeClose: w.beforeClose, OnShutdown: w.shutdown,
		Bind:           []any{&App{w}, &VMs{w}, &Commands{w}, &Jobs{w}, &Logs{w}, &Search{w}, &Prompts{w}, &Settings{w}},
		ErrorFormatter: formatError,
		SingleInstanceLock: &options.SingleInstanceLock{
			UniqueId: instanceID(start, os.Getenv), OnSecondInstanceLaunch: w.raise,
		},
		// Without a GPU policy of "never" WebKitGTK shows an empty window on virtual and some old machines.
		Linux:   &linux.Options{Icon: icon, WebviewGpuPolicy: linux.WebviewGpuPolicyNever, ProgramName: "vm-orchestrator"},
		Mac:     &mac.Options{About: &mac.AboutInfo{Title: "VM Orchestrator", Message: "Version " + version, Icon: icon}},
		Windows: &windows.Options{Theme: windows.SystemDefault},
	}
}

// raise shows the window when the app is started a second time.
func (w *window) raise(options.SecondInstanceData) {
	ctx := w.context()
	if ctx == context.Background() {
		return
	}
	runtime.WindowUnminimise(ctx)
	runtime.Show(ctx)
}

// instanceID names this app on this data: two windows may be open on two data folders. The lock is a courtesy, the
// database is safe with two processes.
func instanceID(start Start, getenv func(string) string) string {
	folder := strings.Join([]string{start.DataDir, getenv("VMO_DATA_DIR"), getenv("XDG_DATA_HOME"), getenv("HOME")}, "\x00")
	sum := sha256.Sum256([]byte(folder))
	return "vmorchestrator_" + hex.EncodeToString(sum[:8])
}

// policy lets the window load its own files and talk to nobody. Inline styles are what Svelte's transitions and the
// virtual list set; no script runs that isn't a file of ours.
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secure puts the policy on every reply.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Security-Policy", policy)
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(rw, r)
	})
}
