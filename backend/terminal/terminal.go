// Package terminal opens the person's own terminal program, for what a command and its output are not enough for.
package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/priority"
)

// settle is how long a terminal has to fail: one that can't open its window says so at once.
const settle = 700 * time.Millisecond

// maxSaid is how much of a terminal's complaint is kept, in bytes.
const maxSaid = 4000

// Opener opens terminals. Its fields are how it sees the computer.
type Opener struct {
	Getenv   func(string) string
	LookPath func(string) (string, error)
}

// program is a terminal and the words between its name and the command it runs.
type program struct {
	name string
	args []string
}

// Open opens a terminal that runs argv, whose words reach that program as they are: no shell reads them. The terminal
// stays open when the program fails, and with hold always, so that its last words can be read, and it lives on when the
// app ends. CodeNoTerminal where there is no terminal, or it couldn't open.
func (o Opener) Open(argv []string, hold bool) error {
	cmd, err := o.command(argv, hold)
	if err != nil {
		return err
	}
	// A file and no pipe: the terminal outlives the app, and what it says afterwards must not end it.
	said, err := os.CreateTemp("", "vmo-terminal-")
	if err != nil {
		return broken(cmd, err, "")
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd.Stderr = said
	detach(cmd)
	if err := priority.Start(cmd); err != nil {
		return broken(cmd, err, "")
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // nobody owns it: it is the person's terminal from now on
	select {
	case err := <-ended:
		if err != nil {
			words := make([]byte, maxSaid)
			n, _ := said.ReadAt(words, 0)
			return broken(cmd, err, string(words[:n]))
		}
	case <-time.After(settle):
	}
	return nil
}

// choose takes the first terminal that is there. named is the person's own choice and must be there if it is given.
func (o Opener) choose(known []program, named string) (string, []string, error) {
	if words := strings.Fields(named); len(words) > 0 {
		path, err := o.LookPath(words[0])
		if err != nil {
			return "", nil, missing("the terminal program %q, which TERMINAL names, isn't there: %w", words[0], err)
		}
		between := []string{"-e"}
		for _, p := range known {
			if p.name == base(path) {
				between = p.args
			}
		}
		return path, append(words[1:], between...), nil
	}
	names := make([]string, len(known))
	for i, p := range known {
		if path, err := o.LookPath(p.name); err == nil {
			return path, p.args, nil
		}
		names[i] = p.name
	}
	return "", nil, missing("no terminal program was found; looked for %s", strings.Join(names, ", "))
}

func base(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

func missing(format string, args ...any) error {
	return domain.NewError(domain.CodeNoTerminal, "Install one, or set the environment variable TERMINAL to the name of yours.", format, args...)
}

func broken(cmd *exec.Cmd, err error, said string) error {
	return domain.NewError(domain.CodeNoTerminal, "Try that program by hand, or set TERMINAL to the name of another one.",
		"the terminal program %s can't be opened: %w", base(cmd.Path), err).WithDetails("%s", fmt.Sprintf("%q said: %s", cmd.Args, said))
}
