package config

import (
	"context"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

// tellable are the keywords whose value can be from nothing but a line of their own or the default. (UpdateHostKeys, for
// one, follows UserKnownHostsFile.)
var tellable = []string{"user", "hostname", "port", "proxyjump", "proxycommand", "hostkeyalias", "stricthostkeychecking",
	"connecttimeout", "identityfile", "certificatefile", "identitiesonly", "identityagent", "addressfamily", "bindaddress",
	"bindinterface", "preferredauthentications", "knownhostscommand", "compression"}

// onlyOrigins finds lines for an answer of ssh's. Which blocks were in force isn't known, so a line is named only where
// it is the single one of its keyword in all files, has the very value, and that isn't the default.
func (r *Resolver) onlyOrigins(ctx context.Context, values map[string][]string, t domain.Target) map[string][]Origin {
	out := map[string][]Origin{}
	asker := r.asker()
	env := asker.environment()
	ssh, err := asker.path()
	if err != nil {
		return out
	}
	base, err := baselineOf(ctx, ssh, env)
	if err != nil || base.proven() != "" {
		return out
	}
	g := gathering{evaluation: &evaluation{ctx: ctx, texts: &r.texts, base: base, env: env, set: map[string][]setValue{}}, found: map[string][]gathered{}}
	if err := g.destination(t); err != nil {
		return out
	}
	sources, err := base.sources(r.ConfigFile)
	if err != nil {
		return out
	}
	for _, s := range sources {
		if !g.file(s, 0) {
			return out
		}
	}
	host := g.original
	canonical := one(values, "canonicalizehostname") != "false" || one(values, "canonicalizepermittedcnames") != "none"
	for _, name := range tellable {
		have, lines := values[name], g.found[name]
		if len(have) != 1 || len(lines) != 1 || slices.Equal(have, base.values[name]) || len(g.set[name]) > 0 {
			continue
		}
		written, ok := keywords[name].read(g.evaluation, lines[0].line)
		if name == "hostname" && ok {
			written[0], ok = percentHost(written[0], host)
			written[0] = lower(written[0])
			ok = ok && !canonical && have[0] != lower(host)
		}
		if name == "user" && have[0] == base.user {
			continue
		}
		if ok && slices.Equal(written, have) {
			out[name] = []Origin{lines[0].at}
		}
	}
	return out
}

// gathering collects lines by keyword from all files, whatever blocks they stand in.
type gathering struct {
	*evaluation
	found map[string][]gathered
}

type gathered struct {
	line *line
	at   Origin
}

func (g *gathering) file(s source, depth int) bool {
	if g.ctx.Err() != nil || depth > maxIncludeDepth || len(g.read) > maxFiles {
		return false
	}
	text, err := g.texts.read(s.path)
	if err != nil {
		return depth == 0
	}
	g.read = append(g.read, text.stamp)
	for _, l := range text.lines {
		if l.keyword != "include" {
			name := l.keyword
			if canonical, ok := aliases[name]; ok {
				name = canonical
			}
			g.found[name] = append(g.found[name], gathered{line: l, at: Origin{File: s.path, Line: l.number}})
			continue
		}
		for _, word := range l.words {
			paths, ok := g.included(s, word)
			if !ok || strings.Contains(l.bad, "quote") {
				return false
			}
			for _, path := range paths {
				if !g.file(source{path: path, user: s.user}, depth+1) {
					return false
				}
			}
		}
	}
	return true
}
