package app

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isFull says whether an error is that of a full disk or a used up share of it.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}
