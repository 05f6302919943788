package config

import (
	"slices"
	"strings"
)

// algorithms reads a list of names: alone, added to the defaults behind '+', put before them behind '^', or patterns to
// take away from them behind '-'. query is what "ssh -Q" calls the names that there are.
func algorithms(query string) func(*evaluation, *line) ([]string, bool) {
	return func(e *evaluation, l *line) ([]string, bool) {
		if len(l.words) != 1 || l.words[0] == "" {
			return nil, false
		}
		name := l.keyword
		if canonical, ok := aliases[name]; ok {
			name = canonical
		}
		defaults := strings.Split(one(e.base.values, name), ",")
		how, list := l.words[0][:1], l.words[0]
		if strings.Contains("+-^", how) {
			list = list[1:]
		}
		names := strings.Split(list, ",")
		if how == "-" {
			defaults = slices.DeleteFunc(defaults, func(have string) bool { return matchList(list, have) > 0 })
			return []string{strings.Join(defaults, ",")}, len(defaults) > 0 && list != "" && !strings.Contains(list, "!")
		}
		for _, n := range names {
			if n == "" || (!slices.Contains(defaults, n) && !slices.Contains(e.base.algorithms(e.ctx, query), n)) {
				return nil, false
			}
		}
		switch how {
		case "+":
			names = append(defaults, names...)
		case "^":
			names = append(names, defaults...)
		}
		var out []string
		for _, n := range names {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
		return []string{strings.Join(out, ",")}, true
	}
}
