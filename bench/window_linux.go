package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

const (
	windowStarts = 7
	// paintWait is when a window that doesn't paint is given up.
	paintWait = 60 * time.Second
	// idleWait is how long a window is left alone before its memory is looked at.
	idleWait = 5 * time.Second
)

// atWindow is row 12: the real window on a display that exists in memory only, first on a folder that is new, then on one
// that is known.
func (g *ground) atWindow(out *tabwriter.Writer) error {
	const what = "window"
	window, err := filepath.Abs(g.window)
	if err != nil {
		return err
	}
	if _, err := os.Stat(window); err != nil {
		fmt.Fprintf(out, "12\t%s\t\t\t\tnot built: make window\t\t\t\n", what)
		return nil
	}
	display, end, err := g.display()
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Fprintf(out, "12\t%s\tXvfb\t\t\tnot installed\t\t\t\n", what)
		return nil
	}
	if err != nil {
		return err
	}
	defer end()
	bus, leave, err := g.bus()
	if err != nil {
		return err
	}
	defer leave()
	home := filepath.Join(g.dir, "home")
	if err := os.MkdirAll(filepath.Join(home, "run"), 0o700); err != nil {
		return err
	}
	config := filepath.Join(home, "ssh_config")
	if err := os.WriteFile(config, []byte("Host web-1\n  HostName 192.0.2.1\n"), 0o600); err != nil {
		return err
	}
	env := append(os.Environ(), "DISPLAY="+display, "WAYLAND_DISPLAY=", "GDK_BACKEND=x11", "NO_AT_BRIDGE=1", "HOME="+home,
		"XDG_DATA_HOME="+home+"/data", "XDG_CONFIG_HOME="+home+"/config", "XDG_CACHE_HOME="+home+"/cache", "XDG_RUNTIME_DIR="+home+"/run",
		"VMO_DATA_DIR="+home+"/vmo", "VMO_SSH_CONFIG="+config, "VMO_PROFILE=1", "DBUS_SESSION_BUS_ADDRESS="+bus)
	var paints []time.Duration
	var pss, private int64
	for i := range windowStarts {
		w, took, err := g.startWindow(window, env)
		if err != nil {
			return err
		}
		paints = append(paints, took)
		if i == windowStarts-1 {
			time.Sleep(idleWait)
			for k, pid := range tree(w.Process.Pid) {
				p, own := pssOf(pid)
				pss += p
				if k == 0 {
					private = own
				}
			}
		}
		stopWindow(w)
	}
	m := middle(paints)
	fmt.Fprintf(out, "12\twindow: start to first useful paint, median of %d\t\t%s\t\t\t<= 1.0 s\t%s\t\n", windowStarts, shown(m), verdict(m <= time.Second))
	fmt.Fprintf(out, "12\twindow: idle memory, all processes (PSS)\t\t%d MB\t\t\t<= 250 MB\t%s\t\n", pss/1024, verdict(pss <= 250*1024))
	fmt.Fprintf(out, "12\twindow: of it private to the app's own process\t\t%d MB\t\t\t<= 60 MB\t%s\t\n", private/1024, verdict(private <= 60*1024))
	return nil
}

// display starts Xvfb.
func (g *ground) display() (name string, end func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-ac")
	x.ExtraFiles = []*os.File{w}
	err = x.Start()
	_ = w.Close()
	if err != nil {
		return "", nil, err
	}
	end = func() {
		_ = x.Process.Kill()
		_ = x.Wait()
	}
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		end()
		return "", nil, fmt.Errorf("start Xvfb: %w", err)
	}
	return ":" + strings.TrimSpace(number), end, nil
}

// bus starts a session bus, as every desktop has one: without it WebKit waits for it.
func (g *ground) bus() (address string, end func(), err error) {
	b := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address")
	said, err := b.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := b.Start(); err != nil {
		return "", nil, err
	}
	// What the bus started in turn goes first: it wouldn't end with it.
	end = func() {
		for _, pid := range tree(b.Process.Pid)[1:] {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = b.Process.Signal(syscall.SIGTERM)
		_ = b.Wait()
	}
	if address, err = bufio.NewReader(said).ReadString('\n'); err != nil {
		end()
		return "", nil, fmt.Errorf("start a session bus: %w", err)
	}
	return strings.TrimSpace(address), end, nil
}

// startWindow starts the window and tells when it had painted what a person can use.
func (g *ground) startWindow(path string, env []string) (*exec.Cmd, time.Duration, error) {
	w := exec.Command(path) // #nosec G204 -- the product
	w.Env = env
	w.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // WebKit's processes go with it
	log, err := w.StderrPipe()
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	if err := w.Start(); err != nil {
		return nil, 0, err
	}
	painted := make(chan time.Duration, 1)
	go func() {
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "name=first-paint") {
				painted <- time.Since(began)
				break
			}
		}
		_, _ = io.Copy(io.Discard, log) // ends with the window
	}()
	select {
	case took := <-painted:
		return w, took, nil
	case <-time.After(paintWait):
		err = fmt.Errorf("the window painted nothing in %s", paintWait)
	case <-g.ctx.Done():
		err = g.ctx.Err()
	}
	stopWindow(w)
	return nil, 0, err
}

func stopWindow(w *exec.Cmd) {
	_ = syscall.Kill(w.Process.Pid, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		_ = w.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-w.Process.Pid, syscall.SIGKILL)
	<-ended
}
