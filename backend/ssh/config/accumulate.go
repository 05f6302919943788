package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// addFile is for IdentityFile and CertificateFile, of which every line counts. The same path twice is kept once, but the
// person's file and the system's are told apart.
func addFile(e *evaluation, name string, values []string, at Origin, user bool) bool {
	have := e.set[name]
	if slices.ContainsFunc(have, func(v setValue) bool { return v.text == values[0] && v.user == user }) {
		return len(have) < maxIdentityFiles
	}
	e.set[name] = append(have, setValue{text: values[0], origin: at, user: user})
	return len(have) < maxIdentityFiles
}

// addSendEnv adds names, and takes those away that a pattern after '-' matches.
func addSendEnv(e *evaluation, name string, values []string, at Origin, user bool) bool {
	for _, v := range values {
		if pattern, minus := strings.CutPrefix(v, "-"); minus {
			e.set[name] = slices.DeleteFunc(e.set[name], func(have setValue) bool { return wildcard(pattern, have.text) })
			continue
		}
		e.set[name] = append(e.set[name], setValue{text: v, origin: at, user: user})
	}
	return true
}

var (
	listenPart = regexp.MustCompile(`^(?:(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._*-]+)):)?([0-9]{1,5})$`)
	targetPart = regexp.MustCompile(`^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$`)
)

// listen prints the near end of a forward. Paths and variables are ssh's.
func listen(s string) (string, bool) {
	m := listenPart.FindStringSubmatch(s)
	if m == nil || len(s) > maxWord {
		return "", false
	}
	n, ok := portNumber(m[3])
	if host := m[1] + m[2]; host != "" {
		return fmt.Sprintf("[%s]:%d", host, n), ok
	}
	return strconv.Itoa(n), ok
}

func forward(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) != 2 || len(l.rest) > maxWord {
		return nil, false
	}
	near, ok := listen(l.words[0])
	m := targetPart.FindStringSubmatch(l.words[1])
	if !ok || m == nil || m[1]+m[2] == "socks" { // ssh's own mark of a dynamic forward
		return nil, false
	}
	n, ok := portNumber(m[3])
	return []string{fmt.Sprintf("%s [%s]:%d", near, m[1]+m[2], n)}, ok
}

func dynamicForward(_ *evaluation, l *line) ([]string, bool) {
	if len(l.words) != 1 {
		return nil, false
	}
	near, ok := listen(l.words[0])
	return []string{near}, ok
}

func addForward(e *evaluation, name string, values []string, at Origin, user bool) bool {
	for _, have := range e.set[name] {
		if have.text == values[0] {
			return true
		}
	}
	e.set[name] = append(e.set[name], setValue{text: values[0], origin: at, user: user})
	return true
}

// agentPath checks the path of an agent's socket as ssh does while it reads: $NAME has to be a name, and a variable in
// ${} has to be set. Whether it can be expanded shows at the end.
func agentPath(e *evaluation, s string) bool {
	if name, old := strings.CutPrefix(s, "$"); old && !strings.HasPrefix(name, "{") {
		return envName.MatchString(name)
	}
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "$")
		if !found {
			return true
		}
		name, next, closed := strings.Cut(strings.TrimPrefix(after, "{"), "}")
		value, set := e.env.lookup(name)
		if !strings.HasPrefix(after, "{") || !closed || !envName.MatchString(name) || !set || value == "" {
			return false
		}
		rest = next
	}
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func agent(e *evaluation, s string) (string, bool) { return s, agentPath(e, s) }

func forwardAgent(e *evaluation, l *line) ([]string, bool) {
	if values, ok := flag(e, l); ok {
		return values, true
	}
	return one1Env(agent)(e, l)
}

// addForwardAgent leaves a path that comes after another value to ssh, some versions of which take the path.
func addForwardAgent(e *evaluation, name string, values []string, at Origin, user bool) bool {
	if len(e.set[name]) > 0 && values[0] != "yes" && values[0] != "no" {
		return false
	}
	e.take(name, values, at, user)
	return true
}
