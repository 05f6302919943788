package output

import (
	"bytes"
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// matcher is a query made ready. It is safe for concurrent use; each user brings a scratch.
type matcher struct {
	fold     bool // needles and what they are looked for in are folded
	needles  [][]byte
	verify   bool           // a line with a needle must match re too
	re       *regexp.Regexp // what the query means, exactly
	required *literals      // what a matching line holds, folded; nil is nothing known
}

// scratch is memory for matching.
type scratch struct {
	whole, line, shown, folded []byte
	next                       []int
}

// CheckQuery says what is wrong with a query: CodeInvalid with the field "text".
func CheckQuery(q domain.TextQuery) error {
	_, err := newMatcher(q)
	return err
}

func newMatcher(q domain.TextQuery) (*matcher, error) {
	switch {
	case q.Text == "":
		return nil, domain.FieldError("text", "there is no text to look for")
	case len(q.Text) > queryBytes:
		return nil, domain.FieldError("text", "the text to look for is longer than %d bytes", queryBytes)
	case !q.Regex && strings.ContainsAny(q.Text, "\r\n"):
		return nil, domain.FieldError("text", "a line break can't be found: lines are looked at one by one")
	}
	expr := q.Text
	if !q.Regex {
		expr = regexp.QuoteMeta(strings.ToValidUTF8(expr, "\ufffd"))
	}
	flags := syntax.Perl
	if !q.Case {
		flags |= syntax.FoldCase
	}
	tree, err := syntax.Parse(expr, flags)
	if err != nil {
		return nil, expressionError(q.Text, err)
	}
	if !q.Case {
		expr = "(?i:" + expr + ")"
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, expressionError(q.Text, err)
	}
	m := &matcher{re: re, fold: q.Regex || !q.Case, verify: q.Regex}
	m.required = requiredOf(tree.Simplify())
	if q.Regex {
		m.needles = m.required.needles()
		return m, nil
	}
	if strings.ContainsRune(expr, utf8.RuneError) {
		m.required = nil // it also stands for bad bytes, which no needle is equal to
		m.verify = true
		return m, nil
	}
	needle := []byte(q.Text)
	if m.fold {
		needle, _ = appendFolded(nil, needle)
	}
	m.needles = [][]byte{needle}
	return m, nil
}

func expressionError(text string, err error) error {
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return domain.FieldError("text", "the expression can't be read: %w", err)
	}
	at := 1
	if i := strings.LastIndex(text, wrong.Expr); i > 0 {
		at = utf8.RuneCountInString(text[:i]) + 1
	}
	if wrong.Code == syntax.ErrMissingParen || wrong.Code == syntax.ErrMissingBracket && wrong.Expr == text {
		return domain.FieldError("text", "the expression has no meaning: %s", wrong.Code)
	}
	return domain.FieldError("text", "the expression has no meaning from character %d on: %s in %q", at, wrong.Code, wrong.Expr)
}

// scan calls hit for each line of text that matches, with the line as it is shown and its number in text from 0, until
// hit returns false. text is whole lines, each with its newline. It reports whether it came to the end.
func (m *matcher) scan(sc *scratch, text []byte, hit func(k int, line []byte) bool) bool {
	if needsShowing(text) {
		sc.shown = appendShown(sc.shown[:0], text)
		text = sc.shown
	}
	if len(m.needles) == 0 {
		for k := 0; len(text) > 0; k++ {
			end := bytes.IndexByte(text, '\n')
			if m.re.Match(text[:end]) && !hit(k, text[:end]) {
				return false
			}
			text = text[end+1:]
		}
		return true
	}
	hay, same := text, true
	if m.fold {
		sc.folded, same = appendFolded(sc.folded[:0], text)
		hay = sc.folded
	}
	sc.next = append(sc.next[:0], make([]int, len(m.needles))...)
	for i := range sc.next {
		sc.next[i] = -1
	}
	passed, k := 0, 0 // hay[:passed] has k newlines
	rest, restK := text, 0
	for pos := 0; pos < len(hay); {
		at := m.index(sc.next, hay, pos)
		if at < 0 {
			break
		}
		k += bytes.Count(hay[passed:at], newline)
		passed = at
		begin := pos + bytes.LastIndexByte(hay[pos:at], '\n') + 1
		end := at + bytes.IndexByte(hay[at:], '\n')
		line := text[min(begin, len(text)):min(end, len(text))]
		if !same { // folding moved what follows: the line is found by its number
			for ; restK < k; restK++ {
				rest = rest[bytes.IndexByte(rest, '\n')+1:]
			}
			line = rest[:bytes.IndexByte(rest, '\n')]
		}
		if (!m.verify || m.required.in(hay[begin:end]) && m.re.Match(line)) && !hit(k, line) {
			return false
		}
		pos = end + 1
	}
	return true
}

// index is where the first needle stands in hay[pos:]; next remembers where each was found last.
func (m *matcher) index(next []int, hay []byte, pos int) int {
	if len(m.needles) == 1 {
		if i := bytes.Index(hay[pos:], m.needles[0]); i >= 0 {
			return pos + i
		}
		return -1
	}
	first := len(hay)
	for i, needle := range m.needles {
		if next[i] < pos {
			if k := bytes.Index(hay[pos:], needle); k >= 0 {
				next[i] = pos + k
			} else {
				next[i] = len(hay)
			}
		}
		first = min(first, next[i])
	}
	if first == len(hay) {
		return -1
	}
	return first
}

// matchLine says whether one line without newline matches, raw as it came.
func (m *matcher) matchLine(sc *scratch, line []byte) (shown []byte, ok bool) {
	sc.line = append(append(sc.line[:0], line...), '\n')
	m.scan(sc, sc.line, func(_ int, l []byte) bool {
		shown, ok = l, true
		return false
	})
	return shown, ok
}
