//go:build !windows

package domain

import (
	"errors"
	"syscall"
)

// IsDiskFull says whether an error of the system is that of a full disk or a used up share of it.
func IsDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
