package config

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	letters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	nameChars = letters + "._-"
	hostChars = nameChars + ":"
)

// plain says whether s is a name of nothing but chars that doesn't look like an option.
func plain(s, chars string) bool {
	return s != "" && s[0] != '-' && len(s) <= maxWord && strings.Trim(s, chars) == ""
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c >= 0x80 })
}

// one1 reads a line of exactly one word.
func one1(check func(string) (string, bool)) func(*evaluation, *line) ([]string, bool) {
	return one1Env(func(_ *evaluation, s string) (string, bool) { return check(s) })
}

func one1Env(check func(*evaluation, string) (string, bool)) func(*evaluation, *line) ([]string, bool) {
	return func(e *evaluation, l *line) ([]string, bool) {
		if len(l.words) != 1 || l.words[0] == "" {
			return nil, false
		}
		v, ok := check(e, l.words[0])
		return []string{v}, ok
	}
}

// choice reads one of the words, in any case; "yes=true" is printed as true.
func choice(words ...string) func(*evaluation, *line) ([]string, bool) {
	printed := map[string]string{}
	for _, word := range words {
		written, shown, other := strings.Cut(word, "=")
		if !other {
			shown = written
		}
		printed[written] = shown
	}
	return one1(func(s string) (string, bool) {
		v, ok := printed[lower(s)]
		return v, ok
	})
}

func short(s string) (string, bool) { return s, len(s) <= maxWord }

// hostName takes names and addresses; the odd rest, which later versions of ssh refuse in part, is ssh's.
func hostName(s string) (string, bool) {
	return s, plain(strings.ReplaceAll(s, "%", ""), hostChars) && s[0] != '-'
}

// alias is printed in lower case.
func alias(s string) (string, bool) { return lower(s), isASCII(s) && !strings.ContainsAny(s, "%$") }

func port(s string) (string, bool) {
	n, ok := portNumber(s)
	return strconv.Itoa(n), ok
}

// portNumber takes numbers; the names of /etc/services are ssh's.
func portNumber(s string) (int, bool) {
	n, ok := whole(s)
	return n, ok && n >= 1 && n <= 65535
}

func whole(s string) (int, bool) {
	if s == "" || len(s) > 9 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func integer(s string) (string, bool) {
	n, ok := whole(s)
	return strconv.Itoa(n), ok
}

func positive(s string) (string, bool) {
	n, ok := whole(s)
	return strconv.Itoa(n), ok && n > 0
}

var timeParts = regexp.MustCompile(`^([0-9]{1,9}[smhdwSMHDW])*([0-9]{1,9})?$`)
var timePart = regexp.MustCompile(`([0-9]+)([a-zA-Z]?)`)

// duration is OpenSSH's convtime: numbers with s, m, h, d or w, added up, in seconds.
func duration(s string) (int, bool) {
	if s == "" || !timeParts.MatchString(s) {
		return 0, false
	}
	total := 0
	for _, part := range timePart.FindAllStringSubmatch(s, -1) {
		n, _ := strconv.Atoi(part[1])
		unit := map[string]int{"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[lower(part[2])]
		if total += n * unit; total > maxSeconds {
			return 0, false
		}
	}
	return total, true
}

// seconds1 reads a time. "none" is the default, and leaves the keyword to a later line.
func seconds1(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) != 1 {
		return nil, false
	}
	if l.words[0] == "none" {
		return nil, true
	}
	n, ok := duration(l.words[0])
	return []string{strconv.Itoa(n)}, ok
}

func persist(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) != 1 {
		return nil, false
	}
	switch l.words[0] {
	case "yes", "true":
		return []string{"yes"}, true
	case "no", "false":
		return []string{"no"}, true
	}
	n, ok := duration(l.words[0])
	if n == 0 {
		return []string{"yes"}, ok
	}
	return []string{strconv.Itoa(n)}, ok
}

func addKeys(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) == 2 {
		n, ok := duration(l.words[1])
		if lower(l.words[0]) != "confirm" || !ok || n == 0 {
			return nil, false
		}
		return []string{fmt.Sprintf("confirm %d", n)}, true
	}
	if len(l.words) != 1 {
		return nil, false
	}
	switch v := lower(l.words[0]); v {
	case "yes", "true":
		return []string{"true"}, true
	case "no", "false":
		return []string{"false"}, true
	case "ask", "confirm":
		return []string{v}, true
	}
	n, ok := duration(l.words[0])
	return []string{strconv.Itoa(n)}, ok && n > 0
}

