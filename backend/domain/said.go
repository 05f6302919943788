package domain

import (
	"strings"
	"unicode"
)

// Said is what a machine said, as one line that is nothing but text: a blank stands for line breaks and tabs, U+FFFD for
// what could drive a terminal, turn the direction of the text or not be seen. What is longer than limit bytes is cut.
func Said(text string, limit int) string {
	cut := len(text) > limit
	if cut {
		text = text[:limit]
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }), " ")
	if cut {
		text += "…"
	}
	return text
}
