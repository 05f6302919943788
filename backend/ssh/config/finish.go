package config

import (
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var mayBeNumber = regexp.MustCompile(`^[0-9][0-9a-fA-FxX.]*$`)

// connectTo works out the name to connect to, with which the final pass compares. Names are printed in lower case and
// addresses in their usual form; an address in another form is ssh's.
func (e *evaluation) connectTo() error {
	name, origin := e.original, Origin{}
	if v := e.set["hostname"]; len(v) > 0 {
		var ok bool
		if name, ok = percentHost(v[0].text, e.host); !ok {
			return &notMine{why: "HostName " + v[0].text, origin: v[0].origin}
		}
		origin = v[0].origin
	}
	addr, err := netip.ParseAddr(name)
	switch {
	case err == nil && addr.Zone() == "" && !addr.Is4In6() && addr.String() == name:
	case strings.Contains(name, ":") || mayBeNumber.MatchString(name):
		return &notMine{why: "the address " + name, origin: origin}
	default:
		name = lower(name)
	}
	e.host = name
	e.set["hostname"] = []setValue{{text: name, origin: origin}}
	// Here ssh decides on canonicalisation, so these have got their defaults before a final pass.
	for _, keyword := range []string{"canonicalizehostname", "canonicalizefallbacklocal", "canonicalizemaxdots"} {
		e.take(keyword, e.base.values[keyword], Origin{}, false)
	}
	return nil
}

// noneClears are the keywords that "none" takes out of what is in force.
var noneClears = []string{"localcommand", "remotecommand", "proxycommand", "controlpath", "revokedhostkeys",
	"securitykeyprovider", "knownhostscommand", "proxyjump"}

// finish puts what was set over the defaults, as ssh does between reading and printing.
func (e *evaluation) finish() (*answer, error) {
	if err := e.depend(); err != nil {
		return nil, err
	}
	a := &answer{values: map[string][]string{}, origins: map[string][]Origin{}, files: e.read}
	for name, values := range e.base.values {
		a.values[name] = slices.Clone(values)
	}
	a.values["host"] = []string{e.original}
	for name, values := range e.set {
		if name == rekeyTime {
			continue
		}
		if len(values) == 0 { // all of SendEnv taken away again
			delete(a.values, name)
			continue
		}
		var texts []string
		var origins []Origin
		for _, v := range values {
			texts, origins = append(texts, v.text), append(origins, v.origin)
		}
		a.values[name], a.origins[name] = texts, origins
	}
	if err := e.print(a); err != nil {
		return nil, err
	}
	for name, values := range a.values {
		if len(a.origins[name]) != len(values) {
			a.origins[name] = make([]Origin, len(values))
		}
		if slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "\r\n") }) {
			return nil, &notMine{why: "a line break in the value of " + name}
		}
	}
	return a, nil
}

func (e *evaluation) first(name string) string {
	if v := e.set[name]; len(v) > 0 {
		return v[0].text
	}
	return ""
}

// depend follows the settings that change others.
func (e *evaluation) depend() error {
	// A patch of Debian's sets an interval of its own with BatchMode.
	if v := e.set["batchmode"]; len(v) > 0 && v[0].text == "yes" && len(e.set["serveraliveinterval"]) == 0 {
		return &notMine{why: "BatchMode without ServerAliveInterval", origin: v[0].origin}
	}
	for _, name := range noneClears {
		if isNone(e.first(name)) {
			e.set[name] = nil
		}
	}
	if _, set := e.set["updatehostkeys"]; !set {
		dns, files := e.first("verifyhostkeydns"), e.set["userknownhostsfile"]
		if (dns != "" && dns != "false") || len(files) > 1 || (len(files) == 1 && files[0].text != "~/.ssh/known_hosts") {
			e.set["updatehostkeys"] = []setValue{{text: "false"}}
		}
	}
	// Together these make ssh look whether the socket is there.
	if v := e.first("forwardagent"); v != "" && v != "yes" && v != "no" && e.first("exitonforwardfailure") == "yes" {
		return &notMine{why: "ForwardAgent with a path beside ExitOnForwardFailure", origin: e.set["forwardagent"][0].origin}
	}
	if e.first("clearallforwardings") == "yes" {
		for _, name := range []string{"localforward", "remoteforward", "dynamicforward"} {
			e.set[name] = nil
		}
		e.set["tunnel"] = []setValue{{text: "false", origin: e.set["clearallforwardings"][0].origin}}
	}
	return nil
}

