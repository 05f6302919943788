package sshdtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Proc is a process as /proc tells it (Linux; elsewhere the lists are empty).
type Proc struct {
	PID, PPID, Session int
	State              string // "S", "R", "Z", ...
	Started            int64  // clock ticks after the computer's start
	Command            string
	RunID              string // whose run it is; only Living fills it, "" also where that can't be read
}

func (p Proc) String() string {
	return fmt.Sprintf("pid %d (session %d, parent %d, %s): %s", p.PID, p.Session, p.PPID, p.State, p.Command)
}

// Marked are the living processes with name=value in their environment.
func Marked(name, value string) []Proc {
	want := []byte("\x00" + name + "=" + value + "\x00")
	return processes(func(p Proc) bool {
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID), "environ"))
		return err == nil && bytes.Contains(append(append([]byte{0}, env...), 0), want)
	})
}

// runLine is what the exec line of a run has in the arguments of a login shell that runs the script itself.
var runLine = regexp.MustCompile(`vmo-run '\\047[^ ]+\\047 \\047([^ ]+)\\047 `)

// runOf is the run that a process belongs to, by its environment or its line; "" for none.
func runOf(pid int) string {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	env, _ := os.ReadFile(filepath.Join(dir, "environ"))
	for _, pair := range bytes.Split(env, []byte{0}) {
		if id, ok := bytes.CutPrefix(pair, []byte("VMO_RUN_ID=")); ok {
			return string(id)
		}
	}
	line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
	if m := runLine.FindSubmatch(line); m != nil {
		return string(m[1])
	}
	return ""
}

// OfRun are the living processes of a run, found by its mark or by its session id (0: the mark only).
func OfRun(runID string, session int) []Proc {
	return processes(func(p Proc) bool { return session != 0 && p.Session == session || runOf(p.PID) == runID })
}

func children(parent int) []int {
	var pids []int
	for _, p := range processes(func(p Proc) bool { return p.PPID == parent }) {
		pids = append(pids, p.PID)
	}
	return pids
}

// processes are the living ones (no zombies) that keep says yes to, without this test itself.
func processes(keep func(Proc) bool) []Proc {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var found []Proc
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil || pid == os.Getpid() {
			continue
		}
		// The name stands in brackets and may contain anything: read from the last one.
		end := bytes.LastIndexByte(stat, ')')
		fields := strings.Fields(string(stat[end+1:]))
		if end < 0 || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
			continue
		}
		p := Proc{PID: pid, State: fields[0]}
		p.PPID, _ = strconv.Atoi(fields[1])
		p.Session, _ = strconv.Atoi(fields[3])
		p.Started, _ = strconv.ParseInt(fields[19], 10, 64)
		if !keep(p) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		p.Command = strings.TrimSpace(string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		found = append(found, p)
	}
	return found
}

func kill(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

// Now is the time as Started counts it, at 100 ticks a second.
func Now() int64 {
	text, _ := os.ReadFile("/proc/uptime")
	seconds, _, _ := strings.Cut(string(text), " ")
	up, _ := strconv.ParseFloat(seconds, 64)
	return int64(up * 100)
}

// Living are all living processes, each with its run.
func Living() []Proc {
	all := processes(func(Proc) bool { return true })
	for i := range all {
		all[i].RunID = runOf(all[i].PID)
	}
	return all
}
