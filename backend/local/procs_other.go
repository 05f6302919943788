//go:build unix && !linux

package local

import (
	"os/exec"
	"strconv"
	"strings"
)

// startTime is what ps says of the process's start; "" if it is gone.
func startTime(pid int) string {
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// left are the processes of the command's group and their descendants, by ps: these systems keep no readable
// environment of others.
func (tree) left(group int, _ string) []int {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,pgid=,state=").Output()
	if err != nil {
		return nil
	}
	mine := map[int]bool{group: true}
	var pids []int
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 4 || strings.HasPrefix(f[3], "Z") {
			continue
		}
		pid, _ := strconv.Atoi(f[0])
		parent, _ := strconv.Atoi(f[1])
		pgid, _ := strconv.Atoi(f[2])
		if pgid == group || mine[parent] {
			mine[pid] = true
			pids = append(pids, pid)
		}
	}
	return pids
}
