//go:build !windows

package desktop

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// showDialog uses what the desktop brings for scripts. Without any of it the text on stderr must do.
func showDialog(title, text string) {
	if runtime.GOOS == "darwin" {
		quoted := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
		_ = exec.Command("osascript", "-e", "display alert "+quoted(title)+" message "+quoted(text)+" as critical").Run()
		return
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return
	}
	for _, dialog := range [][]string{
		{"zenity", "--error", "--no-markup", "--title=" + title, "--text=" + text},
		{"kdialog", "--title", title, "--error", text},
		{"xmessage", "-center", title + "\n\n" + text},
	} {
		if path, err := exec.LookPath(dialog[0]); err == nil {
			_ = exec.Command(path, dialog[1:]...).Run()
			return
		}
	}
}
