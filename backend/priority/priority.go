// Package priority lets the window go first: a flood of output may take every core there is, and a click must still be
// answered at once. Children are not the app: a person's own command runs with the priority that the app was started with.
package priority

import (
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
)

var (
	lower   sync.Once
	starter atomic.Pointer[chan func()] // nil: children are started where they are asked for
)

// Lower gives every thread of this process a lower priority than the one the process was started on, which is the one
// that draws the window, once and for good. It is called when the window's own helper processes have been started.
// Where threads have no priority of their own (everywhere but Linux) it does nothing.
func Lower() {
	lower.Do(func() {
		ready := make(chan bool)
		calls := make(chan func())
		go func() {
			// Priority is inherited and can't be raised again, so children come from a thread that keeps the first one.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if !lowerOthers() {
				ready <- false
				return
			}
			ready <- true
			for f := range calls {
				f()
			}
		}()
		if <-ready {
			starter.Store(&calls)
		}
	})
}

// Start starts a child as cmd.Start does, with the priority that this process was started with.
func Start(cmd *exec.Cmd) error {
	calls := starter.Load()
	if calls == nil {
		return cmd.Start()
	}
	done := make(chan error, 1)
	*calls <- func() { done <- cmd.Start() }
	return <-done
}
