package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"vmorchestrator/backend/domain"
)

// maxTries is how often a question about a key is repeated after an answer that is none, before it counts as no.
const maxTries = 3

// Terminal asks on a tty, one question at a time for all askers. It is made by NewTerminal.
type Terminal struct {
	in   *os.File
	out  io.Writer
	turn chan struct{} // holds one token: who has it may ask
}

// NewTerminal asks on out (stderr) and reads from in (stdin), which must be a terminal: see IsTerminal.
func NewTerminal(in *os.File, out io.Writer) *Terminal {
	t := &Terminal{in: in, out: out, turn: make(chan struct{}, 1)}
	t.turn <- struct{}{}
	return t
}

// IsTerminal says whether somebody can be asked on in and out.
func IsTerminal(in, out *os.File) bool {
	return term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))
}

// Ask waits for its turn and asks. For a host key, as ssh does, only "yes", "no" or the fingerprint itself count. Secrets
// are read without echo. When ctx ends while somebody types, Ask returns at once with CodePromptNeeded and the terminal
// gets its echo back; the turn passes on when the abandoned read ends.
func (t *Terminal) Ask(ctx context.Context, p domain.Prompt) (domain.PromptAnswer, error) {
	select {
	case <-t.turn:
	case <-ctx.Done():
		return domain.PromptAnswer{}, unanswered(ctx)
	}
	if ctx.Err() != nil {
		t.turn <- struct{}{}
		return domain.PromptAnswer{}, unanswered(ctx)
	}
	state, stateErr := term.GetState(int(t.in.Fd()))
	type reply struct {
		answer domain.PromptAnswer
		err    error
	}
	done := make(chan reply, 1)
	go func() { // ends with the read: a read of a tty can't be interrupted
		defer func() { t.turn <- struct{}{} }()
		a, err := t.ask(ctx, p)
		done <- reply{a, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		if stateErr == nil {
			_ = term.Restore(int(t.in.Fd()), state)
		}
		return domain.PromptAnswer{}, unanswered(ctx)
	}
}

func (t *Terminal) ask(ctx context.Context, p domain.Prompt) (domain.PromptAnswer, error) {
	if p.Forgot {
		t.say("What the keychain had was wrong and has been forgotten.\n")
	}
	switch p.Kind {
	case domain.PromptHostKey:
		return t.askKey(ctx, p)
	case domain.PromptHostKeyChanged:
		t.say("The key of %s has CHANGED. It was %s (%s) and is now %s %s.\nNothing was sent. To forget the old key:\n  %s\n",
			p.Address, p.KnownFingerprint, p.KnownAt, p.KeyType, p.Fingerprint, p.RemoveCommand)
		return domain.PromptAnswer{ID: p.ID}, nil
	case domain.PromptPassphrase:
		t.say("Passphrase for %s%s: ", p.KeyFile, attempt(p.Attempt))
		return t.secret(p)
	case domain.PromptPassword:
		t.said(p)
		t.say("Password for %s%s: ", p.Address, attempt(p.Attempt))
		return t.secret(p)
	default:
		t.said(p)
		t.say("%s: %s ", p.Address, p.Question)
		if !p.Echo {
			return t.secret(p)
		}
		line, err := t.line()
		return domain.PromptAnswer{ID: p.ID, Accept: err == nil, Secret: line}, err
	}
}

func (t *Terminal) askKey(ctx context.Context, p domain.Prompt) (domain.PromptAnswer, error) {
	t.say("The host %s", p.Address)
	if p.IP != "" {
		t.say(" (%s)", p.IP)
	}
	t.say(" is not known yet.\n")
	if len(p.Hops) > 1 {
		names := make([]string, len(p.Hops))
		for i, hop := range p.Hops {
			names[i] = hop.Name
		}
		t.say("Way: %s\n", strings.Join(names, " > "))
	}
	t.say("Its %s key is %s\nTrust it? (yes/no/paste the fingerprint to compare) ", p.KeyType, p.Fingerprint)
	for range maxTries {
		line, err := t.line()
		if err != nil {
			return domain.PromptAnswer{}, err
		}
		switch {
		case ctx.Err() != nil:
			return domain.PromptAnswer{}, unanswered(ctx)
		case strings.EqualFold(line, "yes") || line == p.Fingerprint:
			return domain.PromptAnswer{ID: p.ID, Accept: true}, nil
		case strings.EqualFold(line, "no"):
			return domain.PromptAnswer{ID: p.ID}, nil
		}
		t.say("Please type \"yes\", \"no\" or the fingerprint: ")
	}
	return domain.PromptAnswer{ID: p.ID}, nil
}

func (t *Terminal) secret(p domain.Prompt) (domain.PromptAnswer, error) {
	secret, err := term.ReadPassword(int(t.in.Fd()))
	defer clear(secret)
	t.say("\n")
	if err != nil {
		return domain.PromptAnswer{}, nobody(err)
	}
	return domain.PromptAnswer{ID: p.ID, Accept: true, Secret: string(secret)}, nil
}

// line reads byte by byte, so that what is typed ahead stays for the next question.
func (t *Terminal) line() (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := t.in.Read(one)
		if n == 1 && one[0] == '\n' {
			return strings.TrimSpace(string(line)), nil
		}
		if n == 1 && len(line) < maxLine {
			line = append(line, one[0])
		}
		if err != nil {
			return "", nobody(err)
		}
	}
}

// maxLine bounds an answer, in bytes: a tty itself gives at most 4096 at once.
const maxLine = 4096

// say prints with foreign control characters made harmless: a question may be a server's text.
// said is what the server says with its question, told apart from the app's own words.
func (t *Terminal) said(p domain.Prompt) {
	if p.Said != "" {
		t.say("%s says: %s\n", p.Address, p.Said)
	}
}

func (t *Terminal) say(format string, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = strings.Map(func(r rune) rune {
				if unicode.IsControl(r) || !unicode.IsPrint(r) {
					return '�'
				}
				return r
			}, s)
		}
	}
	fmt.Fprintf(t.out, format, args...)
}

func attempt(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (attempt %d)", n)
}

func nobody(err error) error {
	if errors.Is(err, io.EOF) {
		err = errors.New("the terminal was closed")
	}
	return domain.NewError(domain.CodePromptNeeded, "", "the question was not answered: %w", err)
}
