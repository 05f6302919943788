package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a vmo that a person sits before: its stdin and stderr are a pseudo-terminal.
type terminal struct {
	*started
	person *os.File
	screen *lockedBuffer // all that was shown
}

// sit starts a call of vmo on a terminal; stdout is apart.
func (d *data) sit(args ...string) *terminal {
	d.t.Helper()
	person, tty := pty(d.t)
	s := &terminal{
		started: &started{Cmd: d.command(args...), t: d.t, out: &lockedBuffer{}, errs: &lockedBuffer{}, done: make(chan struct{})},
		person:  person, screen: &lockedBuffer{},
	}
	s.Stdin, s.Stderr, s.Stdout = tty, tty, s.out
	s.begin()
	_ = tty.Close()
	go func() { // ends when the last one has closed the terminal
		buf := make([]byte, 4096)
		for {
			n, err := person.Read(buf)
			_, _ = s.screen.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	return s
}

// answer types the answer to each question, in the order in which they come. vmo asks one at a time, and a moment after
// the question is out the echo is off; a person is slower.
func (s *terminal) answer(answers map[string]string) {
	s.t.Helper()
	open := maps.Clone(answers)
	for len(open) > 0 {
		eventually(s.t, fmt.Sprintf("one of the questions %q", slices.Collect(maps.Keys(open))), func() bool {
			if !s.running() {
				s.t.Fatalf("vmo has ended; it printed %q, the screen shows %q", s.out, s.screen)
			}
			for question, text := range open {
				if strings.Contains(s.screen.String(), question) && !s.echoes() {
					_, err := s.person.WriteString(text + "\n")
					must(s.t, err)
					delete(open, question)
					return true
				}
			}
			return false
		})
	}
}

// echoes says whether the terminal shows what is typed.
func (s *terminal) echoes() (on bool) {
	s.t.Helper()
	conn, err := s.person.SyscallConn()
	must(s.t, err)
	must(s.t, conn.Control(func(fd uintptr) {
		var mode *unix.Termios
		if mode, err = unix.IoctlGetTermios(int(fd), unix.TCGETS); err == nil {
			on = mode.Lflag&unix.ECHO != 0
		}
	}))
	must(s.t, err)
	return on
}

func pty(t *testing.T) (person, tty *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	must(t, err)
	t.Cleanup(func() { _ = person.Close() })
	conn, err := person.SyscallConn()
	must(t, err)
	number := 0
	must(t, conn.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	}))
	must(t, err)
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	return person, tty
}
