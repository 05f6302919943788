package output

import (
	"bytes"
	"context"
	"math/bits"
)

// signature is a set of trigrams of folded text as a bloom filter with one hash: a stretch of output whose signature
// lacks a trigram does not hold it. Its length is a power of two; nil holds everything.
type signature []uint64

// A pack is its signatures side by side: for each one byte, the power of two of its bits, then all of their bits.
// 0 is a signature that holds everything.

func trigram(a, b, c byte) uint32 {
	return (uint32(a)<<16 | uint32(b)<<8 | uint32(c)) * 0x9e3779b1 >> 16
}

// add sets the trigrams of folded text.
func (s signature) add(p []byte) {
	if len(p) < 3 {
		return
	}
	mask := uint32(len(s)*64 - 1) // #nosec G115 -- at most 65,536 bits
	x := uint32(p[0])<<8 | uint32(p[1])
	for _, c := range p[2:] {
		x = x<<8 | uint32(c)
		h := (x & 0xffffff) * 0x9e3779b1 >> 16 & mask
		s[h>>6] |= 1 << (h & 63)
	}
}

// folded is the signature in half its size as long as it is sparse. It changes s.
func (s signature) folded() signature {
	for len(s)*64 > 1<<signatureMinBits {
		set := 0
		for _, w := range s {
			set += bits.OnesCount64(w)
		}
		if set*signatureFill >= len(s)*64 {
			break
		}
		half := len(s) / 2
		for i := range half {
			s[i] |= s[half+i]
		}
		s = s[:half]
	}
	return s
}

// appendPack puts the signatures side by side.
func appendPack(dst []byte, all []signature) []byte {
	for _, s := range all {
		power := byte(0)
		if s != nil {
			power = byte(bits.Len(uint(len(s)*64)) - 1) // #nosec G115 -- at most 16
		}
		dst = append(dst, power)
	}
	for _, s := range all {
		for _, w := range s {
			dst = append(dst, byte(w), byte(w>>8), byte(w>>16), byte(w>>24), byte(w>>32), byte(w>>40), byte(w>>48), byte(w>>56)) // #nosec G115
		}
	}
	return dst
}

// candidates are the slots of a pack that may hold a match. A damaged pack holds everything.
func (m *matcher) candidates(pack []byte) (slots []int) {
	if len(pack) < packSlots {
		return everySlot()
	}
	at := packSlots
	for i, power := range pack[:packSlots] {
		switch {
		case power == 0:
			slots = append(slots, i)
		case power > signatureBits || power < 6 || at+1<<(power-3) > len(pack):
			return everySlot()
		default:
			size := 1 << (power - 3)
			if m.required.may(pack[at : at+size]) {
				slots = append(slots, i)
			}
			at += size
		}
	}
	return slots
}

func everySlot() []int {
	slots := make([]int, 0, packSlots)
	for i := range packSlots {
		slots = append(slots, i)
	}
	return slots
}

// may says whether a match may be in what the stored signature stands for.
func (l *literals) may(s []byte) bool {
	switch {
	case l == nil:
		return true
	case l.text != nil:
		mask := uint32(len(s)*8 - 1) // #nosec G115
		for i := 0; i+2 < len(l.text); i++ {
			h := trigram(l.text[i], l.text[i+1], l.text[i+2]) & mask
			if s[h>>3]>>(h&7)&1 == 0 {
				return false
			}
		}
		return true
	case l.one != nil:
		for _, sub := range l.one {
			if sub.may(s) {
				return true
			}
		}
		return false
	}
	for _, sub := range l.all {
		if !sub.may(s) {
			return false
		}
	}
	return true
}

// signBlock adds what is shown of every line that completes in the block, and of those open at its end, if it is the
// last. false is that a line is too long for it: the signature must hold everything.
func (h *Hub) signBlock(ctx context.Context, runID string, sc *scratch, b *block, last bool, s signature) (bool, error) {
	for i := range streams {
		text := b.data[i]
		done := bytes.LastIndexByte(text, '\n') + 1
		if done > 0 && b.carry[i].n > 0 {
			first := bytes.IndexByte(text, '\n')
			if ok, err := h.signLine(ctx, runID, sc, i, b.carry[i], b.off[i], text[:first], s); !ok || err != nil {
				return false, err
			}
			text, done = text[first+1:], done-first-1
		}
		sc.sign(text[:done], s)
		if end := b.end(i); last && end.n > 0 {
			_, to := b.span(i)
			if ok, err := h.signLine(ctx, runID, sc, i, end, to, nil, s); !ok || err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// signLine adds a line that began before offset off of stream i and ends with rest.
func (h *Hub) signLine(ctx context.Context, runID string, sc *scratch, i int, c carry, off int64, rest []byte, s signature) (bool, error) {
	part := sliceWriter{p: sc.whole[:0]}
	switch {
	case c.tail == nil:
		part.p = append(part.p, c.head...)
		if c.cr {
			part.p = append(part.p, '\r')
		}
		part.p = append(part.p, rest...)
	case c.n+int64(len(rest)) > matchBytes:
		return false, nil
	default:
		if _, err := h.copyRange(ctx, nil, runID, i, off-c.n, off+int64(len(rest)), &part); err != nil {
			return false, err
		}
	}
	sc.whole = append(part.p, '\n')
	sc.sign(sc.whole, s)
	return true, nil
}

func (sc *scratch) sign(text []byte, s signature) {
	if needsShowing(text) {
		sc.shown = appendShown(sc.shown[:0], text)
		text = sc.shown
	}
	sc.folded, _ = appendFolded(sc.folded[:0], text)
	s.add(sc.folded)
}
