package config

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"unicode"

	"vmorchestrator/backend/domain"
)

// GResolver asks the person's own OpenSSH what is in force for a host, by "ssh -G". No shell is involved, stdin is
// empty, and ssh with everything it started is killed after 10 s. Nothing is cached: an answer costs about 6 ms, and
// what a "Match exec" says may differ from one second to the next. It holds no state and may be used by many goroutines.
type GResolver struct {
	SSHPath    string                      // "": the ssh in PATH
	ConfigFile string                      // "": ssh's own choice, ~/.ssh/config and the system's
	Home       string                      // "": the home folder of the account, which is what ssh uses, whatever HOME says
	Lookup     func(string) (string, bool) // environment variables; nil: os.LookupEnv
}

// Resolve gives the settings for t. A destination that ssh could take for an option or that holds blanks or control
// characters is refused before anything is started. CodeSSHMissing without ssh; CodeConfigInvalid with ssh's own
// words, file and line where it refuses the configuration or doesn't answer; CodeClosed when ctx ended.
func (r *GResolver) Resolve(ctx context.Context, t domain.Target) (Settings, error) {
	dest := t.Destination()
	if err := checkTarget(t); err != nil {
		return Settings{}, err
	}
	ssh, err := r.path()
	if err != nil {
		return Settings{}, err
	}
	out, err := runSSH(ctx, ssh, r.arguments(t), dest)
	if err != nil {
		return Settings{}, err
	}
	return parse(out, dest, r.environment())
}

// Version is what "ssh -V" says, for the About box, or an error with CodeSSHMissing.
func (r *GResolver) Version(ctx context.Context) (string, error) {
	ssh, err := r.path()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, ssh, "-V")
	ownGroup(cmd)
	cmd.WaitDelay = killDelay
	var said limitedBuffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return "", missing(err)
	}
	return strings.TrimSpace(said.String()), nil
}

func (r *GResolver) path() (string, error) {
	name := r.SSHPath
	if name == "" {
		name = sshName()
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", missing(err)
	}
	return path, nil
}

func missing(err error) error {
	return domain.NewError(domain.CodeSSHMissing,
		"Install the OpenSSH client (Debian and Ubuntu: apt install openssh-client) and try again.",
		"the program ssh, which reads your ssh_config, can't be started: %w", err)
}

func (r *GResolver) arguments(t domain.Target) []string {
	args := []string{"-G", "-T"}
	if r.ConfigFile != "" {
		args = append(args, "-F", r.ConfigFile)
	}
	if t.User != "" {
		args = append(args, "-l", t.User)
	}
	if t.Port != 0 {
		args = append(args, "-p", strconv.Itoa(t.Port))
	}
	if t.Jump != "" {
		args = append(args, "-J", t.Jump)
	}
	if t.IdentityFile != "" {
		// Not -i, which passes a file over that isn't there.
		args = append(args, "-o", `IdentityFile="`+t.IdentityFile+`"`)
	}
	return append(args, "--", t.Destination())
}

func runSSH(ctx context.Context, ssh string, args []string, dest string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	cmd := exec.CommandContext(limited, ssh, args...)
	ownGroup(cmd)
	cmd.WaitDelay = killDelay
	var out, said limitedBuffer
	out.limit, said.limit = maxResolveOutput, maxErrorText
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", domain.NewError(domain.CodeClosed, "", "asking ssh about %q was given up: %w", dest, context.Cause(ctx))
	case limited.Err() != nil:
		return "", domain.NewError(domain.CodeConfigInvalid,
			"A \"Match exec\" command or a name look-up in your ssh_config may be hanging: try \"ssh -G "+dest+"\" in a terminal.",
			"ssh did not say within %d seconds what is in force for %q", int(resolveTimeout.Seconds()), dest).WithDetails("%s", said.String())
	case errors.As(err, &exit):
		return "", refused(dest, said.String())
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return "", missing(err)
	case out.cut:
		return "", refused(dest, "ssh printed more than any configuration holds")
	}
	return out.String(), nil
}

// refused carries ssh's own complaint. Its first line is the one with file and line; the last only counts them.
func refused(dest, said string) error {
	first := ""
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "Pseudo-terminal") {
			continue
		}
		if first == "" || (strings.Contains(line, " line ") && !strings.Contains(first, " line ")) {
			first = line
		}
	}
	if first == "" {
		first = "it gave no reason"
	}
	return domain.NewError(domain.CodeConfigInvalid, "Correct this in your ssh_config; until then ssh can't connect either.",
		"ssh refuses its configuration for %q: %s", dest, first).WithDetails("%s", said)
}

// checkTarget refuses what ssh could take for an option, or for more than one word of its configuration.
func checkTarget(t domain.Target) error {
	switch dest, user := t.Destination(), t.User; {
	case strings.HasPrefix(t.Jump, "-") || strings.ContainsFunc(t.Jump, unprintable):
		return domain.FieldError("jump", "%q is no jump host", t.Jump)
	case strings.HasPrefix(t.IdentityFile, "-") || strings.Contains(t.IdentityFile, `"`) || strings.ContainsFunc(t.IdentityFile, unicode.IsControl):
		return domain.FieldError("identityFile", "%q is no path of a key file", t.IdentityFile)
	case dest == "":
		return domain.FieldError("host", "a host name is needed")
	case strings.HasPrefix(dest, "-"):
		return domain.FieldError("host", "%q begins with a dash: ssh would take it for an option", dest)
	case strings.ContainsFunc(dest, unprintable):
		return domain.FieldError("host", "%q is not the name of a host: it has blanks or control characters", dest)
	case strings.HasPrefix(user, "-") || strings.ContainsFunc(user, unprintable):
		return domain.FieldError("user", "%q is not the name of a user", user)
	}
	return nil
}

func unprintable(c rune) bool { return c == ' ' || !unicode.IsPrint(c) }

func (r *GResolver) environment() environment {
	env := environment{home: r.Home, lookup: r.Lookup, userHome: homeOf}
	if env.lookup == nil {
		env.lookup = os.LookupEnv
	}
	if u, err := user.Current(); err == nil {
		env.localUser, env.uid = u.Username, u.Uid
		if env.home == "" {
			env.home = u.HomeDir
		}
	}
	env.localHost, _ = os.Hostname()
	return env
}

// limitedBuffer keeps the first limit bytes and swallows the rest, so that a wild child can't fill memory.
type limitedBuffer struct {
	buf   bytes.Buffer
	limit int
	cut   bool
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := b.limit - b.buf.Len(); b.limit > 0 && len(p) > room {
		b.cut = true
		b.buf.Write(p[:room])
		return len(p), nil
	}
	return b.buf.Write(p)
}

func (b *limitedBuffer) String() string { return b.buf.String() }
