package desktop

import (
	"context"

	"github.com/wailsapp/wails/v2/pkg/runtime"
)

// saveFile asks where a file is to be written; "" when the person changed their mind.
func saveFile(ctx context.Context, title, name string) (string, error) {
	return runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{Title: title, DefaultFilename: name})
}

// openFile asks for a file to read; "" when the person changed their mind.
func openFile(ctx context.Context, title string) (string, error) {
	return runtime.OpenFileDialog(ctx, runtime.OpenDialogOptions{Title: title})
}
