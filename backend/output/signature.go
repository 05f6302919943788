package output

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/bits"
	"slices"

	"vmorchestrator/backend/domain"
)

// signature is a set of trigrams of folded text as a bloom filter with one hash: a stretch of output whose signature
// lacks a trigram does not hold it. It has 1<<signatureBits bits; nil holds everything.
type signature []uint64

func newSignature() signature { return make(signature, 1<<signatureBits/64) }

// trigram is which bit three bytes, the first one highest, set.
func trigram(three uint32) uint32 { return three * 0x9e3779b1 >> (32 - signatureBits) }

// add sets the trigrams of folded text.
func (s signature) add(p []byte) {
	if len(p) < 3 {
		return
	}
	x := uint32(p[0])<<8 | uint32(p[1])
	for _, c := range p[2:] {
		x = x<<8 | uint32(c)
		h := trigram(x & 0xffffff)
		s[h>>6] |= 1 << (h & 63)
	}
}

// trigrams are the bits of folded text in rising order, each once.
func trigrams(text []byte) []uint32 {
	var all []uint32
	for i := 0; i+2 < len(text); i++ {
		all = append(all, trigram(uint32(text[i])<<16|uint32(text[i+1])<<8|uint32(text[i+2])))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// A pack is the signatures of up to packSlots stretches, its slots, turned on their side: a row for each bit, and in it
// that bit of every slot. It is stored in slices of equal length, each a part of the rows. So a search reads of a pack
// the few slices in which the rows of its trigrams stand, and knows of all slots at once.

const (
	packSlices = domain.SignatureSlices
	rowBytes   = packSlots / 8
	sliceRows  = 1 << signatureBits / packSlices // at most, in a slice
)

// slots is a set of slots of a pack.
type slots uint16

const everySlot = ^slots(0)

func (s slots) list() []int {
	var all []int
	for ; s != 0; s &= s - 1 {
		all = append(all, bits.TrailingZeros16(uint16(s)))
	}
	return all
}

// slicesOf makes a pack of signatures. As long as none of them is full enough, two neighbours among the rows become one.
func slicesOf(all []signature) [][]byte {
	most := 0
	for _, s := range all {
		set := 0
		for _, w := range s {
			set += bits.OnesCount64(w)
		}
		most = max(most, set)
	}
	merged := 0 // as a power of two
	for signatureBits-merged > signatureMinBits && most*signatureFill < 1<<(signatureBits-merged) {
		merged++
	}
	pack := make([]byte, rowBytes<<(signatureBits-merged))
	for slot, s := range all {
		at, bit := slot/8, byte(1)<<(slot%8)
		if s == nil {
			for ; at < len(pack); at += rowBytes {
				pack[at] |= bit
			}
		}
		for i, w := range s {
			for ; w != 0; w &= w - 1 {
				pack[(i*64+bits.TrailingZeros64(w))>>merged*rowBytes+at] |= bit
			}
		}
	}
	return slices.Collect(slices.Chunk(pack, len(pack)/packSlices))
}

// slotsWith is the slots that may hold a trigram, by the slice in which it stands. One that is missing or damaged knows nothing.
func slotsWith(slice []byte, h uint32) slots {
	rows := len(slice) / rowBytes
	if rows == 0 || rows&(rows-1) != 0 || rows > sliceRows {
		return everySlot
	}
	at := int(h%sliceRows) * rows / sliceRows * rowBytes
	return slots(binary.LittleEndian.Uint16(slice[at:]))
}

// packReader looks at packs together, and reads each of their slices once.
type packReader struct {
	packs  []int64
	read   func(packs []int64, slice int, look func(i int, data []byte)) error
	slices [packSlices][]packSlice
}

type packSlice struct {
	data []byte
	read bool
}

// slice gives a slice of each pack of which slots are left.
func (r *packReader) slice(n int, left []slots) ([]packSlice, error) {
	if r.slices[n] == nil {
		r.slices[n] = make([]packSlice, len(r.packs))
	}
	all := r.slices[n]
	var packs []int64
	var at []int
	for i := range all {
		if left[i] != 0 && !all[i].read {
			all[i].read = true
			packs, at = append(packs, r.packs[i]), append(at, i)
		}
	}
	if len(packs) == 0 {
		return all, nil
	}
	return all, r.read(packs, n, func(i int, data []byte) { all[at[i]].data = data })
}

// candidates are the slots of each pack that may hold a match.
func (m *matcher) candidates(r *packReader) ([]slots, error) {
	left := make([]slots, len(r.packs))
	for i := range left {
		left[i] = everySlot
	}
	return left, m.required.narrow(r, left)
}

// narrow leaves of each pack's slots those that may hold a match.
func (l *literals) narrow(r *packReader, left []slots) error {
	switch {
	case l == nil:
		return nil
	case l.text != nil:
		for _, h := range trigrams(l.text) {
			all, err := r.slice(int(h/sliceRows), left)
			if err != nil {
				return err
			}
			for i := range left {
				if left[i] != 0 {
					left[i] &= slotsWith(all[i].data, h)
				}
			}
		}
		return nil
	case l.one != nil:
		either := make([]slots, len(left))
		for _, sub := range l.one {
			some := slices.Clone(left)
			if err := sub.narrow(r, some); err != nil {
				return err
			}
			for i := range either {
				either[i] |= some[i]
			}
		}
		copy(left, either)
		return nil
	}
	for _, sub := range l.all {
		if err := sub.narrow(r, left); err != nil {
			return err
		}
	}
	return nil
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
		part.p = c.whole(part.p, rest)
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