// ipqos takes the DSCP names. The older TOS names lost their meaning in a later version.
func ipqos(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) < 1 || len(l.words) > 2 {
		return nil, false
	}
	var names []string
	for _, word := range l.words {
		name := lower(word)
		if !regexpDSCP.MatchString(name) {
			return nil, false
		}
		names = append(names, name)
	}
	return []string{names[0] + " " + names[len(names)-1]}, true
}

var regexpDSCP = regexp.MustCompile(`^(af[1-4][1-3]|cs[0-7]|ef|none)$`)

var size = regexp.MustCompile(`^([0-9]{1,6})([kKmMgG]?)$`)

// rekeyLimit gives bytes and seconds as two values, "" for one that isn't set.
func rekeyLimit(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) < 1 || len(l.words) > 2 {
		return nil, false
	}
	bytes, after := 0, ""
	if l.words[0] != "default" {
		parts := size.FindStringSubmatch(l.words[0])
		if parts == nil {
			return nil, false
		}
		bytes, _ = strconv.Atoi(parts[1])
		bytes <<= map[string]int{"": 0, "k": 10, "m": 20, "g": 30}[lower(parts[2])]
		if bytes > math.MaxInt32 || (bytes != 0 && bytes < 16) {
			return nil, false
		}
	}
	if len(l.words) == 2 && l.words[1] != "none" {
		n, ok := duration(l.words[1])
		if !ok {
			return nil, false
		}
		after = strconv.Itoa(n)
	}
	return []string{strconv.Itoa(bytes), after}, true
}

// addRekeyLimit keeps the two halves apart, because a later line may give the half that the first one left out.
func addRekeyLimit(e *evaluation, name string, values []string, at Origin, user bool) bool {
	e.take(name, values[:1], at, user)
	if values[1] != "" {
		e.take(rekeyTime, values[1:], at, user)
	}
	return true
}

// rekeyTime is the second half of RekeyLimit; the blank keeps it apart from any keyword.
const rekeyTime = "rekeylimit seconds"

func domains(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) == 0 || len(l.words) > maxHostsFiles || (len(l.words) > 1 && slices.ContainsFunc(l.words, isNone)) {
		return nil, false
	}
	for _, word := range l.words {
		if lower(word) != word || !isDomain(word) {
			return nil, false
		}
	}
	return []string{strings.Join(l.words, " ")}, true
}

var domainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9][A-Za-z0-9-]*)*$`)

func isDomain(s string) bool { return len(s) <= maxWord && domainName.MatchString(s) }

func isNone(s string) bool { return lower(s) == "none" }

var tunnelParts = regexp.MustCompile(`^(any|0|[1-9][0-9]{0,3})(:(any|0|[1-9][0-9]{0,3}))?$`)

func tunnelDevice(s string) (string, bool) {
	s = lower(s)
	if !strings.Contains(s, ":") {
		return s + ":any", tunnelParts.MatchString(s)
	}
	return s, tunnelParts.MatchString(s)
}

func escapeChar(s string) (string, bool) {
	return s, s == "none" || s == "~" || (len(s) == 1 && strings.Contains(letters, s))
}

// command is what follows the keyword, as it is written, comment and quotes included.
func command(_ *evaluation, l *line) ([]string, bool) {
	value := strings.TrimLeft(l.rest, white+"=")
	return []string{value}, value != ""
}

// remoteCommand is printed with its tokens replaced; which there are differs between versions.
func remoteCommand(e *evaluation, l *line) ([]string, bool) {
	values, ok := command(e, l)
	return values, ok && !strings.Contains(values[0], "%")
}

// hostsFiles reads a list of files. They are kept apart until they are printed, because tokens are of single words.
func hostsFiles(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) == 0 || len(l.words) > maxHostsFiles || slices.Contains(l.words, "") ||
		(len(l.words) > 1 && slices.ContainsFunc(l.words, isNone)) {
		return nil, false
	}
	return l.words, true
}

func sendEnv(_ *evaluation, l *line) ([]string, bool) {
	for _, word := range l.words {
		if word == "" || strings.Contains(word, "=") {
			return nil, false
		}
	}
	return l.words, len(l.words) > 0
}

// setEnv drops the second of one name. Only the first SetEnv line counts.
func setEnv(_ *evaluation, l *line) ([]string, bool) {
	var values, names []string
	for _, word := range l.words {
		name, _, ok := strings.Cut(word, "=")
		if !ok || name == "" {
			return nil, false
		}
		if !slices.Contains(names, name) {
			names, values = append(names, name), append(values, word)
		}
	}
	return values, len(values) > 0
}
