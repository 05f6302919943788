package output

import (
	"bytes"
	"unicode/utf8"
)

// carry is a line that is still open: what is known of it without its earlier bytes. It stands in every block's header,
// so that a block can be read alone. A carry is a value; its slices are never written again.
type carry struct {
	n    int64  // bytes of the line so far, every carriage return counted
	over int64  // bytes of its last overlay: what stands after the last carriage return that something followed
	head []byte // the overlay's first bytes, at most lineKeepBytes
	tail []byte // the overlay's last bytes, at most lineKeepBytes; nil while head is the whole overlay
	from style  // in force where the overlay begins
	cr   bool   // carriage returns stand at the end: progress if more text follows, nothing if the newline does
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
	q := bytes.TrimRight(p, "\r")
	if len(q) == 0 {
		c.cr = true
		return c
	}
	trailing := len(q) < len(p)
	if i := bytes.LastIndexByte(q, '\r'); i >= 0 {
		c.over, c.head, c.tail, c.from = 0, nil, nil, at.after(q[:i+1]).style
		q = q[i+1:]
	} else if c.cr {
		c.over, c.head, c.tail, c.from = 0, nil, nil, at.style
	}
	c.cr = trailing
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

// completeText is the text of a completed line that stands whole in p, without its newline.
func completeText(p []byte) string {
	p = bytes.TrimRight(p, "\r")
	p = p[overlay(p):]
	return decodeHead(p[:min(len(p), lineKeepBytes)])
}

// overlay is where the last overlay of a completed line begins.
func overlay(p []byte) int {
	return bytes.LastIndexByte(bytes.TrimRight(p, "\r"), '\r') + 1
}

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
