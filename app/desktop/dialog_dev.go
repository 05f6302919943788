//go:build dev

package desktop

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/runtime"
)

// filesEnv names a folder that answers for the person where the system would ask for a file, as browser tests can't
// click in its dialogs: what is saved goes there under its offered name, and what is opened is named in its file "open".
const filesEnv = "VMO_DIALOG_DIR"

// saveFile asks where a file is to be written; "" when the person changed their mind.
func saveFile(ctx context.Context, title, name string) (string, error) {
	if dir := os.Getenv(filesEnv); dir != "" {
		return filepath.Join(dir, name), nil
	}
	return runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{Title: title, DefaultFilename: name})
}

// openFile asks for a file to read; "" when the person changed their mind.
func openFile(ctx context.Context, title string) (string, error) {
	if dir := os.Getenv(filesEnv); dir != "" {
		path, err := os.ReadFile(filepath.Join(dir, "open"))
		return strings.TrimSpace(string(path)), err
	}
	return runtime.OpenFileDialog(ctx, runtime.OpenDialogOptions{Title: title})
}
