package discovery

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"vmorchestrator/backend/domain"
)

// ParseAddress reads what a person pastes: host, user@host, user@host:port, [v6]:port, ssh://user@host:port, or a whole
// line such as "ssh -p 2222 -l deploy web-1 uptime". user is "" and port 0 where not given. CodeInvalid on field "host",
// "user" or "port".
func ParseAddress(text string) (user, host string, port int, err error) {
	text = strings.TrimSpace(text)
	if len(text) > maxAddress {
		return "", "", 0, domain.FieldError("host", "this is too long for an address")
	}
	words, closed := shellWords(text)
	a := address{}
	switch {
	case len(words) == 0:
		return "", "", 0, domain.FieldError("host", "a host name is needed")
	case words[0] == "ssh" && len(words) > 1:
		if !closed {
			return "", "", 0, domain.FieldError("host", "a quote of this ssh line is not closed")
		}
		err = a.line(words[1:])
	case len(words) > 1:
		return "", "", 0, domain.FieldError("host", "an address has no blanks: user@host or user@host:port")
	default:
		err = a.destination(text)
	}
	if err != nil {
		return "", "", 0, err
	}
	probe := domain.VM{Name: "x", Source: domain.SourceManual, User: a.user, Host: a.host, Port: a.port, Environment: domain.EnvTest}
	if err := probe.Validate(); err != nil {
		return "", "", 0, err
	}
	return a.user, a.host, a.port, nil
}

type address struct {
	user, host string
	port       int
}

// withValue are ssh's options that take a value (ssh(1)).
const withValue = "BbcDEeFIiJLlmOoPpQRSWw"

// shellWords splits a line as a shell does, as far as quotes and blanks go, and says whether all quotes are closed. A
// backslash that stands before neither a blank, a quote nor a backslash is kept: it is of a Windows path.
func shellWords(line string) (words []string, closed bool) {
	var word strings.Builder
	var quote byte
	inWord := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(line) && strings.IndexByte(" \t\"'\\", line[i+1]) >= 0:
			i++
			word.WriteByte(line[i])
			inWord = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case strings.IndexByte(" \t\r\n\v\f", c) >= 0:
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, quote == 0
}

// line reads the words after "ssh" as main in ssh.c does: the first word that is no option is the destination, options
// may stand on both sides of it up to "--" or the remote command, which has no place in an address, and of a value that
// is given twice the first counts.
func (a *address) line(words []string) error {
	found, ended := false, false
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case ended || len(word) < 2 || word[0] != '-':
			if found {
				return nil // the remote command
			}
			at := address{}
			if err := at.destination(word); err != nil {
				return err
			}
			a.host, found = at.host, true
			a.first(at)
		case word == "--":
			ended = true
		default:
			letter, value, takes := option(word)
			if takes && value == "" {
				if i++; i == len(words) {
					return domain.FieldError("host", "-%c needs a value", letter)
				}
				value = words[i]
			}
			var given address
			if err := given.option(letter, value); err != nil {
				return err
			}
			a.first(given)
		}
	}
	if !found {
		return domain.FieldError("host", "this ssh line names no host")
	}
	return nil
}

// first takes over user and port where they are not known yet.
func (a *address) first(given address) {
	a.user = cmp.Or(a.user, given.user)
	a.port = cmp.Or(a.port, given.port)
}

// option takes a word like -p, -p2222 or -Av apart: its last option, and the value if that is in the word.
func option(word string) (letter byte, value string, takes bool) {
	for i := 1; i < len(word); i++ {
		if letter = word[i]; strings.IndexByte(withValue, letter) >= 0 {
			return letter, word[i+1:], true
		}
	}
	return letter, "", false
}

func (a *address) option(letter byte, value string) (err error) {
	if letter == 'o' {
		// As in ssh_config(5): "key value", "key=value", with or without blanks.
		key, v := strings.TrimSpace(value), ""
		if end := strings.IndexAny(key, " \t="); end >= 0 {
			key, v = key[:end], strings.TrimSpace(key[end:])
			v = strings.TrimSpace(strings.TrimPrefix(v, "="))
		}
		value = strings.Trim(v, `"`)
		switch strings.ToLower(key) {
		case "port":
			letter = 'p'
		case "user":
			letter = 'l'
		}
	}
	switch letter {
	case 'p':
		a.port, err = parsePort(value)
	case 'l':
		a.user = value
	}
	return err
}

func (a *address) destination(text string) error {
	rest, isURL := strings.CutPrefix(text, "ssh://")
	if isURL {
		rest = strings.TrimSuffix(rest, "/")
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		if a.user, rest = rest[:at], rest[at+1:]; a.user == "" {
			return domain.FieldError("user", "the user before @ is missing")
		}
	}
	a.host = rest
	if inner, bracket := strings.CutPrefix(rest, "["); bracket {
		host, after, closed := strings.Cut(inner, "]")
		if _, err := netip.ParseAddr(host); !closed || err != nil {
			return domain.FieldError("host", "brackets hold an IPv6 address: [2001:db8::1]:22")
		}
		a.host, rest = host, after
		if rest == "" {
			return nil
		}
	} else if strings.Count(rest, ":") != 1 {
		return nil // no port, or a bare IPv6 address
	}
	host, port, colon := strings.Cut(rest, ":")
	if !colon || (host != "" && a.host != rest) {
		return domain.FieldError("host", "%q is not an address", text)
	}
	if host != "" {
		a.host = host
	}
	var err error
	a.port, err = parsePort(port)
	return err
}

func parsePort(text string) (int, error) {
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return 0, domain.FieldError("port", "a port is a number from 1 to 65535, not %q", text)
	}
	return port, nil
}

func portText(port int) string {
	if port == 0 {
		return ""
	}
	return strconv.Itoa(port)
}
