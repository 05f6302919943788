// Package local runs commands on this computer, as a transport beside SSH: through the person's own shell, in a session
// and process group (Windows: a job object) of its own, with an empty standard input. Both streams are read to their
// end, and a stop is said to have worked only after looking again.
package local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vmorchestrator/backend/domain"
)

// Sink takes what a process writes; an error stops the process.
type Sink interface {
	Write(stream domain.Stream, p []byte) error
	Notice(text string)
}

// Options are what a Runner depends on.
type Options struct {
	Shell string   // "": the person's own ($SHELL or /bin/sh; Windows: PowerShell)
	Home  string   // where a command without a folder runs; "": the person's home
	Env   []string // nil: this process's own
}

// Runner starts commands. Close ends all of them.
type Runner struct {
	o Options

	mu     sync.Mutex
	closed bool
	live   map[*Process]struct{}
	wg     sync.WaitGroup
}

// New makes a Runner.
func New(o Options) *Runner { return &Runner{o: o, live: map[*Process]struct{}{}} }

// Start starts e.Script. ctx only matters before that. Errors are *domain.Error with CodeLocal or CodeClosed.
func (r *Runner) Start(ctx context.Context, _ domain.Target, e domain.Exec, sink Sink) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, domain.NewError(domain.CodeLocal, "", "stopped before it began: %w", err)
	}
	cmd, err := r.command(e)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, domain.NewError(domain.CodeClosed, "", "the app is shutting down")
	}
	p := &Process{runID: e.RunID, cmd: cmd, sink: sink, told: make(chan struct{}), done: make(chan struct{})}
	var pipes [2]*os.File
	for i, w := range []*io.Writer{&cmd.Stdout, &cmd.Stderr} {
		read, write, err := os.Pipe()
		if err != nil {
			closeAll(p.pipes, pipes[:])
			return nil, domain.NewError(domain.CodeLocal, "Close what is open and try again.", "no pipe for the output: %w", err)
		}
		*w, pipes[i] = write, write
		p.pipes = append(p.pipes, read)
	}
	if err := p.tree.start(cmd); err != nil {
		closeAll(p.pipes, pipes[:])
		return nil, startError(cmd, err)
	}
	closeAll(pipes[:])
	p.remote = &domain.RemoteProcess{PID: cmd.Process.Pid, StartTime: startTime(cmd.Process.Pid)}
	close(p.told)
	r.live[p] = struct{}{}
	r.wg.Go(func() {
		p.follow()
		r.mu.Lock()
		delete(r.live, p)
		r.mu.Unlock()
	})
	return p, nil
}

// Close ends every command that still runs and waits.
func (r *Runner) Close() error {
	r.mu.Lock()
	r.closed = true
	for p := range r.live {
		p.tree.kill(p.cmd.Process.Pid)
		p.release()
	}
	r.mu.Unlock()
	r.wg.Wait()
	return nil
}

func (r *Runner) command(e domain.Exec) (*exec.Cmd, error) {
	if runtime.GOOS == "windows" && !e.Secrets.Empty() {
		return nil, domain.NewError(domain.CodeUnsupported, "Run it over SSH, or have the script ask a password manager.",
			"a command on this computer can't be given secrets on Windows")
	}
	shell, args := r.shell(e.Script)
	cmd := exec.Command(shell, args...)
	cmd.Env = r.o.Env
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	for name, value := range e.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, "VMO_RUN_ID="+e.RunID)
	for _, secret := range e.Secrets.Env {
		cmd.Env = append(cmd.Env, secret.Name+"="+string(secret.Value))
	}
	if e.Secrets.Stdin != nil {
		cmd.Stdin = bytes.NewReader(bytes.Clone(e.Secrets.Stdin)) // fits into a pipe whether it is read or not
	}
	home := r.o.Home
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			home = os.TempDir()
		}
	}
	cmd.Dir = home
	if dir := e.WorkDir; dir != "" {
		if rest, ok := strings.CutPrefix(dir, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
			dir = filepath.Join(home, rest)
		} else if !filepath.IsAbs(dir) {
			dir = filepath.Join(home, dir)
		}
		cmd.Dir = dir
	}
	if info, err := os.Stat(cmd.Dir); err != nil || !info.IsDir() {
		return nil, domain.NewError(domain.CodeLocal, "Correct the command's working folder.", "there is no folder %s on this computer", cmd.Dir)
	}
	return cmd, nil
}

