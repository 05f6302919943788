package config

import (
	"errors"
	"strings"
)

var errQuotes = errors.New("a quote is not closed")

// white is what OpenSSH takes for a blank between the words of a line (misc.c, WHITESPACE).
const white = " \t\r\n"

// delim takes the first word off s as OpenSSH's strdelim does: blanks and a single '=' end a word, and a quoted part may
// stand in it, at whose end the word ends too. more is false where nothing follows, ok where a quote is not closed.
func delim(s string) (word, rest string, more, ok bool) {
	at := strings.IndexAny(s, white+`"=`)
	switch {
	case at < 0:
		return s, "", false, true
	case s[at] == '"':
		inner, after, closed := strings.Cut(s[at+1:], `"`)
		return s[:at] + inner, strings.TrimLeft(after, white), true, closed
	}
	rest = strings.TrimLeft(s[at+1:], white)
	if s[at] != '=' && strings.HasPrefix(rest, "=") {
		rest = strings.TrimLeft(rest[1:], white)
	}
	return s[:at], rest, true, true
}

// splitKeyword takes the keyword, in lower case, off a line; "" for an empty line or a comment. Everything after a NUL is
// unseen, as by ssh. A form feed counts as a blank at the end of a line only, but not where it is all there is.
func splitKeyword(line string) (keyword, rest string, err error) {
	line, _, _ = strings.Cut(line, "\x00")
	if line == "" {
		return "", "", nil
	}
	line = line[:1] + strings.TrimRight(line[1:], white+"\f")
	keyword, rest, more, closed := delim(line)
	if keyword == "" && closed && more { // blanks before the keyword
		keyword, rest, _, closed = delim(rest)
	}
	if !closed {
		return "", "", errQuotes
	}
	if keyword == "" || keyword[0] == '#' {
		return "", "", nil
	}
	return lower(keyword), strings.TrimLeft(rest, white), nil
}

// lower is C's tolower: strings.ToLower would also make a letter k of the Kelvin sign, which ssh does not.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// splitLine takes one line apart as OpenSSH does (readconf.c, argv_split): a keyword, then words. Blanks and one '='
// separate the keyword, both kinds of quotes and backslashes hold blanks together, and '#' at the start of a word begins
// a comment. keyword is in lower case and "" for an empty line.
func splitLine(line string) (keyword string, words []string, err error) {
	keyword, rest, err := splitKeyword(line)
	if keyword == "" || err != nil {
		return "", nil, err
	}
	words, err = splitWords(rest)
	return keyword, words, err
}

func splitWords(s string) ([]string, error) {
	var words []string
	for i := 0; i < len(s); {
		switch s[i] {
		case ' ', '\t':
			i++
			continue
		case '#':
			return words, nil
		}
		var word strings.Builder
		var quote byte
		for ; i < len(s); i++ {
			c := s[i]
			switch {
			case c == '\\' && i+1 < len(s) && (strings.IndexByte(`'"\`, s[i+1]) >= 0 || (quote == 0 && s[i+1] == ' ')):
				i++
				word.WriteByte(s[i])
				continue
			case quote == 0 && (c == ' ' || c == '\t'):
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
				continue
			case quote != 0 && c == quote:
				quote = 0
				continue
			default:
				word.WriteByte(c)
				continue
			}
			break
		}
		if quote != 0 {
			return words, errQuotes
		}
		words = append(words, word.String())
	}
	return words, nil
}
