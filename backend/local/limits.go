package local

import "time"

const (
	// readBytes is the buffer per stream: what a pipe holds on Linux.
	readBytes = 64 << 10
	// drainGrace is how long output may stay open after the exit: a child in the background may hold it for ever.
	drainGrace = 2 * time.Second
	// lookEvery is the pause between two looks at what is left after a signal.
	lookEvery = 20 * time.Millisecond
	// killWait is how long the system may take to end what got KILL.
	killWait = 3 * time.Second
	// A process that has no environment yet is looked at again after execLook, twice that, and so on to execLookLast:
	// execve(2) takes less than a millisecond, on a loaded machine the turns of a few others.
	execLook     = time.Millisecond
	execLookLast = 32 * time.Millisecond
	// environBytes is the first buffer for the environment of a process; most have a few KB.
	environBytes = 64 << 10
)
