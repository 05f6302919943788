package output

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"vmorchestrator/backend/domain"
)

// A stored block is a header, which is small and never compressed, and a body. All numbers are varints.
//
//	header: version, form, pieces, size of the piece list, bytes of stdout, bytes of stderr,
//	        offset of stdout, offset of stderr, and for each stream its carried line:
//	        n, over, carriage return (0 or 1), head with its length, tail with its length;
//	        since version 2 for each stream also the style where the carried line's text begins, the style at the
//	        block's beginning and the start of an escape sequence with its length;
//	        since version 3 for each stream also the carried line's quiet end with its length, and the style there
//	body:   pieces (bytes*2+stream, milliseconds since the piece before; the first since LogBlock.At), stdout, stderr
//
// A tail row has its body as it is, a chunk has it as one zstd frame with a checksum.
const (
	codecVersion = 3
	formPlain    = 0
	formZstd     = 1
)

var errCorrupt = errors.New("the stored block is damaged")

// codec turns blocks into stored ones and back. It is safe for concurrent use.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() *codec {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(encoders),
		zstd.WithWindowSize(512<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(fmt.Sprintf("zstd refuses constant options: %v", err)) // a fault of this file alone
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(encoders), zstd.WithDecoderMaxMemory(2*blockBytes),
		zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(fmt.Sprintf("zstd refuses constant options: %v", err))
	}
	return &codec{enc: enc, dec: dec}
}

func (c *codec) close() {
	c.dec.Close()
}

// encode gives the block as it is stored. scratch and dst may bring memory for the plain body and the result.
func (c *codec) encode(runID string, b *block, compress bool, scratch, dst []byte) (stored domain.LogBlock, plain []byte) {
	var at int64
	if len(b.pieces) > 0 {
		at = b.pieces[0].at
	}
	plain = appendPieces(scratch[:0], b.pieces, at)
	pieces := len(plain)
	plain = append(append(plain, b.data[stdout]...), b.data[stderr]...)
	var data []byte
	form := byte(formPlain)
	if compress {
		if z := c.enc.EncodeAll(plain, dst[:0]); len(z) < len(plain) {
			data, form = z, formZstd
		} else {
			data = append(z[:0], plain...)
		}
	} else {
		data = append(dst[:0], plain...)
	}
	return domain.LogBlock{
		RunID: runID, FirstByte: b.firstByte, Bytes: b.bytes, FirstLine: b.firstLine, Lines: b.lines,
		At: time.UnixMilli(at).UTC(), Header: appendHeader(nil, b, form, pieces), Data: data,
	}, plain
}

func appendPieces(p []byte, pieces []piece, at int64) []byte {
	for _, piece := range pieces {
		p = binary.AppendUvarint(p, uint64(piece.n)<<1|uint64(piece.stream)) // #nosec G115 -- never negative
		p = binary.AppendVarint(p, piece.at-at)
		at = piece.at
	}
	return p
}

func appendHeader(p []byte, b *block, form byte, pieces int) []byte {
	p = append(p, codecVersion, form)
	for _, n := range []int64{
		int64(len(b.pieces)), int64(pieces), int64(len(b.data[stdout])), int64(len(b.data[stderr])), b.off[stdout], b.off[stderr],
	} {
		p = binary.AppendUvarint(p, uint64(n)) // #nosec G115 -- never negative
	}
	for _, c := range b.carry {
		p = binary.AppendUvarint(p, uint64(c.n))    // #nosec G115
		p = binary.AppendUvarint(p, uint64(c.over)) // #nosec G115
		cr := byte(0)
		if c.cr {
			cr = 1
		}
		p = append(p, cr)
		for _, part := range [][]byte{c.head, c.tail} {
			p = binary.AppendUvarint(p, uint64(len(part)))
			p = append(p, part...)
		}
	}
	for s := range streams {
		p = appendStyle(appendStyle(p, b.carry[s].from), b.sgr[s].style)
		p = binary.AppendUvarint(p, uint64(len(b.sgr[s].held)))
		p = append(p, b.sgr[s].held...)
	}
	for _, c := range b.carry {
		p = binary.AppendUvarint(p, uint64(len(c.quiet)))
		p = appendStyle(append(p, c.quiet...), c.quietFrom)
	}
	return p
}

// header is what a block's header says.
type header struct {
	form             byte
	pieces, pieceLen int
	size             [streams]int
	off              [streams]int64
	carry            [streams]carry
	sgr              [streams]sgr
}

// span is where the block begins and ends in stream s.
func (h *header) span(s int) (from, to int64) {
	return h.off[s], h.off[s] + int64(h.size[s])
}

