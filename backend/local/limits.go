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
	// execLook and execLooks are how long a process that has no environment yet is looked at: execve(2) takes
	// microseconds, on a loaded machine the turns of a few others.
	execLook  = 2 * time.Millisecond
	execLooks = 5
)
