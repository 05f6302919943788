package command

import (
	"strings"

	"vmorchestrator/backend/domain"
)

// frame is one level of nesting in a shell script.
type frame struct {
	kind  byte // 0 the script, '(' a subshell or substitution, '"', '{' a ${...}
	arith bool // inside ((...))
}

// scanner reads a script as POSIX shells do, as far as it takes to know how each place is quoted. It is no full parser,
// and needn't be: where it meets what it can't be sure about it remembers a doubt, and from there on refuses parameters.
type scanner struct {
	src    string
	pos    int
	from   int // beginning of the text not yet given out
	stack  []frame
	doubt  string // why nothing can be said about what follows; "" while there is none
	heres  []hereDoc
	parts  []part
	inside string // script so far of the command that an opened quote belongs to
}

type hereDoc struct {
	delimiter string
	tabs      bool // <<-: leading tabs don't count
}

func parse(script string) []part {
	s := &scanner{src: script, stack: []frame{{}}}
	for s.pos < len(s.src) {
		s.step()
	}
	s.flush()
	return s.parts
}

func (s *scanner) top() *frame { return &s.stack[len(s.stack)-1] }

func (s *scanner) push(kind byte, arith bool) { s.stack = append(s.stack, frame{kind, arith}) }

func (s *scanner) pop() { s.stack = s.stack[:len(s.stack)-1] }

func (s *scanner) has(prefix string) bool { return strings.HasPrefix(s.src[s.pos:], prefix) }

// flush gives out the text up to here.
func (s *scanner) flush() {
	if s.from < s.pos {
		s.parts = append(s.parts, part{text: s.src[s.from:s.pos]})
	}
	s.from = s.pos
}

// param takes a parameter at this position, if there is one.
func (s *scanner) param(at place, why string) bool {
	if s.has("{{{{") {
		if m := placeholder.FindStringSubmatch(s.src[s.pos+2:]); m != nil {
			s.add("{{"+m[0], m[1], literal, "")
			return true
		}
	}
	m := placeholder.FindStringSubmatch(s.src[s.pos:])
	if m == nil {
		return false
	}
	switch {
	case at == banned:
	case s.doubt != "":
		at, why = banned, s.doubt
	case s.pos > 0 && s.src[s.pos-1] == '$' && at != single:
		at, why = banned, "directly after a $; leave the $ away"
	case (at == single || at == double) && nestedShell.MatchString(s.inside):
		at, why = banned, `in the script of another shell, which would read it as code; write sh -c '... "$1"' sh {{`+m[1]+`}}`
	}
	s.add(m[0], m[1], at, why)
	return true
}

func (s *scanner) add(text, name string, at place, why string) {
	s.flush()
	p := part{text: text, name: name, place: at}
	if at == banned {
		p.why = domain.FieldError("script", "{{%s}} can't stand %s", name, why)
		p.why.Hint = "Set a variable before, value={{" + name + `}}, and use "$value" there.`
	}
	s.parts = append(s.parts, p)
	s.pos += len(text)
	s.from = s.pos
}

// step reads one thing in the context of the top frame.
func (s *scanner) step() {
	switch s.top().kind {
	case '"':
		s.inDouble()
	case '{':
		s.inBrace()
	default:
		s.inCode()
	}
}

func (s *scanner) inCode() {
	f := s.top()
	at, why := bare, ""
	if f.arith {
		at, why = banned, "in arithmetic"
	}
	if s.param(at, why) {
		return
	}
	switch c := s.src[s.pos]; {
	case c == '\\':
		s.escape()
	case c == '\'':
		s.inSingle()
	case c == '"':
		s.quoteOpens()
		s.push('"', false)
		s.pos++
	case c == '`':
		s.inBackquotes()
	case c == '$':
		s.dollar()
	case c == '#' && !f.arith && s.wordStarts():
		s.comment()
	case c == '(':
		arith := f.arith
		if s.has("((") {
			s.push('(', true)
			s.pos++
			arith = true
		}
		s.push('(', arith)
		s.pos++
	case c == ')':
		if f.kind == '(' {
			s.pop()
		}
		s.pos++
	case s.has("<<<"):
		s.pos += 3
	case s.has("<<") && !f.arith:
		s.hereOpens()
	case c == '\n':
		s.pos++
		s.hereBodies()
	default:
		if f.kind == '(' && s.wordStarts() && s.has("case") {
			s.doubt = "after a case inside of parentheses; put the case outside of them"
		}
		s.pos++
	}
}

// wordStarts reports whether a word begins at this position.
func (s *scanner) wordStarts() bool {
	if s.pos == 0 {
		return true
	}
	return strings.IndexByte(" \t\n;|&()<>", s.src[s.pos-1]) >= 0 && (s.pos < 2 || s.src[s.pos-2] != '\\')
}

// quoteOpens remembers what stands before a quote.
func (s *scanner) quoteOpens() {
	start := max(0, s.pos-300)
	if line := strings.LastIndexAny(s.src[start:s.pos], "\n;|&("); line >= 0 {
		start += line + 1
	}
	s.inside = s.src[start:s.pos]
}

// escape passes over a backslash and what it escapes.
func (s *scanner) escape() {
	s.pos++
	if s.pos < len(s.src) && !s.param(banned, "directly after a backslash") {
		s.pos++
	}
}

