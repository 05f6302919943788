package desktop

import (
	goruntime "runtime"

	"github.com/wailsapp/wails/v2/pkg/menu"
	"github.com/wailsapp/wails/v2/pkg/menu/keys"
	"github.com/wailsapp/wails/v2/pkg/runtime"
)

// menu is the native menu. macOS has its own places for the usual items, and without them its clipboard keys would be
// dead; elsewhere the window has all actions itself and the menu only what belongs to a window.
func (w *window) menu() *menu.Menu {
	if goruntime.GOOS == "darwin" {
		return menu.NewMenuFromItems(menu.AppMenu(), menu.EditMenu(), menu.WindowMenu())
	}
	m := menu.NewMenu()
	file := m.AddSubmenu("File")
	file.AddText("Quit", keys.CmdOrCtrl("q"), func(*menu.CallbackData) { runtime.Quit(w.context()) })
	view := m.AddSubmenu("View")
	view.AddText("Full screen", keys.Key("f11"), func(*menu.CallbackData) {
		ctx := w.context()
		if runtime.WindowIsFullscreen(ctx) {
			runtime.WindowUnfullscreen(ctx)
			return
		}
		runtime.WindowFullscreen(ctx)
	})
	help := m.AddSubmenu("Help")
	help.AddText("About VM Orchestrator", nil, func(*menu.CallbackData) { w.about() })
	return m
}

func (w *window) about() {
	_, err := runtime.MessageDialog(w.context(), runtime.MessageDialogOptions{
		Type: runtime.InfoDialog, Title: "VM Orchestrator",
		Message: "VM Orchestrator " + w.version + "\n\nRuns your commands on your VMs over SSH, and keeps what they said.",
	})
	if err != nil {
		w.log.Warn("show the about dialog", "error", err)
	}
}
