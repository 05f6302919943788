package inventory

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ini reads an Ansible inventory in its INI form, or a plain list with an address in each line.
func (r *reader) ini(text string) {
	r.file.Format = "list of addresses"
	if sectionStart.MatchString(text) || variable.MatchString(text) {
		r.file.Format = "Ansible inventory (INI)"
	}
	g := newGroups()
	in, kind := g.group("ungrouped"), ""
	for i, line := range strings.Split(text, "\n") {
		n := i + 1
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if name, is := section(line); is {
			name, kind, _ = strings.Cut(name, ":")
			if name = strings.TrimSpace(name); name == "" || strings.ContainsAny(name, " \t,") || (kind != "" && kind != "children" && kind != "vars") {
				r.problem(n, "", "%s is no section: write [group], [group:children] or [group:vars]", line)
				in, kind = nil, ""
				continue
			}
			in = g.group(name)
			continue
		}
		switch {
		case in == nil: // of a section that is none
		case kind == "children":
			name, _, _ := strings.Cut(line, "#")
			if name = strings.TrimSpace(name); name == "" || strings.ContainsAny(name, " \t,") {
				r.problem(n, "", "%q is no name of a group", line)
				continue
			}
			g.child(in, name)
		case kind == "vars":
			key, text, ok := strings.Cut(line, "=")
			if !ok {
				r.problem(n, "", "a variable is written name=value")
				continue
			}
			in.vars[strings.TrimSpace(key)] = iniValue(strings.TrimSpace(text), n)
		default:
			r.iniHost(g, in, line, n)
		}
	}
	r.take(g)
}

// section gives what stands in brackets alone in a line. A bracket that begins an address or a range is none.
func section(line string) (string, bool) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") || !strings.HasSuffix(line, "]") || strings.Count(line, "[") != 1 {
		return "", false
	}
	inner := line[1 : len(line)-1]
	if _, err := netip.ParseAddr(inner); err == nil {
		return "", false
	}
	return inner, true
}

// iniValue takes the quotes off, as Ansible does with a Python string.
func iniValue(text string, line int) value {
	if len(text) >= 2 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0] {
		text = text[1 : len(text)-1]
	}
	return value{text: text, line: line, bad: template(text)}
}

func (r *reader) iniHost(g *groups, in *group, line string, n int) {
	words, closed := split(comment(line))
	if !closed {
		r.problem(n, "", "a quote is not closed")
		return
	}
	if len(words) == 0 {
		return
	}
	vars := map[string]value{}
	for i, word := range words[1:] {
		key, text, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			// The word isn't shown: people write passwords there.
			r.problem(n, "", "word %d is no variable: write name=value after the host", i+2)
			return
		}
		vars[key] = value{text: text, line: n, bad: template(text)}
	}
	words[0] = r.address(n, words[0])
	user, pattern, port := splitAddress(words[0])
	if strings.Contains(words[0], "[") && !strings.Contains(words[0], "]") {
		pattern, port = words[0], ""
	} else if strings.Contains(words[0], "[") && !strings.HasPrefix(words[0], "[") { // its colons are a range's
		user, pattern, port = "", words[0], ""
		if at := strings.LastIndexByte(pattern, '@'); at > 0 {
			user, pattern = pattern[:at], pattern[at+1:]
		}
		if colon := strings.LastIndexByte(pattern, ':'); colon > strings.LastIndexByte(pattern, ']') {
			pattern, port = pattern[:colon], pattern[colon+1:]
		}
	}
	names, err := expand(pattern)
	if err != nil {
		r.problem(n, "name", "%v", err)
		return
	}
	for _, name := range names {
		if len(g.names) > maxMachines {
			return // told when they are taken
		}
		one := g.host(in, name, n)
		for key, v := range vars {
			one.vars[key] = v
		}
		if user != "" {
			if _, given := one.vars["ansible_user"]; !given {
				one.vars["ansible_user"] = value{text: user, line: n}
			}
		}
		if port != "" {
			if _, given := one.vars["ansible_port"]; !given {
				one.vars["ansible_port"] = value{text: port, line: n}
			}
		}
	}
}

// comment cuts a comment off: a '#' after a blank, outside of quotes.
func comment(line string) string {
	var quote byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && i > 0 && (line[i-1] == ' ' || line[i-1] == '\t'):
			return line[:i]
		}
	}
	return line
}

// expand counts the ranges of a host out: web[01:20], db-[a:f], n[0:10:2]. The first bracket counts first.
func expand(pattern string) ([]string, error) {
	if _, err := netip.ParseAddr(pattern); err == nil {
		return []string{pattern}, nil
	}
	out := []string{""}
	for rest := pattern; rest != ""; {
		before, after, has := strings.Cut(rest, "[")
		for i := range out {
			out[i] += before
		}
		if !has {
			return out, nil
		}
		inner, next, closed := strings.Cut(after, "]")
		if !closed {
			return nil, fmt.Errorf("the range of %q is not closed", pattern)
		}
		steps, err := rangeOf(inner)
		if err != nil {
			return nil, fmt.Errorf("[%s] of %q is no range: %w", inner, pattern, err)
		}
		if len(out)*len(steps) > maxMachines {
			return nil, fmt.Errorf("%q is more than %d machines", pattern, maxMachines)
		}
		more := make([]string, 0, len(out)*len(steps))
		for _, begin := range out {
			for _, step := range steps {
				more = append(more, begin+step)
			}
		}
		out, rest = more, next
	}
	return out, nil
}

func rangeOf(inner string) ([]string, error) {
	parts := strings.Split(inner, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return nil, fmt.Errorf("write [01:20] or [01:20:2]")
	}
	by := 1
	if len(parts) == 3 {
		var err error
		if by, err = strconv.Atoi(parts[2]); err != nil || by < 1 {
			return nil, fmt.Errorf("the step is a number from 1 on")
		}
	}
	from, to := parts[0], parts[1]
	if from == "" {
		from = "0"
	}
	letter := func(s string) bool { return len(s) == 1 && (s[0]|0x20) >= 'a' && (s[0]|0x20) <= 'z' }
	if letter(from) && letter(to) && from <= to && (from[0]&0x20) == (to[0]&0x20) {
		var out []string
		for c := int(from[0]); c <= int(to[0]); c += by {
			out = append(out, string(rune(c)))
		}
		return out, nil
	}
	a, err1 := strconv.ParseUint(from, 10, 31)
	b, err2 := strconv.ParseUint(to, 10, 31)
	switch {
	case err1 != nil || err2 != nil:
		return nil, fmt.Errorf("both ends are numbers, or both are letters of one case")
	case b < a:
		return nil, fmt.Errorf("it ends before it begins")
	case (b-a)/uint64(by) >= maxMachines:
		return nil, fmt.Errorf("it is more than %d machines", maxMachines)
	case len(from) > 1 && from[0] == '0' && len(from) != len(to):
		return nil, fmt.Errorf("with leading zeros both ends have the same length")
	}
	width := 0
	if len(from) > 1 && from[0] == '0' {
		width = len(from)
	}
	var out []string
	for n := a; n <= b; n += uint64(by) {
		out = append(out, fmt.Sprintf("%0*d", width, n))
	}
	return out, nil
}