func (s *scanner) inSingle() {
	s.quoteOpens()
	s.pos++
	for s.pos < len(s.src) {
		if s.param(single, "") {
			continue
		}
		c := s.src[s.pos]
		s.pos++
		switch {
		case c == '\'':
			return
		case c == '\\' && s.pos < len(s.src) && s.src[s.pos] == '\\':
			s.pos++
		case c == '\\' && s.pos < len(s.src) && s.src[s.pos] == '\'':
			// POSIX shells end the string here and fish goes on.
			s.doubt = `after a '...\': shells differ in where that ends; write a backslash as \\ outside of quotes`
		case c == '\\' && s.has("{{") && s.doubt == "" && placeholder.MatchString(s.src[s.pos:]):
			s.param(banned, "directly after a backslash")
		}
	}
}

func (s *scanner) inDouble() {
	if s.param(double, "") {
		return
	}
	switch c := s.src[s.pos]; c {
	case '"':
		s.pop()
		s.pos++
	case '\\':
		s.escape()
	case '`':
		s.inBackquotes()
	case '$':
		s.dollar()
	default:
		s.pos++
	}
}

// inBrace is inside ${...}: a name and perhaps a word. Shells differ in how quotes count there.
func (s *scanner) inBrace() {
	if s.param(banned, "inside of ${...}") {
		return
	}
	switch c := s.src[s.pos]; {
	case c == '}':
		s.pop()
	case c == '{' && s.pos > 0 && s.src[s.pos-1] == '$':
		s.push('{', false)
	case strings.IndexByte("'\"\\`(\n", c) >= 0:
		s.doubt = "after a ${...} with quotes, parentheses or backslashes"
	}
	s.pos++
}

// dollar reads what begins with a $.
func (s *scanner) dollar() {
	quoted := s.top().kind == '"'
	switch {
	case s.pos+1 < len(s.src) && s.src[s.pos+1] == '{' && placeholder.MatchString(s.src[s.pos+1:]):
		s.pos++ // ${{name}}: param refuses it
	case s.has("${"):
		s.push('{', false)
		s.pos += 2
	case s.has("$(("):
		s.push('(', true)
		s.push('(', true)
		s.pos += 3
	case s.has("$("):
		s.push('(', false)
		s.pos += 2
	case s.has("$'") && !quoted:
		s.ansiQuoted()
	default:
		s.pos++
	}
}

// ansiQuoted passes over $'...'.
func (s *scanner) ansiQuoted() {
	s.pos += 2
	for s.pos < len(s.src) {
		if s.param(banned, "inside of $'...'") {
			continue
		}
		c := s.src[s.pos]
		s.pos++
		switch c {
		case '\'':
			return
		case '\\':
			if s.pos < len(s.src) && s.src[s.pos] == '\'' {
				s.doubt = `after a $'...\'...': shells differ in where that ends`
			}
			s.pos = min(s.pos+1, len(s.src))
		}
	}
}

func (s *scanner) inBackquotes() {
	s.pos++
	for s.pos < len(s.src) {
		if s.param(banned, "inside of backquotes; write $(...) instead") {
			continue
		}
		c := s.src[s.pos]
		s.pos++
		switch c {
		case '`':
			return
		case '\\':
			s.pos = min(s.pos+1, len(s.src))
		case '\'', '"', '#':
			// Shells differ in whether a backquote between quotes ends the substitution.
			s.doubt = "after backquotes with quotes in them; write $(...) instead"
		}
	}
}

// comment passes to the end of the line. What looks like a parameter in it stays.
func (s *scanner) comment() {
	if end := strings.IndexByte(s.src[s.pos:], '\n'); end >= 0 {
		s.pos += end
	} else {
		s.pos = len(s.src)
	}
}

// hereOpens reads << and its delimiter. The body comes after the end of the line.
func (s *scanner) hereOpens() {
	s.pos += 2
	doc := hereDoc{}
	if s.has("-") {
		doc.tabs = true
		s.pos++
	}
	for s.has(" ") || s.has("\t") {
		s.pos++
	}
	var word strings.Builder
	for s.pos < len(s.src) && strings.IndexByte(" \t\n;|&()<>", s.src[s.pos]) < 0 {
		if s.param(banned, "as the end of a here-document") {
			s.doubt = "after that here-document"
			continue
		}
		switch c := s.src[s.pos]; c {
		case '\'', '"':
			end := strings.IndexByte(s.src[s.pos+1:], c)
			if end < 0 {
				s.doubt = "after that here-document"
			} else {
				word.WriteString(s.src[s.pos+1 : s.pos+1+end])
				s.pos += end + 1
			}
		case '\\':
		case '$', '`':
			s.doubt = "after a here-document with such an end"
		default:
			word.WriteByte(c)
		}
		s.pos++
	}
	doc.delimiter = word.String()
	if s.top().kind == '(' {
		s.doubt = "after a here-document inside of parentheses"
	}
	s.heres = append(s.heres, doc)
}

// hereBodies passes over the bodies of the here-documents that the last line opened.
func (s *scanner) hereBodies() {
	for _, doc := range s.heres {
		for s.pos < len(s.src) {
			end := strings.IndexByte(s.src[s.pos:], '\n')
			if end < 0 {
				end = len(s.src) - s.pos
			}
			stop := s.pos + end
			line := s.src[s.pos:stop]
			if doc.tabs {
				line = strings.TrimLeft(line, "\t")
			}
			for s.pos < stop {
				if !s.param(banned, "inside of a here-document") {
					s.pos++
				}
			}
			s.pos = min(s.pos+1, len(s.src))
			if line == doc.delimiter {
				break
			}
		}
	}
	s.heres = nil
}
