package domain

import (
	"errors"
	"syscall"
)

// System error codes (Microsoft's winerror.h) that package syscall has no names for.
const (
	errorHandleDiskFull    = syscall.Errno(39)
	errorDiskFull          = syscall.Errno(112)
	errorDiskQuotaExceeded = syscall.Errno(1295)
)

// IsDiskFull says whether an error of the system is that of a full disk or a used up share of it.
func IsDiskFull(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull) || errors.Is(err, errorDiskQuotaExceeded)
}
