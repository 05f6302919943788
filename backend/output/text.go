package output

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// What is shown of a line is its last overlay: what stands behind the last carriage return that something visible
// followed, up to the next one. Nothing visible follows the carriage returns at the end of a line, nor what only moves
// the cursor or sets a colour: "50%\r100%\r\x1b[1B" shows "100%".

// carry is a line that is still open: what is known of it without its earlier bytes. It stands in every block's header,
// so that a block can be read alone. A carry is a value; its slices are never written again.
type carry struct {
	n         int64  // bytes of the line so far, every carriage return counted
	over      int64  // bytes of its last overlay
	head      []byte // the overlay's first bytes, at most lineKeepBytes
	tail      []byte // the overlay's last bytes, at most lineKeepBytes; nil while head is the whole overlay
	from      style  // in force where the overlay begins
	cr        bool   // a carriage return stands behind the overlay, and then
	quiet     []byte // what is not visible so far, at most quietBytes
	quietFrom style  // in force where quiet begins, if it isn't empty
}

// with is the line after the bytes p, in which there is no newline and before which `at` holds.
func (c carry) with(p []byte, at sgr) carry {
	if len(p) == 0 {
		return c
	}
	if c.n == 0 {
		c.from = at.style
	}
	c.n += int64(len(p))
	if c.cr {
		if len(c.quiet) > 0 {
			p, at = append(slices.Clip(c.quiet), p...), sgr{style: c.quietFrom}
		}
	} else {
		i := bytes.IndexByte(p, '\r')
		if i < 0 {
			return c.longer(p)
		}
		c = c.longer(p[:i])
		p, at = p[i+1:], at.after(p[:i+1])
	}
	c.cr, c.quiet, c.quietFrom = true, nil, style{}
	if from, to := overlay(p); !quiet(p[from:to]) {
		c.over, c.head, c.tail, c.from = 0, nil, nil, at.after(p[:from]).style
		c = c.longer(p[from:to])
		c.cr = to < len(p)
	}
	if last := bytes.LastIndexByte(p, '\r') + 1; c.cr && last < len(p) {
		c.quiet, c.quietFrom = bytes.Clone(p[last:]), at.after(p[:last]).style
	}
	return c
}

// longer is the line with q at the end of its overlay.
func (c carry) longer(q []byte) carry {
	if len(q) == 0 {
		return c
	}
	before := c.shown()
	whole := c.over == int64(len(c.head))
	c.over += int64(len(q))
	if whole && len(c.head) < lineKeepBytes {
		head := make([]byte, 0, min(len(c.head)+len(q), lineKeepBytes))
		head = append(head, c.head...)
		c.head = append(head, q[:min(len(q), lineKeepBytes-len(c.head))]...)
	}
	if c.over > int64(len(c.head)) {
		tail := make([]byte, 0, lineKeepBytes)
		if keep := lineKeepBytes - len(q); keep > 0 {
			tail = append(tail, before[max(0, len(before)-keep):]...)
		}
		c.tail = append(tail, q[max(0, len(q)-lineKeepBytes):]...)
	}
	return c
}

// shown is the end of the overlay as far as it is kept.
func (c carry) shown() []byte {
	if c.tail != nil {
		return c.tail
	}
	return c.head
}

// lineText is the text of the line when it completes now.
func (c carry) lineText() string {
	return decodeHead(c.head)
}

// openText is the text of the line while it is open: its last 4 KiB. A character whose last bytes have not come yet is
// not shown.
func (c carry) openText() string {
	p := c.shown()
	if cut := incomplete(p); cut > 0 && !c.cr {
		p = p[:len(p)-cut]
	}
	return decodeTail(p, c.tail != nil)
}

// whole is the bytes that show what the line shows, if rest comes before its newline and nothing of the overlay is lost.
func (c carry) whole(dst, rest []byte) []byte {
	dst = append(dst, c.head...)
	if c.cr {
		dst = append(append(dst, '\r'), c.quiet...)
	}
	return append(dst, rest...)
}

// completeText is the text of a completed line that stands whole in p, without its newline.
func completeText(p []byte) string {
	p = LastState(p)
	return decodeHead(p[:min(len(p), lineKeepBytes)])
}

// LastState is the part of a whole line, without its newline, that is left where carriage returns made it write over
// itself. It is a stretch of p.
func LastState(p []byte) []byte {
	from, to := overlay(p)
	return p[from:to]
}

// overlay is where the last overlay of a line stands in it.
func overlay(p []byte) (from, to int) {
	for to = len(p); ; to = from - 1 {
		from = bytes.LastIndexByte(p[:to], '\r') + 1
		if from == 0 || !quiet(p[from:to]) {
			return from, to
		}
	}
}

// quiet says whether what follows a carriage return shows nothing so far: control sequences (ECMA-48) that move the
// cursor, set colours or modes, but erase nothing, of which the last one may be unfinished. What is quiet was so at each
// of its bytes.
func quiet(p []byte) bool {
	if len(p) > quietBytes {
		return false
	}
	for len(p) > 0 {
		if p[0] != esc {
			return false
		}
		if len(p) == 1 {
			return true
		}
		if p[1] == '7' || p[1] == '8' { // keeps the cursor's place, goes back there
			p = p[2:]
			continue
		}
		if p[1] != '[' {
			return false
		}
		i := 2
		for i < len(p) && p[i] >= 0x20 && p[i] <= 0x3f {
			i++
		}
		if i == len(p) {
			return true
		}
		if bytes.IndexByte(quietFinals, p[i]) < 0 {
			return false
		}
		p = p[i+1:]
	}
	return true
}

// quietFinals end the sequences that are quiet: cursor up, down, forward, back, to a line, column or place; modes on and
// off, colours, reports, the cursor's look, margins, the cursor's place kept and gone back to.
var quietFinals = []byte("ABCDEFGHf`adehlmnqrsu")

// decodeHead is p as UTF-8, each bad byte as U+FFFD, cut after the last character that ends within lineTextBytes.
func decodeHead(p []byte) string {
	if len(p) <= lineTextBytes && utf8.Valid(p) {
		return string(p)
	}
	out := make([]byte, 0, lineTextBytes)
	for len(p) > 0 {
		r, size := utf8.DecodeRune(p)
		if len(out)+utf8.RuneLen(r) > lineTextBytes {
			break
		}
		out = utf8.AppendRune(out, r)
		p = p[size:]
	}
	return string(out)
}

// decodeTail is the end of p in the same way; cut says that bytes stood before p, of which a character may reach in.
func decodeTail(p []byte, cut bool) string {
	if cut {
		p = p[leadingContinuation(p):]
	}
	if len(p) <= lineTextBytes && utf8.Valid(p) {
		return string(p)
	}
	out := []byte(string([]rune(string(p))))
	if len(out) > lineTextBytes {
		out = out[len(out)-lineTextBytes:]
		out = out[leadingContinuation(out):]
	}
	return string(out)
}

// leadingContinuation counts the bytes at the start of p that can only end a character begun before it.
func leadingContinuation(p []byte) int {
	n := 0
	for n < len(p) && n < utf8.UTFMax-1 && !utf8.RuneStart(p[n]) {
		n++
	}
	return n
}

// incomplete counts the bytes at the end of p that begin a character without ending it.
func incomplete(p []byte) int {
	for back := 1; back <= min(len(p), utf8.UTFMax-1); back++ {
		if tail := p[len(p)-back:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return back
		}
	}
	return 0
}
