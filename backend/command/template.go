package command

import (
	"regexp"
	"strings"

	"vmorchestrator/backend/domain"
)

var (
	placeholder = regexp.MustCompile(`^\{\{[ \t]*([A-Za-z_][A-Za-z0-9_-]{0,31})[ \t]*\}\}`)
	// nestedShell is the end of a text after which a quoted string is a script that another shell reads.
	nestedShell = regexp.MustCompile(`(^|[\s;|&(/])(((ba|da|z|k|mk|a|fi|c|tc)?sh|busybox[ \t]+a?sh|su|runuser)([ \t]+[^\s;|&]+)*[ \t]+-[A-Za-z]*c|--command|eval)[ \t=]+$`)
)

// place is how a parameter stands in a script.
type place int

const (
	bare    place = iota // outside quotes
	single               // inside '...'
	double               // inside "..."
	literal              // {{{{name}}: no parameter, but text with two braces less
	banned               // where no value can stand; part.why says why
)

// part is a stretch of a script: text, or a parameter.
type part struct {
	text  string // as it stands in the script
	name  string // "" for text
	place place
	why   *domain.Error
}

// ParseParams gives the names of a script's parameters in order of their first appearance, without those in comments.
func ParseParams(script string) []string {
	names, seen := []string{}, map[string]bool{}
	for _, p := range parse(script) {
		if p.name != "" && p.place != literal && !seen[p.name] {
			seen[p.name] = true
			names = append(names, p.name)
		}
	}
	return names
}

// checkPlaces reports the first parameter that stands where no value can.
func checkPlaces(script string) error {
	for _, p := range parse(script) {
		if p.place == banned {
			return p.why
		}
	}
	return nil
}

// cshStops ends a script in csh and tcsh, where alone the variable "shell" is always set, before its first command. Those
// shells read on in the middle of a word that has a line break, and would run what stands there; after `exit` too, so the shell is replaced.
const cshStops = `test x"$shell" = x || ` + cshSays

// namedStops does the same behind a line that names a shell, which may say -u: then no variable can be asked for. csh alone
// takes the backslash away. What names a shell may still come to csh: in a terminal, the login shell reads the script.
const namedStops = `sh -c 'test ${#1} = 2' x '\!' || ` + cshSays

const cshSays = `exec sh -c 'echo "csh cannot take a value that has a line break: name a shell that can in the first line of the script, such as /bin/sh" >&2; exit 2'` + "\n"

// render puts values in the place of parameters, and references to their variables in the place of secrets. All of the
// script's other parameters have a value.
func render(script string, values, secrets map[string]string) (string, error) {
	argument := func(name string) string {
		if variable := secrets[name]; variable != "" {
			return `"$` + variable + `"`
		}
		return Quote(values[name])
	}
	var out strings.Builder
	parts, stops := parse(script), ""
	for _, p := range parts {
		if p.name != "" && p.place < literal && strings.Contains(values[p.name], "\n") {
			stops = cshStops
			break
		}
	}
	shell, _ := domain.ScriptShell(script)
	if shell == "" {
		out.WriteString(stops)
	}
	for i, p := range parts {
		switch {
		case i == 0 && shell != "" && stops != "":
			first, rest, _ := strings.Cut(p.text, "\n") // parameters come later than that line
			out.WriteString(first + "\n" + namedStops + rest)
		case p.name == "":
			out.WriteString(p.text)
		case p.place == banned:
			return "", p.why
		case p.place == literal:
			out.WriteString(p.text[2:])
		case p.place == single:
			out.WriteString("'" + argument(p.name) + "'")
		case p.place == double:
			out.WriteString(`"` + argument(p.name) + `"`)
		default:
			out.WriteString(argument(p.name))
		}
	}
	return out.String(), nil
}

// Quote writes value as exactly one argument for POSIX shells, fish and (but for line breaks) csh. Between single
// quotes stands only what all of them take as it is there: fish reads a backslash and csh a "!" even between them, so
// those stand outside with a backslash before them, as the single quote itself must.
func Quote(value string) string {
	if value == "" {
		return "''"
	}
	var out strings.Builder
	open := false
	for i := range len(value) {
		c := value[i]
		escaped := c == '\'' || c == '\\' || c == '!'
		if open == escaped {
			out.WriteByte('\'')
			open = !open
		}
		if escaped {
			out.WriteByte('\\')
		}
		out.WriteByte(c)
	}
	if open {
		out.WriteByte('\'')
	}
	return out.String()
}
