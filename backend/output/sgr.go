package output

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
)

// A program sets a colour once and writes many lines in it, so a line alone does not tell how it looks. Each block begins
// with the style that is in force there, and Read says for each line in which one it begins. The rules are those of the
// screen (frontend/src/lib/utils/ansi.ts); testdata/sgr.json is read by the tests of both.

// colour is 0 for the terminal's own, 1+n for number n of the palette, or rgb with 24 bits.
type colour uint32

const rgb colour = 1 << 24

const (
	bold = 1 << iota
	dim
	italic
	underline
	inverse
	strike
)

// style is what SGR sequences have set (ECMA-48, and ISO 8613-6 for colours). The zero style is the plain one.
type style struct {
	fg, bg colour
	flags  uint8
}

// String is the parameters of one SGR sequence that brings the style about; "" for the plain one.
func (s style) String() string {
	var out []string
	for i, n := range []int{1, 2, 3, 4, 7, 9} {
		if s.flags&(1<<i) != 0 {
			out = append(out, strconv.Itoa(n))
		}
	}
	for _, c := range []struct {
		colour
		n string
	}{{s.fg, "38"}, {s.bg, "48"}} {
		switch {
		case c.colour >= rgb:
			out = append(out, c.n, "2", strconv.Itoa(int(c.colour>>16&255)), strconv.Itoa(int(c.colour>>8&255)), strconv.Itoa(int(c.colour&255)))
		case c.colour > 0:
			out = append(out, c.n, "5", strconv.Itoa(int(c.colour-1)))
		}
	}
	return strings.Join(out, ";")
}

// sgr reads the style out of bytes that come in any pieces. It is a value: two are equal if what follows them means the
// same.
type sgr struct {
	style
	held string // the beginning of a sequence whose end has not come yet
}

// after is the state behind the bytes p.
func (s sgr) after(p []byte) sgr {
	if s.held != "" && len(p) > 0 {
		held := len(s.held)
		n := s.take(append([]byte(s.held), p[:min(len(p), sgrBytes)]...))
		if n == 0 {
			return s
		}
		p = p[max(0, n-held):]
	}
	for {
		i := bytes.IndexByte(p, 0x1b)
		if i < 0 {
			return s
		}
		p = p[i:]
		n := s.take(p)
		if n == 0 {
			return s
		}
		p = p[n:]
	}
}

// take reads the escape sequence that p begins with, if it sets a style, and says how many bytes are done with. 0: the
// end of the sequence is not in p, which is held.
func (s *sgr) take(p []byte) int {
	s.held = ""
	if len(p) > 1 && p[1] != '[' {
		return 1
	}
	for i := 2; i < min(len(p), sgrBytes); i++ {
		switch c := p[i]; {
		case c >= '0' && c <= ';':
		case c == 'm':
			s.style = s.with(string(p[2:i]))
			return i + 1
		default: // another sequence, or none
			return i
		}
	}
	if len(p) >= sgrBytes {
		return 2
	}
	s.held = string(p)
	return 0
}

// with is the style after the parameters of one sequence.
func (s style) with(params string) style {
	list := strings.Split(params, ";")
	for i := 0; i < len(list); i++ {
		sub := strings.Split(list[i], ":")
		n, err := strconv.Atoi(sub[0])
		switch {
		case sub[0] == "":
			n = 0
		case err != nil:
			continue
		}
		switch {
		case n == 38 || n == 48 || n == 58:
			parts, colons := list[i+1:], false
			if len(sub) > 1 {
				parts, colons = sub[1:], true
			}
			c, used, ok := extended(parts, colons)
			if !colons {
				i += used
			}
			if ok && n == 38 {
				s.fg = c
			} else if ok && n == 48 {
				s.bg = c
			}
		case n == 4 && len(sub) > 1:
			s = s.flag(underline, sub[1] != "0")
		default:
			s = s.apply(n)
		}
	}
	return s
}

func (s style) flag(f uint8, on bool) style {
	s.flags &^= f
	if on {
		s.flags |= f
	}
	return s
}

func (s style) apply(n int) style {
	switch n {
	case 0:
		return style{}
	case 1:
		return s.flag(bold, true)
	case 2, 8: // concealed text is dimmed: nothing is hidden here
		return s.flag(dim, true)
	case 3:
		return s.flag(italic, true)
	case 4, 21:
		return s.flag(underline, true)
	case 7:
		return s.flag(inverse, true)
	case 9:
		return s.flag(strike, true)
	case 22:
		return s.flag(bold|dim, false)
	case 23:
		return s.flag(italic, false)
	case 24:
		return s.flag(underline, false)
	case 27:
		return s.flag(inverse, false)
	case 28:
		return s.flag(dim, false)
	case 29:
		return s.flag(strike, false)
	case 39:
		s.fg = 0
	case 49:
		s.bg = 0
	}
	switch {
	case n >= 30 && n <= 37:
		s.fg = colour(n - 30 + 1) // #nosec G115 -- in range, as all below
	case n >= 40 && n <= 47:
		s.bg = colour(n - 40 + 1) // #nosec G115
	case n >= 90 && n <= 97:
		s.fg = colour(n - 82 + 1) // #nosec G115
	case n >= 100 && n <= 107:
		s.bg = colour(n - 92 + 1) // #nosec G115
	}
	return s
}

// extended reads "5;N" or "2;R;G;B"; with colons a colour space may stand before R.
func extended(parts []string, colons bool) (c colour, used int, ok bool) {
	if len(parts) == 0 {
		return 0, 1, false
	}
	switch parts[0] {
	case "5":
		n, ok := octet(parts, 1)
		return n + 1, 2, ok
	case "2":
		first := 1
		if colons && len(parts) > 4 {
			first = 2
		}
		r, ok1 := octet(parts, first)
		g, ok2 := octet(parts, first+1)
		b, ok3 := octet(parts, first+2)
		return rgb | r<<16 | g<<8 | b, 4, ok1 && ok2 && ok3
	}
	return 0, 1, false
}

func octet(parts []string, i int) (colour, bool) {
	if i >= len(parts) {
		return 0, false
	}
	if parts[i] == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(parts[i], 10, 8)
	return colour(n), err == nil
}

func appendStyle(p []byte, s style) []byte {
	p = binary.AppendUvarint(p, uint64(s.fg))
	p = binary.AppendUvarint(p, uint64(s.bg))
	return append(p, s.flags)
}

func (r *reader) style() style {
	s := style{fg: r.colour(), bg: r.colour()}
	if f := r.take(1); len(f) == 1 {
		s.flags = f[0]
	}
	return s
}

func (r *reader) colour() colour {
	c := colour(r.size(int(rgb<<1 - 1))) // #nosec G115 -- at most 25 bits
	if c > 256 && c < rgb {
		r.bad = true
	}
	return c
}
