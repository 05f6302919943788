package main

import (
	"unicode/utf8"

	"vmorchestrator/app"
)

// appendSafe appends a line of a machine's output to dst so that a terminal can show it and nothing more: colours and
// styles (SGR) stay, every other escape sequence and control character becomes visible, bad UTF-8 becomes U+FFFD, and of
// a line that was overwritten with carriage returns only the last state is left. The stored output stays as it was.
func appendSafe(dst, line []byte) []byte {
	line = app.LastState(line)
	styled := false
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case c >= 0x20 && c < 0x7f || c == '\t':
			dst = append(dst, c)
			i++
		case c == 0x1b:
			if n := sgrLen(line[i:]); n > 0 {
				dst = append(dst, line[i:i+n]...)
				styled = true
				i += n
				continue
			}
			dst = append(dst, '^', '[')
			i++
		case c < 0x20 || c == 0x7f:
			dst = append(dst, '^', c^0x40)
			i++
		default:
			r, n := utf8.DecodeRune(line[i:])
			if r == utf8.RuneError && n == 1 || unsafeRune(r) {
				r = utf8.RuneError
			}
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	if styled {
		dst = append(dst, "\x1b[0m"...)
	}
	return dst
}

// unsafeRune is a C1 control, which some terminals obey, or one that turns the direction of the text around.
func unsafeRune(r rune) bool {
	return r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// sgrLen is the length of the "ESC [ digits m" that text begins with, or 0.
func sgrLen(text []byte) int {
	if len(text) < 3 || text[1] != '[' {
		return 0
	}
	for i := 2; i < len(text) && i < maxSGR; i++ {
		switch c := text[i]; {
		case c == 'm':
			return i + 1
		case (c < '0' || c > '9') && c != ';' && c != ':':
			return 0
		}
	}
	return 0
}
