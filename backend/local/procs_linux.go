package local

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
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
	marks := newMarks(runID)
	var pids, unsure []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		f := statFields(pid)
		if len(f) < 7 || f[0] == "Z" || f[0] == "X" || kernelThread(f[6]) {
			continue
		}
		switch carried, known := marks.carried(pid); {
		case f[3] == strconv.Itoa(session) || carried:
			pids = append(pids, pid)
		case !known:
			unsure = append(unsure, pid)
		}
	}
	return append(pids, marks.late(unsure)...)
}

// late looks again at processes that had no environment: in the middle of execve(2) one has none yet, and what has just
// left the run's session would be overlooked.
func (m *marks) late(unsure []int) []int {
	var pids []int
	for pause := execLook; len(unsure) > 0 && pause <= execLookLast; pause *= 2 {
		time.Sleep(pause)
		still := unsure[:0]
		for _, pid := range unsure {
			switch carried, known := m.carried(pid); {
			case carried:
				pids = append(pids, pid)
			case !known:
				still = append(still, pid)
			}
		}
		unsure = still
	}
	return pids
}

// kernelThread reads field 9 of /proc/PID/stat: PF_KTHREAD of the kernel's sched.h.
func kernelThread(flags string) bool {
	n, err := strconv.ParseUint(flags, 10, 64)
	return err == nil && n&0x00200000 != 0
}

// marks looks for a run's mark in the environments of processes.
type marks struct {
	mark []byte
	env  []byte
}

func newMarks(runID string) *marks {
	return &marks{mark: []byte("VMO_RUN_ID=" + runID), env: make([]byte, environBytes)}
}

// carried says whether the process carries the mark, and whether its environment was there to be read at all. The
// kernel answers one read(2) from one program: between two of them the process may have become another, and their
// answers together are half an environment.
func (m *marks) carried(pid int) (carried, known bool) {
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false, true // gone, or somebody else's
	}
	defer f.Close()
	n, err := f.Read(m.env)
	for ; err == nil && n == len(m.env); n, err = f.Read(m.env) {
		m.env = make([]byte, 4*len(m.env))
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return false, true
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return false, true
	}
	for v := range bytes.SplitSeq(m.env[:n], []byte{0}) {
		if bytes.Equal(v, m.mark) {
			return true, true
		}
	}
	return false, n > 0
}
