//go:build !windows

package app

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// NoCoreDumps keeps the memory of this process, in which secrets may be, from being written to disk when it crashes. Only
// the soft limit is set: a command on this computer inherits it and may raise it for itself. Both faces call it first.
func NoCoreDumps() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
		return err
	}
	limit.Cur = 0
	if runtime.GOOS == "linux" && limit.Max > 0 {
		// Linux gives a core to the program that core_pattern names whatever the limit is, but for 1, which it takes as
		// "none at all" (fs/coredump.c); a file of one byte is refused as well.
		limit.Cur = 1
	}
	return unix.Setrlimit(unix.RLIMIT_CORE, &limit)
}
