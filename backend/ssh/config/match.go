package config

import (
	"slices"
	"strings"
)

// match evaluates the criteria of a Match line (ssh_config(5); readconf.c, match_cfg_line). Those that depend on more
// than the configuration are not evaluated: exec only where a criterion before it already failed, where ssh doesn't run
// it either.
func (e *evaluation) match(l *line, at Origin) (bool, error) {
	ask := func(why string) (bool, error) { return false, &notMine{why: "Match " + readable(why), origin: at} }
	// OpenSSH up to 9.8 splits this line by another rule than later ones; where the two differ it is theirs.
	if old, ok := delimAll(l.rest); !ok || !slices.Equal(old, l.words) {
		return ask(l.rest)
	}
	result := true
	for i := 0; i < len(l.words); i++ {
		name, negated := strings.CutPrefix(l.words[i], "!")
		name = lower(name)
		switch name {
		case "all":
			// Alone, or after a single canonical or final: what else older versions let pass is no longer allowed.
			if negated || i != len(l.words)-1 || i > 1 || (i == 1 && !slices.Contains([]string{"canonical", "final"}, lower(l.words[0]))) {
				return ask(l.rest)
			}
			continue
		case "canonical", "final":
			e.wanted = e.wanted || name == "final"
			if e.final == negated {
				result = false
			}
			continue
		}
		i++
		if i == len(l.words) || l.words[i] == "" || len(l.words[i]) > maxWord {
			return ask(l.rest)
		}
		value := l.words[i]
		var holds bool
		switch name {
		case "host":
			host, ok := e.currentHost()
			if !ok {
				return ask("host with the HostName so far")
			}
			holds = matchList(lower(value), lower(host)) > 0
		case "originalhost":
			holds = matchList(lower(value), lower(e.original)) > 0
		case "user":
			holds = matchList(value, e.user()) > 0
		case "localuser":
			holds = matchList(value, e.base.user) > 0
		case "exec":
			if result || !onlyTokens(value, "%CLdhklnprui") {
				return ask("exec")
			}
			continue
		default:
			return ask(name)
		}
		if holds == negated {
			result = false
		}
	}
	return result, nil
}

// delimAll splits a line by strdelim alone.
func delimAll(s string) (words []string, ok bool) {
	for more := true; more; {
		var word string
		if word, s, more, ok = delim(s); !ok {
			return nil, false
		}
		if strings.HasPrefix(word, "#") {
			return words, true
		}
		if word == "" {
			return words, s == "" && !more
		}
		words = append(words, word)
	}
	return words, true
}

// onlyTokens says whether every %x of s has its letter in allowed.
func onlyTokens(s, allowed string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i++; i == len(s) || strings.IndexByte(allowed, s[i]) < 0 {
			return false
		}
	}
	return true
}

// matchList is OpenSSH's match_pattern_list: 1 a pattern of the list matches, -1 a negated one does, 0 none.
func matchList(list, s string) int {
	found := 0
	for pattern := range strings.SplitSeq(list, ",") {
		inner, negated := strings.CutPrefix(pattern, "!")
		if !wildcard(inner, s) {
			continue
		}
		if negated {
			return -1
		}
		found = 1
	}
	return found
}

// user is the name to log in as, as far as it has been read.
func (e *evaluation) user() string {
	if v := e.set["user"]; len(v) > 0 {
		return v[0].text
	}
	return e.base.user
}

// currentHost is what "Match host" looks at: the HostName read so far with its tokens replaced.
func (e *evaluation) currentHost() (string, bool) {
	v := e.set["hostname"]
	if len(v) == 0 {
		return e.host, true
	}
	if e.final {
		return e.host, true
	}
	return percentHost(v[0].text, e.host)
}

// percentHost replaces %h and %% of a HostName, which has no other tokens.
func percentHost(value, host string) (string, bool) {
	if !onlyTokens(value, "%h") {
		return "", false
	}
	return strings.NewReplacer("%%", "%", "%h", host).Replace(value), true
}
