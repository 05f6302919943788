package terminal

import (
	"os/exec"
	"syscall"
)

// script has Terminal run its arguments, each quoted by AppleScript itself.
const script = `on run argv
set line_ to ""
repeat with word_ in argv
set line_ to line_ & quoted form of word_ & " "
end repeat
tell application "Terminal"
activate
do script line_
end tell
end run`

func (o Opener) command(argv []string, _ bool) (*exec.Cmd, error) {
	path, _, err := o.choose([]program{{"osascript", nil}}, "")
	if err != nil {
		return nil, err
	}
	return exec.Command(path, append([]string{"-e", script, "--"}, argv...)...), nil
}

func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
