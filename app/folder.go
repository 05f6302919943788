package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"vmorchestrator/backend/domain"
)

// ShowFolder opens a folder, or the folder of a file, in the system's file manager.
func (a *App) ShowFolder(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return domain.NewError(domain.CodeNotFound, "It may have been moved or deleted.", "there is no %s", path)
	}
	if !info.IsDir() {
		path = filepath.Dir(path)
	}
	opener := "xdg-open"
	switch runtime.GOOS {
	case "darwin":
		opener = "open"
	case "windows":
		opener = "explorer"
	}
	cmd := exec.Command(opener, path) // #nosec G204 -- one fixed program, the folder is its only word
	if err := cmd.Start(); err != nil {
		return domain.NewError(domain.CodeLocal, "Copy the path and open it by hand.", "the file manager can't be opened: %w", err)
	}
	go func() { _ = cmd.Wait() }() // it is the person's from now on; only its end is to be collected
	return nil
}
