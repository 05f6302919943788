package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/afero"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// machine is one emulated computer: files in memory, a table of processes, and the facts its programs tell.
type machine struct {
	spec machineSpec
	now  func() time.Time
	fs   afero.Fs

	mu      sync.Mutex
	nextPID int
	procs   map[int]*process
}

// process is a command that runs on a machine. It stands for the whole session that sshd would give it.
type process struct {
	pid    int
	runID  string
	line   string
	began  time.Time
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when it is gone from the table
}

// killed is the cause with which a process is ended, and so its exit signal.
type killed struct{ signal string }

func (k killed) Error() string { return "killed by SIG" + k.signal }

func newMachine(spec machineSpec, now func() time.Time) *machine {
	m := &machine{spec: spec, now: now, fs: afero.NewMemMapFs(), nextPID: 2101, procs: map[int]*process{}}
	files := map[string]string{
		"/etc/hostname":   spec.Name + "\n",
		"/etc/os-release": fmt.Sprintf("PRETTY_NAME=\"%s %s\"\nNAME=\"%s\"\nVERSION=\"%s\"\nID=%s\n", spec.OS, spec.Version, spec.OS, spec.Version, strings.ToLower(strings.Fields(spec.OS)[0])),
		"/etc/hosts":      "127.0.0.1 localhost\n" + spec.Address + " " + spec.Name + "\n",
		"/etc/motd":       "A demo machine inside VM Orchestrator. Nothing here is real, and nothing can break.\n",
		"/proc/loadavg":   fmt.Sprintf("%.2f %.2f %.2f 1/142 2101\n", spec.Load[0], spec.Load[1], spec.Load[2]),
		"/proc/uptime":    fmt.Sprintf("%.2f %.2f\n", now().Sub(spec.Booted).Seconds(), now().Sub(spec.Booted).Seconds()),
		"/var/log/syslog": "",
	}
	for name, text := range spec.Files {
		files[name] = text
	}
	if m.spec.Folders == nil {
		used := spec.Disks[0].Used
		m.spec.Folders = map[string]int64{
			"/usr/lib": used * 40 / 100, "/usr/bin": used * 8 / 100, "/var/lib/docker": used * 20 / 100, "/var/lib/dpkg": used * 4 / 100,
			"/var/cache": used * 6 / 100, "/var/log/journal": used * 7 / 100, "/home/" + demoUser: used * 3 / 100, "/opt": used * 5 / 100,
		}
	}
	for dir := range m.spec.Folders {
		_ = m.fs.MkdirAll(dir, 0o755) // memory can't fail
	}
	for _, dir := range []string{"/home/" + demoUser, "/tmp", "/root", "/usr/bin", "/opt", "/srv"} {
		_ = m.fs.MkdirAll(dir, 0o755) // memory can't fail
	}
	for name, text := range files {
		_ = afero.WriteFile(m.fs, name, []byte(text), 0o644)
	}
	return m
}

// begin enters a process into the table.
func (m *machine) begin(ctx context.Context, runID, line string) (context.Context, *process) {
	ctx, cancel := context.WithCancelCause(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	p := &process{pid: m.nextPID, runID: runID, line: line, began: m.now(), cancel: cancel, done: make(chan struct{})}
	m.nextPID++
	m.procs[p.pid] = p
	return ctx, p
}

// end takes p out of the table.
func (m *machine) end(p *process) {
	m.mu.Lock()
	delete(m.procs, p.pid)
	m.mu.Unlock()
	p.cancel(nil)
	close(p.done)
}

// processes are those that run now, in order of pid.
func (m *machine) processes() []*process {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*process, 0, len(m.procs))
	for _, p := range m.procs {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *process) int { return a.pid - b.pid })
	return list
}

// kill ends the process pid with a signal and reports whether there was one. Wait on its done for its end.
func (m *machine) kill(pid int, signal string) *process {
	m.mu.Lock()
	p := m.procs[pid]
	m.mu.Unlock()
	if p != nil {
		p.cancel(killed{signal})
	}
	return p
}

// exit is how a script ended: a status, or a signal.
type exit struct {
	status int
	signal string
}

