package config

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

// Who worked out an Explanation.
const (
	SourceOwn = "own"
	SourceSSH = "ssh -G"
)

// Explanation is everything in force for a host, and why.
type Explanation struct {
	Settings map[string][]string `json:"settings"` // by keyword in lower case, values as ssh -G prints them
	Expanded map[string][]string `json:"expanded"` // of the keywords that name files or a command: what they come to
	Origins  map[string][]Origin `json:"origins"`  // parallel to Settings; missing where it isn't known
	Source   string              `json:"source"`   // SourceOwn or SourceSSH
	Reason   string              `json:"reason"`   // why ssh was asked, with file and line; "" with SourceOwn

	Changed map[string]bool `json:"-"` // the keywords that are set for this host, or differ from ssh's default
}

// Explain gives what Resolve would use, and where each value comes from. With SourceSSH an origin is given only where
// there is no doubt: the value isn't the default, and a single line in all files has the keyword.
func (r *Resolver) Explain(ctx context.Context, t domain.Target) (Explanation, error) {
	a, err := r.answer(ctx, t)
	if err != nil {
		return Explanation{}, err
	}
	s, err := settingsOf(a.values, t.Destination(), r.asker().environment())
	if err != nil {
		return Explanation{}, err
	}
	x := Explanation{Settings: a.values, Origins: a.origins, Source: a.source, Reason: a.reason, Expanded: map[string][]string{
		"identityfile":         s.IdentityFiles,
		"certificatefile":      s.CertificateFiles,
		"userknownhostsfile":   s.UserKnownHostsFiles,
		"globalknownhostsfile": s.GlobalKnownHostsFiles,
		"revokedhostkeys":      some(s.RevokedHostKeys),
		"identityagent":        some(s.IdentityAgent),
		"forwardagent":         some(s.ForwardAgent),
		"proxycommand":         some(s.ProxyCommand),
	}}
	for keyword, values := range x.Expanded {
		if values == nil {
			x.Expanded[keyword] = []string{}
		}
	}
	if a.source == SourceSSH {
		x.Origins = r.onlyOrigins(ctx, a.values, t)
		if t.User != "" { // what comes with the question wins over every file
			x.Origins["user"] = []Origin{{Given: true}}
		}
		if t.Port != 0 {
			x.Origins["port"] = []Origin{{Given: true}}
		}
	}
	x.Changed = r.changed(ctx, x)
	return x, nil
}

// changed names the keywords that aren't plain defaults. Where ssh tells no defaults that is all of them.
func (r *Resolver) changed(ctx context.Context, x Explanation) map[string]bool {
	asker := r.asker()
	base, err := r.baseline(ctx, asker, asker.environment())
	if err != nil {
		base = &baseline{}
	}
	out := map[string]bool{}
	for keyword, values := range x.Settings {
		plain := base.values[keyword]
		switch keyword {
		case "host":
			plain = values // it repeats the question
		case "hostname":
			plain = []string{lower(one(x.Settings, "host"))}
		case "user":
			plain = some(base.user)
		}
		placed := slices.ContainsFunc(x.Origins[keyword], func(o Origin) bool { return o != Origin{} })
		if placed || !slices.EqualFunc(values, plain, sameValue) {
			out[keyword] = true
		}
	}
	return out
}

// List is the explanation as a list for people, what was changed first. What a value comes to is only in it where that
// differs from what is written.
func (x Explanation) List(name string) domain.Explanation {
	out := domain.Explanation{Name: name, Settings: []domain.Setting{}, Source: x.Source, Reason: x.Reason}
	for keyword, values := range x.Settings {
		s := domain.Setting{Keyword: keyword, Values: []domain.SettingValue{}, Expanded: []string{}, Changed: x.Changed[keyword]}
		for i, text := range values {
			v := domain.SettingValue{Value: text}
			if i < len(x.Origins[keyword]) {
				o := x.Origins[keyword][i]
				v.File, v.Line, v.Given = o.File, o.Line, o.Given
			}
			s.Values = append(s.Values, v)
		}
		// Lists of known_hosts files are one value, so what counts is the text.
		if expanded := x.Expanded[keyword]; len(expanded) > 0 && strings.Join(expanded, " ") != strings.Join(values, " ") {
			s.Expanded = expanded
		}
		out.Settings = append(out.Settings, s)
	}
	slices.SortFunc(out.Settings, func(a, b domain.Setting) int {
		if a.Changed != b.Changed {
			return map[bool]int{true: -1, false: 1}[a.Changed]
		}
		return cmp.Or(cmp.Compare(rank(a.Keyword), rank(b.Keyword)), cmp.Compare(a.Keyword, b.Keyword))
	})
	return out
}

// inFront are the keywords one looks for first.
var inFront = []string{"host", "hostname", "user", "port", "proxyjump", "proxycommand", "identityfile"}

func rank(keyword string) int {
	if at := slices.Index(inFront, keyword); at >= 0 {
		return at
	}
	return len(inFront)
}

func some(value string) []string {
	if value == "" {
		return []string{}
	}
	return []string{value}
}
