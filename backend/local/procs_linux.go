package local

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// startTime is field 22 of /proc/PID/stat: it tells a reused pid from the same process. "" if it is gone.
func startTime(pid int) string {
	f := statFields(pid)
	if len(f) < 20 {
		return ""
	}
	return f[19]
}

// statFields are the fields of /proc/PID/stat after the name, which may hold blanks: state is the first.
func statFields(pid int) []string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil
	}
	_, rest, ok := strings.Cut(string(text[bytes.LastIndexByte(text, ')')+1:]), " ")
	if !ok {
		return nil
	}
	return strings.Fields(rest)
}

// left are the processes that belong to the run: in its session, or with its mark in their environment. A zombie does
// nothing any more.
func (tree) left(session int, runID string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	mark := []byte("VMO_RUN_ID=" + runID)
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		f := statFields(pid)
		if len(f) < 4 || f[0] == "Z" || f[0] == "X" {
			continue
		}
		if f[3] == strconv.Itoa(session) || marked(pid, mark) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func marked(pid int, mark []byte) bool {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.Equal(v, mark) {
			return true
		}
	}
	return false
}
