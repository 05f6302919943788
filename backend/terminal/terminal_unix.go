//go:build unix && !darwin

package terminal

import (
	"os/exec"
	"syscall"
)

// known are the terminals in the order in which they are looked for: the distribution's own choice first.
var known = []program{
	{"x-terminal-emulator", []string{"-e"}},
	{"gnome-terminal", []string{"--"}},
	{"konsole", []string{"-e"}},
	{"xfce4-terminal", []string{"-x"}},
	{"mate-terminal", []string{"-x"}},
	{"kitty", nil},
	{"foot", nil},
	{"alacritty", []string{"-e"}},
	{"wezterm", []string{"start", "--"}},
	{"xterm", []string{"-e"}},
}

// stay runs its arguments, and keeps the window open when that fails or its name is "hold".
const stay = `"$@"; s=$?; [ "$s" = 0 ] && [ "$0" != hold ] || { printf "\n[ended with status %s; press Enter to close] " "$s"; read -r _; }`

func (o Opener) command(argv []string, hold bool) (*exec.Cmd, error) {
	path, between, err := o.choose(known, o.Getenv("TERMINAL"))
	if err != nil {
		return nil, err
	}
	name := "sh"
	if hold {
		name = "hold"
	}
	words := append(between[:len(between):len(between)], "/bin/sh", "-c", stay, name)
	return exec.Command(path, append(words, argv...)...), nil
}

// detach lets the terminal live on when the app ends.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