func startError(cmd *exec.Cmd, err error) error {
	hint := "Check that the shell exists and may be run."
	if errors.Is(err, os.ErrNotExist) {
		hint = "Set SHELL to a shell that exists."
	}
	return domain.NewError(domain.CodeLocal, hint, "start %s: %w", cmd.Path, err)
}

func closeAll(lists ...[]*os.File) {
	for _, files := range lists {
		for _, f := range files {
			if f != nil {
				f.Close()
			}
		}
	}
}

// Process is a started command.
type Process struct {
	runID  string
	cmd    *exec.Cmd
	sink   Sink
	tree   tree
	pipes  []*os.File
	remote *domain.RemoteProcess
	told   chan struct{}
	done   chan struct{}
	exit   domain.Exit
	reads  atomic.Int64 // how often something came
	busy   atomic.Int64 // writes to the sink that are under way

	mu       sync.Mutex
	released bool
}

// Remote is the shell's process, known from the start.
func (p *Process) Remote() *domain.RemoteProcess { return p.remote }

// Told is closed.
func (p *Process) Told() <-chan struct{} { return p.told }

// Wait returns after the exit and the last byte of both streams.
func (p *Process) Wait() domain.Exit {
	<-p.done
	return p.exit
}

// follow reads both streams and waits for the exit.
func (p *Process) follow() {
	defer close(p.done)
	var readers sync.WaitGroup
	for i, stream := range []domain.Stream{domain.Stdout, domain.Stderr} {
		readers.Go(func() { p.read(stream, p.pipes[i]) })
	}
	drained := make(chan struct{})
	go func() { readers.Wait(); close(drained) }()
	err := p.cmd.Wait()
	p.exit = exitOf(p.cmd, err)
	if !p.drain(drained) {
		p.exit.Note = "a process in the background still held the output open"
		p.release()
		<-drained
	}
	p.tree.close()
	closeAll(p.pipes)
}

// drain waits for the readers as long as something comes or the sink is busy; false after drainGrace of silence.
func (p *Process) drain(drained <-chan struct{}) bool {
	for {
		seen := p.reads.Load()
		select {
		case <-drained:
			return true
		case <-time.After(drainGrace):
		}
		if p.busy.Load() == 0 && p.reads.Load() == seen {
			return false
		}
	}
}

// release ends the readers, whoever still holds the other end.
func (p *Process) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.released {
		return
	}
	p.released = true
	for _, f := range p.pipes {
		if err := f.SetReadDeadline(time.Unix(1, 0)); err != nil {
			// Windows' pipes know no deadline: there the reading ends when nobody is left to write.
			p.tree.kill(p.cmd.Process.Pid)
		}
	}
}

func (p *Process) read(stream domain.Stream, from *os.File) {
	buf := make([]byte, readBytes)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			p.busy.Add(1)
			p.reads.Add(1)
			sinkErr := p.sink.Write(stream, buf[:n])
			p.busy.Add(-1)
			if sinkErr != nil {
				// Nobody takes the output: let the command go no further than its pipe, and end it.
				p.tree.kill(p.cmd.Process.Pid)
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Stop asks the whole group to end, kills what is left after grace, and looks again. ctx cuts the waiting short.
func (p *Process) Stop(ctx context.Context, grace time.Duration) domain.StopResult {
	pid := p.cmd.Process.Pid
	p.tree.terminate(pid)
	left := p.waitGone(ctx, grace)
	if len(left) > 0 {
		p.tree.kill(pid)
		for _, escaped := range left {
			p.tree.killOne(escaped)
		}
		left = p.waitGone(ctx, killWait)
	}
	if len(left) > 0 {
		return domain.StopResult{State: domain.StopStillRunning, PIDs: left}
	}
	return domain.StopResult{State: domain.StopStopped, PIDs: []int{}}
}

// waitGone looks until nothing of the run is left or the time is over, and gives the pids that are.
func (p *Process) waitGone(ctx context.Context, limit time.Duration) []int {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		left := p.tree.left(p.cmd.Process.Pid, p.runID)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-time.After(lookEvery):
		case <-deadline.C:
			return left
		case <-ctx.Done():
			return left
		}
	}
}
