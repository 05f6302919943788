package output

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

const (
	esc       = 0x1b
	bell7     = 0x07
	backspace = 0x08
)

// appendFolded appends p with every character replaced by the smallest one that differs from it only in case, so that
// equal without case is equal in bytes. same says that every character kept its length. Bad bytes stay as they are.
func appendFolded(dst, p []byte) (out []byte, same bool) {
	const ones = 0x0101010101010101
	same = true
	for len(p) > 0 {
		n := len(dst)
		dst = append(dst, p...)
		q := dst[n:]
		i := 0
		for ; i+8 <= len(q); i += 8 {
			v := binary.LittleEndian.Uint64(q[i:])
			if v&(0x80*ones) != 0 {
				break
			}
			lower := (v + (0x80-'a')*ones) &^ (v + (0x7f-'z')*ones) & (0x80 * ones)
			binary.LittleEndian.PutUint64(q[i:], v-lower>>2)
		}
		for ; i < len(q) && q[i] < utf8.RuneSelf; i++ {
			if 'a' <= q[i] && q[i] <= 'z' {
				q[i] -= 'a' - 'A'
			}
		}
		if i == len(q) {
			return dst, same
		}
		// Characters beyond ASCII go one by one, until eight bytes in a row have none of them.
		p = p[i:]
		dst = dst[:n+i]
		for plain := 0; len(p) > 0 && plain < 8; {
			if p[0] < utf8.RuneSelf {
				c := p[0]
				if 'a' <= c && c <= 'z' {
					c -= 'a' - 'A'
				}
				dst, p = append(dst, c), p[1:]
				plain++
				continue
			}
			plain = 0
			r, size := utf8.DecodeRune(p)
			if r == utf8.RuneError && size == 1 {
				dst, p = append(dst, p[0]), p[1:]
				continue
			}
			folded := foldRune(r)
			same = same && utf8.RuneLen(folded) == size
			dst, p = utf8.AppendRune(dst, folded), p[size:]
		}
	}
	return dst, same
}

// foldRune is the smallest of the characters that differ from r only in case.
func foldRune(r rune) rune {
	if r >= 0x3000 && r < 0xa640 || r >= 0xac00 && r < 0xfb00 || r >= 0x2500 && r < 0x2c00 {
		return r // kana, ideographs, hangul, drawn boxes: without case
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// appendShown appends whole lines as they are shown, each with its newline: their last state, also where they return to
// the first column, without escapes and bells, overstruck letters once. The newlines stay the same ones.
func appendShown(dst, p []byte) []byte {
	for len(p) > 0 {
		line := p
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			line, p = p[:i], p[i+1:]
		} else {
			p = nil
		}
		dst = append(appendLine(dst, line), '\n')
	}
	return dst
}

// needsShowing says whether appendShown would change p.
func needsShowing(p []byte) bool {
	for _, c := range []byte{esc, '\r', bell7, backspace} {
		if bytes.IndexByte(p, c) >= 0 {
			return true
		}
	}
	return false
}

func appendLine(dst, line []byte) []byte {
	line = LastState(line)
	begin := len(dst)
	var link, linked []byte // where an OSC 8 link leads, and what was shown of it
	linkAt := 0
	returned := false // to the first column: what comes next stands in the place of what was there
	over := func() {
		if returned {
			dst, linkAt, returned = dst[:begin], begin, false
		}
	}
	endLink := func() {
		if linked = dst[min(linkAt, len(dst)):]; link != nil && !bytes.Equal(bytes.TrimSpace(linked), link) {
			dst = append(append(append(dst, " ("...), link...), ')')
		}
		link = nil
	}
	for len(line) > 0 {
		i := 0
		for i < len(line) && (line[i] >= 0x20 || line[i] != esc && line[i] != bell7 && line[i] != backspace) {
			i++
		}
		if i > 0 {
			over()
		}
		dst, line = append(dst, line[:i]...), line[i:]
		if len(line) == 0 {
			break
		}
		switch line[0] {
		case bell7:
			line = line[1:]
		case backspace:
			if len(dst) > begin {
				_, size := utf8.DecodeLastRune(dst[begin:])
				dst = dst[:len(dst)-size]
			}
			line = line[1:]
		default:
			n, target, osc8 := escape(line)
			if n == 0 { // unfinished: it is shown
				over()
				dst, line = append(dst, line[0]), line[1:]
				continue
			}
			if osc8 {
				endLink()
				if len(target) > 0 {
					link, linkAt = target, len(dst)
				}
			}
			switch string(line[:n]) {
			case "\x1b[G", "\x1b[0G", "\x1b[1G":
				returned = true
			case "\x1b[K", "\x1b[0K", "\x1b[2K":
				over()
			}
			line = line[n:]
		}
	}
	endLink()
	return dst
}

// escape is the length of the escape sequence with which p begins, 0 if it is not whole, and where a link leads. It
// reads as the window does (frontend/src/lib/utils/ansi.ts).
func escape(p []byte) (n int, link []byte, osc8 bool) {
	if len(p) < 2 {
		return 0, nil, false
	}
	in := func(i int, lo, hi byte) bool { return i < len(p) && lo <= p[i] && p[i] <= hi }
	i := 2
	switch c := p[1]; {
	case c == '[':
		for in(i, 0x30, 0x3f) {
			i++
		}
		for in(i, 0x20, 0x2f) {
			i++
		}
		if in(i, 0x40, 0x7e) {
			return i + 1, nil, false
		}
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		for i < len(p) && p[i] != bell7 && p[i] != esc {
			i++
		}
		body := p[2:i]
		switch {
		case in(i, bell7, bell7):
			i++
		case in(i, esc, esc) && in(i+1, '\\', '\\'):
			i += 2
		case c == 'P' || c == 'X':
			return 2, nil, false // unfinished, they count as the short sequence
		default:
			return 0, nil, false
		}
		if c == ']' && bytes.HasPrefix(body, []byte("8;")) {
			if at := bytes.IndexByte(body[2:], ';'); at >= 0 {
				return i, body[2+at+1:], true
			}
		}
		return i, nil, false
	case in(1, 0x20, 0x2f):
		for in(i, 0x20, 0x2f) {
			i++
		}
		if in(i, 0x30, 0x7e) {
			return i + 1, nil, false
		}
	case in(1, 0x30, 0x5a) || c == '\\' || in(1, 0x60, 0x7e):
		return 2, nil, false
	}
	return 0, nil, false
}