func decodeHeader(p []byte) (*header, error) {
	if len(p) < 2 || len(p) > headerBytes || p[0] < 1 || p[0] > codecVersion || p[1] > formZstd {
		return nil, errCorrupt
	}
	r := reader{p: p[2:]}
	h := &header{form: p[1]}
	h.pieces = r.size(blockBytes)
	h.pieceLen = r.size(blockBytes)
	for s := range streams {
		h.size[s] = r.size(blockBytes)
	}
	for s := range streams {
		h.off[s] = r.offset()
	}
	for s := range streams {
		c := carry{n: r.offset(), over: r.offset()}
		cr := r.take(1)
		c.cr = len(cr) == 1 && cr[0] == 1
		c.head = r.take(r.size(lineKeepBytes))
		if tail := r.take(r.size(lineKeepBytes)); len(tail) > 0 {
			c.tail = tail
		}
		if c.over > c.n || int64(len(c.head)) > c.over || c.tail == nil && int64(len(c.head)) != c.over {
			return nil, errCorrupt
		}
		h.carry[s] = c
	}
	for s := range streams {
		if p[0] == 1 {
			break // it knew no styles
		}
		h.carry[s].from, h.sgr[s].style = r.style(), r.style()
		h.sgr[s].held = string(r.take(r.size(sgrBytes)))
	}
	for s := range streams {
		if p[0] < 3 {
			break // of those, only what ended with the carriage return itself was quiet
		}
		c := &h.carry[s]
		if held := r.take(r.size(quietBytes)); len(held) > 0 {
			c.quiet = held
		}
		c.quietFrom = r.style()
		if len(c.quiet) > 0 && !c.cr || len(c.quiet) == 0 && c.quietFrom != (style{}) || !quiet(c.quiet) {
			return nil, errCorrupt
		}
	}
	if r.bad || len(r.p) != 0 || h.pieceLen+h.size[stdout]+h.size[stderr] > blockBytes || h.pieces > h.pieceLen {
		return nil, errCorrupt
	}
	return h, nil
}

// decode is the opposite of encode. Whatever the bytes, it gives a consistent block or an error.
func (c *codec) decode(stored domain.LogBlock) (*block, error) {
	b, _, err := c.decodeInto(stored, nil)
	return b, err
}

// decodeInto is decode with the memory of plain, which it gives back, perhaps grown; the block stands in it.
func (c *codec) decodeInto(stored domain.LogBlock, plain []byte) (*block, []byte, error) {
	h, err := decodeHeader(stored.Header)
	if err != nil {
		return nil, plain, err
	}
	size := h.pieceLen + h.size[stdout] + h.size[stderr]
	plain = slices.Grow(plain[:0], size)
	if h.form == formZstd {
		if plain, err = c.dec.DecodeAll(stored.Data, plain); err != nil {
			return nil, plain, fmt.Errorf("%w: %w", errCorrupt, err)
		}
	} else {
		plain = append(plain, stored.Data...)
	}
	if len(plain) != size {
		return nil, plain, errCorrupt
	}
	b := &block{
		firstByte: stored.FirstByte, firstLine: stored.FirstLine, bytes: int64(h.size[stdout] + h.size[stderr]),
		off: h.off, carry: h.carry, sgr: h.sgr, pieces: make([]piece, 0, h.pieces),
	}
	body := plain[h.pieceLen:]
	b.data[stdout], b.data[stderr] = body[:h.size[stdout]:h.size[stdout]], body[h.size[stdout]:]
	if err := b.readPieces(plain[:h.pieceLen], h.pieces, stored.At.UnixMilli()); err != nil {
		return nil, plain, err
	}
	if b.bytes != stored.Bytes || b.lines != stored.Lines {
		return nil, plain, errCorrupt
	}
	return b, plain, nil
}

// readPieces fills pieces and counts lines; data must be set.
func (b *block) readPieces(p []byte, count int, at int64) error {
	r := reader{p: p}
	var pos [streams]int
	for range count {
		v := r.uvarint()
		at += r.varint()
		s, n := int(v&1), v>>1
		if r.bad || n == 0 || n > uint64(len(b.data[s])-pos[s]) { // #nosec G115 -- pos never passes the data
			return errCorrupt
		}
		stretch := b.data[s][pos[s] : pos[s]+int(n)] // #nosec G115 -- checked above
		lines := bytes.Count(stretch, newline)
		b.pieces = append(b.pieces, piece{at: at, n: int32(n), lines: int32(lines), stream: uint8(s)}) // #nosec G115
		b.lines += int64(lines)
		pos[s] += int(n) // #nosec G115
	}
	if len(r.p) != 0 || pos[stdout] != len(b.data[stdout]) || pos[stderr] != len(b.data[stderr]) {
		return errCorrupt
	}
	return nil
}

// reader takes values off bytes that may be anything; bad stays set after the first that was not there.
type reader struct {
	p   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.p)
	if n <= 0 {
		r.bad, r.p = true, nil
		return 0
	}
	r.p = r.p[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.p)
	if n <= 0 {
		r.bad, r.p = true, nil
		return 0
	}
	r.p = r.p[n:]
	return v
}

func (r *reader) size(limit int) int {
	v := r.uvarint()
	if v > uint64(limit) { // #nosec G115 -- limits are constants
		r.bad = true
		return 0
	}
	return int(v) // #nosec G115 -- at most limit
}

func (r *reader) offset() int64 {
	v := r.uvarint()
	if v > math.MaxInt64/4 {
		r.bad = true
		return 0
	}
	return int64(v) // #nosec G115 -- checked
}

func (r *reader) take(n int) []byte {
	if n > len(r.p) {
		r.bad, r.p = true, nil
		return nil
	}
	p := r.p[:n:n]
	r.p = r.p[n:]
	return p
}
