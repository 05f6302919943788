package config

import (
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"vmorchestrator/backend/domain"
)

// environment is what expansions depend on beside the settings themselves.
type environment struct {
	home      string
	localUser string
	uid       string
	localHost string
	lookup    func(string) (string, bool)
	userHome  func(name string) (string, error)
}

// expand finishes what "ssh -G" leaves to its reader: it expands UserKnownHostsFile and IdentityAgent by itself, but
// prints IdentityFile, CertificateFile and ProxyCommand as they were written.
func (s *Settings) expand(dest string, env environment) error {
	x := expander{settings: s, dest: dest, env: env}
	s.IdentityFiles = x.files("IdentityFile", s.Raw["identityfile"])
	s.CertificateFiles = x.files("CertificateFile", s.Raw["certificatefile"])
	s.UserKnownHostsFiles = x.knownHosts("UserKnownHostsFile", one(s.Raw, "userknownhostsfile"))
	s.GlobalKnownHostsFiles = x.knownHosts("GlobalKnownHostsFile", one(s.Raw, "globalknownhostsfile"))
	if v := notNone(one(s.Raw, "revokedhostkeys")); v != "" {
		s.RevokedHostKeys = x.path("RevokedHostKeys", v)
	}
	s.IdentityAgent = x.agent("IdentityAgent", one(s.Raw, "identityagent"))
	switch v := one(s.Raw, "forwardagent"); v {
	case "", "no", "false":
		s.ForwardAgent = "no"
	case "yes", "true":
		s.ForwardAgent = "yes"
	default:
		s.ForwardAgent = x.agent("ForwardAgent", v)
	}
	if v := notNone(one(s.Raw, "proxycommand")); v != "" {
		s.ProxyCommand = x.tokens("ProxyCommand", v, "hnpr")
	}
	if x.err != nil {
		return x.err
	}
	return nil
}

// expander keeps the first error, so that the list of settings above reads without a check per line.
type expander struct {
	settings *Settings
	dest     string
	env      environment
	err      *domain.Error
}

func (x *expander) fail(keyword, value, format string, args ...any) {
	if x.err == nil {
		why := domain.NewError(domain.CodeConfigInvalid, "", format, args...).Message
		x.err = domain.NewError(domain.CodeConfigInvalid, "Correct this line in your ssh_config; ssh refuses it too.",
			"%s %s for %q: %s", keyword, value, x.dest, why)
	}
}

func (x *expander) files(keyword string, values []string) []string {
	out := []string{}
	for _, value := range values {
		if strings.EqualFold(value, "none") || value == "" {
			continue
		}
		if path := x.path(keyword, value); !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	return out
}

// path expands in the order of OpenSSH: "~" first, then %tokens and ${} in one pass.
func (x *expander) path(keyword, value string) string {
	return x.tokens(keyword, x.tilde(keyword, value), "CdhijkLlnpru$")
}

func (x *expander) tilde(keyword, value string) string {
	rest, found := strings.CutPrefix(value, "~")
	if !found {
		return value
	}
	name, path, slash := strings.Cut(rest, "/")
	home := x.env.home
	if name != "" {
		other, err := x.env.userHome(name)
		if err != nil {
			x.fail(keyword, value, "there is no user %q here", name)
			return value
		}
		home = other
	} else if home == "" {
		x.fail(keyword, value, "your home folder is unknown")
		return value
	}
	if !slash {
		return home
	}
	return strings.TrimRight(home, "/") + "/" + path
}

// agent reads IdentityAgent's special forms: none, SSH_AUTH_SOCK and $NAME.
func (x *expander) agent(keyword, value string) string {
	switch {
	case value == "" || value == "SSH_AUTH_SOCK":
		return ""
	case strings.EqualFold(value, "none"):
		return "none"
	case strings.HasPrefix(value, "$") && !strings.HasPrefix(value, "${"):
		// As ssh: a variable that isn't set leaves no agent at all, rather than the default one.
		if socket, _ := x.env.lookup(value[1:]); socket != "" {
			return socket
		}
		return "none"
	}
	return x.path(keyword, value)
}

// knownHosts splits a list that ssh -G prints without the quotes it was written with. Where a blank may belong to a
// name, the stricter reading is taken: a word that is no absolute path goes on the one before. A file too few leads to
// a question, a file too many could trust a key that ssh would not.
func (x *expander) knownHosts(keyword, value string) []string {
	out := []string{}
	for word := range strings.SplitSeq(value, " ") {
		if absolute(word) || len(out) == 0 {
			out = append(out, word)
		} else {
			out[len(out)-1] += " " + word
		}
	}
	files := out[:0]
	for _, path := range out {
		if path == "" || strings.EqualFold(path, "none") {
			continue
		}
		// Global files are printed as written.
		files = append(files, x.tilde(keyword, path))
	}
	return files
}

func absolute(path string) bool {
	return strings.HasPrefix(path, "/") || strings.HasPrefix(path, "~") || filepath.IsAbs(path) ||
		strings.HasPrefix(path, "__PROGRAMDATA__")
}

// tokens expands %x for the letters of allowed, and ${NAME} if allowed has a '$'. An unknown token is an error, as in ssh.
func (x *expander) tokens(keyword, value, allowed string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '$' && strings.Contains(allowed, "$") && strings.HasPrefix(value[i:], "${"):
			name, _, closed := strings.Cut(value[i+2:], "}")
			v, set := x.env.lookup(name)
			if !closed || name == "" || !set || v == "" {
				x.fail(keyword, value, "the environment variable ${%s} is not set", name)
				return value
			}
			b.WriteString(v)
			i += len(name) + 2
		case c != '%':
			b.WriteByte(c)
		case i+1 == len(value):
			x.fail(keyword, value, "a %% stands at the end")
			return value
		default:
			i++
			if value[i] == '%' {
				b.WriteByte('%')
				continue
			}
			v, ok := x.token(value[i])
			if !ok || !strings.Contains(allowed, string(value[i])) {
				x.fail(keyword, value, "%%%c can't be expanded here", value[i])
				return value
			}
			b.WriteString(v)
		}
	}
	return b.String()
}

func (x *expander) token(letter byte) (string, bool) {
	s := x.settings
	switch letter {
	case 'd':
		return x.env.home, true
	case 'h':
		return s.HostName, true
	case 'i':
		return x.env.uid, true
	case 'j':
		return one(s.Raw, "proxyjump"), true
	case 'k':
		if s.HostKeyAlias != "" {
			return s.HostKeyAlias, true
		}
		return x.dest, true
	case 'L':
		short, _, _ := strings.Cut(x.env.localHost, ".")
		return short, true
	case 'l':
		return x.env.localHost, true
	case 'n':
		return x.dest, true
	case 'p':
		return strconv.Itoa(s.Port), true
	case 'r':
		return s.User, true
	case 'u':
		return x.env.localUser, true
	}
	// %C is a hash whose ingredients changed between versions of OpenSSH: refused rather than guessed.
	return "", false
}

func homeOf(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return u.HomeDir, nil
}

// sshName gives the program's name on this system.
func sshName() string {
	if runtime.GOOS == "windows" {
		return "ssh.exe"
	}
	return "ssh"
}