// run interprets script as the demo user's login shell would, until it ends or ctx does.
// params are $0, $1 and so on; a nil stdin is empty.
func (m *machine) run(ctx context.Context, script, workDir string, env, params []string, stdin io.Reader, stdout, stderr io.Writer) exit {
	program, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), params[0])
	if err != nil {
		fmt.Fprintf(stderr, "sh: %v\n", err)
		return exit{status: 2}
	}
	home := "/home/" + demoUser
	if workDir == "" {
		workDir = home
	} else if !path.IsAbs(workDir) {
		workDir = path.Join(home, workDir)
	}
	if info, err := m.fs.Stat(workDir); err != nil || !info.IsDir() {
		fmt.Fprintf(stderr, "sh: cd: can't cd to %s\n", workDir)
		return exit{status: 1}
	}
	env = append([]string{
		"HOME=" + home, "USER=" + demoUser, "LOGNAME=" + demoUser, "SHELL=/bin/bash", "LANG=C.UTF-8",
		"PATH=/usr/local/bin:/usr/bin:/bin", "HOSTNAME=" + m.spec.Name,
	}, env...)
	runner, err := interp.New(
		interp.Env(expand.ListEnviron(env...)),
		interp.StdIO(stdin, stdout, stderr),
		interp.OpenHandler(m.open),
		interp.StatHandler(m.stat),
		interp.ReadDirHandler2(m.readDir),
		interp.AccessHandler(func(context.Context, string, interp.AccessMode) error { return nil }),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return m.exec }),
		interp.CallHandler(callHandler),
		interp.Params(append([]string{"--"}, params[1:]...)...),
	)
	if err != nil {
		fmt.Fprintf(stderr, "sh: %v\n", err)
		return exit{status: 1}
	}
	// Not by interp.Dir, which would look for the folder on the real disk.
	runner.Dir = workDir
	err = runner.Run(ctx, program)
	if cause := context.Cause(ctx); cause != nil {
		if k, ok := errors.AsType[killed](cause); ok {
			return exit{signal: k.signal}
		}
		return exit{signal: "HUP"}
	}
	if status, ok := errors.AsType[interp.ExitStatus](err); ok {
		return exit{status: int(status)}
	} else if err != nil {
		fmt.Fprintf(stderr, "sh: %v\n", err)
		return exit{status: 1}
	}
	return exit{}
}

// exec is every program of the machine: those of programs.go, and nothing of the computer it runs on.
func (m *machine) exec(ctx context.Context, args []string) error {
	hc := interp.HandlerCtx(ctx)
	c := &call{
		machine: m, ctx: ctx, name: path.Base(args[0]), args: args[1:], env: hc.Env,
		dir: filepath.ToSlash(hc.Dir), stdin: hc.Stdin, stdout: hc.Stdout, stderr: hc.Stderr,
	}
	if c.stdin == nil {
		c.stdin = strings.NewReader("")
	}
	program, ok := m.program(c.name)
	if !ok {
		fmt.Fprintf(hc.Stderr, "bash: line 1: %s: command not found\n", args[0])
		return interp.ExitStatus(127)
	}
	if status := program(c); status != 0 {
		return interp.ExitStatus(uint8(status))
	}
	return nil
}

// findName and typeName are `command -v` and `type` as programs; nobody can type the names.
const (
	findName = "command -v"
	typeName = "type of"
)

// callHandler turns the builtins that would look at the real computer's disk into programs.
func callHandler(_ context.Context, args []string) ([]string, error) {
	switch {
	case args[0] == "command" && len(args) > 1 && (args[1] == "-v" || args[1] == "-V"):
		return append([]string{findName}, args[2:]...), nil
	case args[0] == "type":
		return append([]string{typeName}, args[1:]...), nil
	}
	return args, nil
}

func (m *machine) open(ctx context.Context, name string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
	name = abs(interp.HandlerCtx(ctx).Dir, name)
	if name == "/dev/null" {
		return devNull{}, nil
	}
	if flag&(os.O_WRONLY|os.O_RDWR) != 0 && m.full() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("No space left on device")} //nolint:staticcheck // a program's own text
	}
	f, err := m.fs.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &memFile{File: f, machine: m}, nil
}

func (m *machine) stat(ctx context.Context, name string, _ bool) (fs.FileInfo, error) {
	return m.fs.Stat(abs(interp.HandlerCtx(ctx).Dir, name))
}

func (m *machine) readDir(ctx context.Context, name string) ([]fs.DirEntry, error) {
	infos, err := afero.ReadDir(m.fs, abs(interp.HandlerCtx(ctx).Dir, name))
	if err != nil {
		return nil, err
	}
	entries := make([]fs.DirEntry, len(infos))
	for i, info := range infos {
		entries[i] = fs.FileInfoToDirEntry(info)
	}
	return entries, nil
}

// full reports whether the root disk has no room: really so on the machine that fails, else when memory is used up.
func (m *machine) full() bool {
	if root := m.spec.Disks[0]; root.Used >= root.Size {
		return true
	}
	var total int64
	_ = afero.Walk(m.fs, "/", func(_ string, info fs.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			total += info.Size()
		}
		return nil
	})
	return total >= maxFSBytes
}

// abs is name seen from dir, in the machine's own slashes.
func abs(dir, name string) string {
	name = filepath.ToSlash(name)
	if !path.IsAbs(name) {
		name = path.Join(filepath.ToSlash(dir), name)
	}
	return path.Clean(name)
}

// memFile refuses a write that would pass the machine's memory.
type memFile struct {
	afero.File
	machine *machine
	written int64
}

func (f *memFile) Write(p []byte) (int, error) {
	f.written += int64(len(p))
	if f.written > maxFSBytes {
		return 0, errors.New("No space left on device") //nolint:staticcheck // a program's own text
	}
	return f.File.Write(p)
}

type devNull struct{}

func (devNull) Read([]byte) (int, error)    { return 0, io.EOF }
func (devNull) Write(p []byte) (int, error) { return len(p), nil }
func (devNull) Close() error                { return nil }
