package config

import (
	"regexp"
	"strings"
)

// hop is one host of a ProxyJump: an optional user and port around a name or an address in brackets.
var hop = regexp.MustCompile(`^(ssh://)?(?:([A-Za-z0-9._][A-Za-z0-9._-]*)@)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_][A-Za-z0-9._-]*))(?::([0-9]{1,5}))?$`)

// jump reads a ProxyJump. Comments, quotes and tokens in it, which versions treat in different ways, are ssh's.
func jump(_ *evaluation, l *line) ([]string, bool) {
	value := strings.TrimLeft(l.rest, white+"=")
	if isNone(value) {
		return []string{"none"}, true
	}
	hops := strings.Split(value, ",")
	for i, one := range hops {
		m := hop.FindStringSubmatch(one)
		if m == nil || len(one) > maxWord || isNone(m[4]) {
			return nil, false
		}
		if m[1] != "" && !isDomain(m[4]) {
			return nil, false
		}
		number := ""
		if m[5] != "" {
			n, ok := port(m[5])
			if !ok {
				return nil, false
			}
			number = ":" + n
		}
		if i < len(hops)-1 {
			continue
		}
		// The hop nearest to the host is printed anew, the others as they were written.
		host := m[3] + m[4]
		if strings.Contains(host, ":") || strings.Trim(host, "1234567890.") == "" {
			host = "[" + host + "]"
		}
		if m[2] != "" {
			host = m[2] + "@" + host
		}
		hops[i] = host + number
	}
	return []string{strings.Join(hops, ",")}, true
}

// addJump and addProxyCommand: whichever comes first switches the other off. Whether a ProxyJump of "none" does so too
// depends on the version.
func addJump(e *evaluation, name string, values []string, at Origin, user bool) bool {
	if len(e.set["proxycommand"]) == 0 {
		e.take(name, values, at, user)
	}
	return true
}

func addProxyCommand(e *evaluation, name string, values []string, at Origin, user bool) bool {
	switch e.first("proxyjump") {
	case "":
		e.take(name, values, at, user)
	case "none":
		return false
	}
	return true
}
