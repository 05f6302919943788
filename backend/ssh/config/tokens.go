package config

import (
	"errors"
	"strings"
)

var errQuotes = errors.New("a quote is not closed")

// splitLine takes one line apart as OpenSSH does (readconf.c, argv_split): a keyword, then words. Blanks and one '='
// separate the keyword, both kinds of quotes and backslashes hold blanks together, and '#' at the start of a word begins
// a comment. keyword is in lower case and "" for an empty line. Everything after a NUL is unseen, as by ssh.
func splitLine(line string) (keyword string, words []string, err error) {
	line, _, _ = strings.Cut(line, "\x00")
	line = strings.TrimRight(strings.TrimLeft(line, " \t"), " \t\r\n\f")
	if line == "" || line[0] == '#' {
		return "", nil, nil
	}
	var rest string
	if inner, quoted := strings.CutPrefix(line, `"`); quoted {
		var closed bool
		if keyword, rest, closed = strings.Cut(inner, `"`); !closed {
			return "", nil, errQuotes
		}
	} else if end := strings.IndexAny(line, " \t="); end >= 0 {
		keyword, rest = line[:end], line[end:]
	} else {
		keyword = line
	}
	rest = strings.TrimLeft(rest, " \t")
	rest = strings.TrimLeft(strings.TrimPrefix(rest, "="), " \t")
	words, err = splitWords(rest)
	return strings.ToLower(keyword), words, err
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
