package output

import (
	"bytes"
	"regexp/syntax"
	"unicode/utf8"
)

// literals say what every match of an expression holds, folded: text, or all of the parts, or one of them. nil is
// nothing that is known.
type literals struct {
	text []byte
	all  []*literals
	one  []*literals
}

// requiredOf reads what every match of a simplified expression holds.
func requiredOf(re *syntax.Regexp) *literals {
	switch re.Op {
	case syntax.OpLiteral:
		var p []byte
		for _, r := range re.Rune {
			if r == utf8.RuneError {
				return nil // also matches bad bytes
			}
			p = utf8.AppendRune(p, foldRune(r))
		}
		return &literals{text: p}
	case syntax.OpCapture, syntax.OpPlus:
		return requiredOf(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return requiredOf(re.Sub[0])
		}
	case syntax.OpConcat:
		all := &literals{}
		for _, sub := range re.Sub {
			if l := requiredOf(sub); l != nil {
				all.all = append(all.all, l)
			}
		}
		if len(all.all) == 1 {
			return all.all[0]
		}
		if len(all.all) > 0 {
			return all
		}
	case syntax.OpAlternate:
		one := &literals{}
		for _, sub := range re.Sub {
			l := requiredOf(sub)
			if l == nil {
				return nil
			}
			one.one = append(one.one, l)
		}
		return one
	default:
	}
	return nil
}

// needles are texts of which every match holds at least one, as long as can be; none if nothing is known, or too many.
func (l *literals) needles() [][]byte {
	switch {
	case l == nil:
		return nil
	case l.text != nil:
		return [][]byte{l.text}
	case l.one != nil:
		var some [][]byte
		for _, sub := range l.one {
			n := sub.needles()
			if n == nil || len(some)+len(n) > queryNeedles {
				return nil
			}
			some = append(some, n...)
		}
		return some
	}
	var best [][]byte
	for _, sub := range l.all {
		if n := sub.needles(); n != nil && (best == nil || shortest(n) > shortest(best)) {
			best = n
		}
	}
	return best
}

// in says whether the folded line may match: a regular expression costs ten times as much.
func (l *literals) in(line []byte) bool {
	switch {
	case l == nil:
		return true
	case l.text != nil:
		return bytes.Contains(line, l.text)
	case l.one != nil:
		for _, sub := range l.one {
			if sub.in(line) {
				return true
			}
		}
		return false
	}
	for _, sub := range l.all {
		if !sub.in(line) {
			return false
		}
	}
	return true
}

func shortest(needles [][]byte) int {
	n := len(needles[0])
	for _, needle := range needles[1:] {
		n = min(n, len(needle))
	}
	return n
}
