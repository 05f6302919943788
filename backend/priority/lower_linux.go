package priority

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// lowered is by how much (nice(2)): with 10 a thread gets about a tenth of a core that another one wants, and all of it
// when none does.
const lowered = 10

// lowerOthers lowers all threads but the process' first and the calling one. New threads are made by those that are
// lowered: Go makes none from a locked thread, which both others are. A failure changes nothing that matters.
func lowerOthers() bool {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return false
	}
	was, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		return false
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil || id == os.Getpid() || id == unix.Gettid() {
			continue
		}
		// The system call answers with 20 - nice.
		_ = unix.Setpriority(unix.PRIO_PROCESS, id, min(19, 20-was+lowered))
	}
	return true
}
