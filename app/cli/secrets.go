package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// given reads the secrets that --set-from-env and --set-from-fd name. It comes before the app is opened: a number that
// nobody handed in must not hit upon a file of the app's own.
func (c *cli) given(fromEnv, fromFD []string) (map[string]string, error) {
	out := map[string]string{}
	for _, pair := range fromEnv {
		key, name, ok := strings.Cut(pair, "=")
		if !ok || key == "" || name == "" {
			return nil, usage("--set-from-env key=NAME", "%q names no variable", pair)
		}
		if out[key] = c.env(name); out[key] == "" {
			return nil, usage("Set it for this call, or leave it out to be asked.", "there is nothing in the variable %s", name)
		}
		// What vmo starts on this computer (ssh, a ProxyCommand, a local command) needs none of it.
		defer os.Unsetenv(name)
	}
	for _, pair := range fromFD {
		key, text, ok := strings.Cut(pair, "=")
		fd, err := strconv.Atoi(text)
		if !ok || key == "" || err != nil || fd < 0 || fd == 1 || fd == 2 {
			return nil, usage("Such as --set-from-fd token=3 3<FILE.", "%q names no file descriptor to read", pair)
		}
		if out[key], err = readSecret(fd); err != nil {
			return nil, usage("Such as --set-from-fd token=3 3<FILE.", "file descriptor %d can't be read: %w", fd, err)
		}
	}
	return out, nil
}

// readSecret reads a file descriptor to its end, without the newline there.
func readSecret(fd int) (string, error) {
	f := os.NewFile(uintptr(fd), "secret")
	if f == nil {
		return "", os.ErrInvalid
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, domain.MaxSecretBytes+2))
	defer clear(text)
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), err
}

// secrets gives the command's secrets: those that were handed in, those that the person keeps in the keychain, and what
// is asked on the terminal for the others.
func (c *cli) secrets(ctx context.Context, a *app.App, command domain.Command, given map[string]string, asks bool) (map[string]string, error) {
	params := domain.SecretParams(command.Params)
	kept, err := c.keptOf(ctx, a.Kept, command, given)
	if err != nil {
		return nil, err
	}
	out, known := map[string]string{}, map[string]bool{}
	for _, p := range params {
		known[p.Name] = true
		value, there := given[p.Name]
		if !there {
			value, there = kept[p.Name]
		}
		switch {
		case there:
		case asks && c.ask:
			var err error
			if value, err = c.askSecret(ctx, p); err != nil {
				return nil, err
			}
		case p.Required:
			return nil, usage(fmt.Sprintf("Hand it in: --set-from-env %s=NAME or --set-from-fd %s=N.", p.Name, p.Name),
				"%s needs the secret %s, and there is nobody to ask", command.Name, p.Name)
		}
		if err := p.Check(value); err != nil {
			return nil, usage("", "%w", err)
		}
		out[p.Name] = value
	}
	for key := range given {
		if !known[key] {
			return nil, usage("--set is for the parameters that aren't secret.", "%q is no secret parameter of %s", key, command.Name)
		}
	}
	return out, nil
}

// keptOf gives the command's secrets that the keychain has, but for those that were handed in. It says which ones are
// asked for again because the command has changed since.
func (c *cli) keptOf(ctx context.Context, kept app.KeptSecrets, command domain.Command, given map[string]string) (map[string]string, error) {
	if len(given) == len(domain.SecretParams(command.Params)) {
		return nil, nil //nolint:nilnil // none is no error: all were handed in
	}
	known, err := kept.Of(ctx, command.ID)
	if err != nil {
		return nil, err
	}
	handedIn := func(name string) bool { _, there := given[name]; return there }
	for _, name := range slices.DeleteFunc(known.Changed, handedIn) {
		fmt.Fprintf(c.err, "vmo: %s has changed since %s was kept in the keychain: look at what it does now.\n", c.clean(command.Name), c.clean(name))
	}
	return kept.With(ctx, command.ID, nil, slices.DeleteFunc(known.Names, handedIn))
}

// askSecret reads one secret from the terminal without echo. An interrupt gives the terminal its echo back.
func (c *cli) askSecret(ctx context.Context, p domain.Param) (string, error) {
	fd := int(c.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", usage("", "the terminal can't be read: %w", err)
	}
	fmt.Fprintf(c.err, "%s: ", c.clean(p.Name))
	type reply struct {
		text []byte
		err  error
	}
	done := make(chan reply, 1)
	go func() { // ends with the read: a read of a terminal can't be interrupted
		text, err := term.ReadPassword(fd)
		done <- reply{text, err}
	}()
	select {
	case r := <-done:
		fmt.Fprintln(c.err)
		defer clear(r.text)
		if r.err != nil {
			return "", usage("", "%s was not given: %w", p.Name, r.err)
		}
		return string(r.text), nil
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		fmt.Fprintln(c.err)
		return "", context.Cause(ctx)
	}
}
