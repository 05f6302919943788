//go:build !windows

package store

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// freeBytes is how much of the file system that holds path this user may still fill.
func freeBytes(path string) (int64, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &st); err != nil {
		return 0, false
	}
	return int64(st.Bavail) * int64(st.Bsize), true //nolint:unconvert // the fields' types differ between systems
}