// onOneLine are lists that ssh -G prints as one value.
var onOneLine = []string{"userknownhostsfile", "globalknownhostsfile"}

// print brings values into the form in which ssh -G shows them: some with their tokens replaced.
func (e *evaluation) print(a *answer) error {
	if a.values["user"] == nil {
		a.values["user"] = []string{e.base.user}
	}
	for _, name := range []string{"userknownhostsfile", "controlpath", "identityagent", "forwardagent"} {
		for i, v := range e.set[name] {
			if isNone(v.text) && name == "userknownhostsfile" {
				continue
			}
			text, ok := e.expanded(a, v.text)
			if !ok {
				return &notMine{why: name + " " + readable(v.text), origin: v.origin}
			}
			a.values[name][i] = text
		}
	}
	for _, name := range onOneLine {
		if len(e.set[name]) > 0 {
			a.values[name] = []string{strings.Join(a.values[name], " ")}
			a.origins[name] = a.origins[name][:1]
		}
	}
	bytes, after := e.first("rekeylimit"), e.first(rekeyTime)
	if bytes != "" {
		if after == "" {
			after = "0"
		}
		a.values["rekeylimit"] = []string{bytes + " " + after}
	}
	return nil
}

// expanded replaces "~/", %tokens and ${} as ssh itself does for what it prints. %C is a hash whose ingredients are
// learnt from the installed ssh.
func (e *evaluation) expanded(a *answer, value string) (string, bool) {
	rest, tilde := strings.CutPrefix(value, "~")
	if tilde {
		if !strings.HasPrefix(rest, "/") || e.base.home == "" {
			return "", false
		}
		value = strings.TrimRight(e.base.home, "/") + rest
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch {
		case strings.HasPrefix(value[i:], "${"):
			name, _, closed := strings.Cut(value[i+2:], "}")
			v, set := e.env.lookup(name)
			if !closed || !envName.MatchString(name) || !set || v == "" {
				return "", false
			}
			b.WriteString(v)
			i += len(name) + 2
		case value[i] != '%':
			b.WriteByte(value[i])
		case i+1 == len(value):
			return "", false
		default:
			i++
			v, ok := e.token(a, value[i])
			if !ok {
				return "", false
			}
			b.WriteString(v)
		}
	}
	return b.String(), true
}

func (e *evaluation) token(a *answer, letter byte) (string, bool) {
	short, _, _ := strings.Cut(e.env.localHost, ".")
	alias := e.first("hostkeyalias")
	if alias == "" {
		alias = e.original
	}
	host, user, port := e.host, one(a.values, "user"), one(a.values, "port")
	switch letter {
	case '%':
		return "%", true
	case 'C':
		return e.base.connectionHash(e.env.localHost, host, port, user, len(e.set["proxyjump"]) > 0)
	case 'L':
		return short, e.env.localHost != ""
	case 'd':
		return e.base.home, e.base.home != ""
	case 'h':
		return host, true
	case 'i':
		return strconv.Itoa(os.Getuid()), os.Getuid() >= 0
	case 'k':
		return alias, true
	case 'l':
		return e.env.localHost, e.env.localHost != ""
	case 'n':
		return e.original, true
	case 'p':
		return port, true
	case 'r':
		return user, true
	case 'u':
		return e.base.user, e.base.user != ""
	}
	return "", false
}
