package terminal

import (
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// newConsole is CREATE_NEW_CONSOLE: the program gets a console window of its own.
const newConsole = 0x10

func (o Opener) command(argv []string, _ bool) (*exec.Cmd, error) {
	// Windows Terminal takes a semicolon for the next tab's command.
	odd := slices.ContainsFunc(argv, func(word string) bool { return strings.Contains(word, ";") })
	if path, err := o.LookPath("wt.exe"); err == nil && !odd {
		return exec.Command(path, append([]string{"new-tab", "--"}, argv...)...), nil
	}
	path, err := o.LookPath(argv[0])
	if err != nil {
		return nil, missing("%s isn't there: %w", argv[0], err)
	}
	return exec.Command(path, argv[1:]...), nil
}

func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: newConsole} }
