//go:build !windows

package app

import (
	"errors"
	"syscall"
)

// isFull says whether an error is that of a full disk or a used up share of it.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }
