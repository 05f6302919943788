package output

import (
	"bytes"
	"sort"
	"unsafe"

	"vmorchestrator/backend/domain"
)

const (
	stdout = iota
	stderr
	streams // how many there are
)

func streamIndex(s domain.Stream) (int, bool) {
	switch s {
	case domain.Stdout:
		return stdout, true
	case domain.Stderr:
		return stderr, true
	}
	return 0, false
}

func streamName(s int) domain.Stream {
	if s == stderr {
		return domain.Stderr
	}
	return domain.Stdout
}

// piece is a stretch of one stream that arrived at one time.
type piece struct {
	at     int64 // Unix milliseconds
	n      int32 // bytes
	lines  int32 // newlines among them
	stream uint8
}

const pieceSize = int64(unsafe.Sizeof(piece{}))

// block is a stretch of a run's output in memory. The streams stand apart, so that a line's bytes are contiguous, a
// stream's export is a copy and equal things compress together; pieces say how they arrived.
type block struct {
	firstByte int64 // among all bytes of the run as they arrived
	firstLine int64 // number of the first line that completes here
	bytes     int64
	lines     int64
	off       [streams]int64 // offset of data in its stream
	carry     [streams]carry // the line that was open when the block began
	sgr       [streams]sgr   // the style in force when the block began
	data      [streams][]byte
	pieces    []piece
}

// newBlock is the empty block that follows b; nil is before the first.
func newBlock(b *block) *block {
	if b == nil {
		return &block{firstLine: 1}
	}
	next := &block{firstByte: b.firstByte + b.bytes, firstLine: b.firstLine + b.lines}
	for s := range streams {
		next.off[s] = b.off[s] + int64(len(b.data[s]))
		next.carry[s], next.sgr[s] = b.end(s), b.sgr[s].after(b.data[s])
	}
	return next
}

// add appends bytes of stream s that arrived at the given time; a piece grows up to max bytes. It reports whether a
// piece was added. len(p) must not pass max.
func (b *block) add(s int, p []byte, at int64, max int) bool {
	b.data[s] = append(b.data[s], p...)
	lines := int32(bytes.Count(p, newline)) // #nosec G115 -- p is at most a piece
	b.bytes += int64(len(p))
	b.lines += int64(lines)
	if k := len(b.pieces) - 1; k >= 0 {
		if last := &b.pieces[k]; int(last.stream) == s && last.at == at && int(last.n)+len(p) <= max {
			last.n += int32(len(p)) // #nosec G115
			last.lines += lines
			return false
		}
	}
	b.pieces = append(b.pieces, piece{at: at, n: int32(len(p)), lines: lines, stream: uint8(s)}) // #nosec G115
	return true
}

var newline = []byte{'\n'}

// end is the open line of stream s after the block; its n is 0 if the stream ends with a newline or is empty.
func (b *block) end(s int) carry {
	p := b.data[s]
	if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
		return carry{}.with(p[i+1:], b.sgr[s].after(p[:i+1]))
	}
	return b.carry[s].with(p, b.sgr[s])
}

// endAt is when the last byte of stream s arrived, or the block's last byte if none of s did; 0 for an empty block.
func (b *block) endAt(s int) int64 {
	for k := len(b.pieces) - 1; k >= 0; k-- {
		if int(b.pieces[k].stream) == s {
			return b.pieces[k].at
		}
	}
	if k := len(b.pieces) - 1; k >= 0 {
		return b.pieces[k].at
	}
	return 0
}

// memory is about what the block occupies.
func (b *block) memory() int64 {
	m := int64(cap(b.data[stdout])+cap(b.data[stderr])) + int64(cap(b.pieces))*pieceSize + 256
	for s := range streams {
		m += int64(cap(b.carry[s].head) + cap(b.carry[s].tail) + cap(b.carry[s].quiet))
	}
	return m
}

// append adds the content of the block that follows b.
func (b *block) append(next *block, max int) {
	for s := range streams {
		b.data[s] = append(b.data[s], next.data[s]...)
	}
	for _, p := range next.pieces {
		if k := len(b.pieces) - 1; k >= 0 {
			if last := &b.pieces[k]; last.stream == p.stream && last.at == p.at && int(last.n)+int(p.n) <= max {
				last.n += p.n
				last.lines += p.lines
				continue
			}
		}
		b.pieces = append(b.pieces, p)
	}
	b.bytes += next.bytes
	b.lines += next.lines
}

// row is one completed line of a block before it becomes text.
type row struct {
	n      int64
	stream int
	at     int64
	start  int  // where the line begins in data[stream]
	end    int  // where its newline stands
	whole  bool // it began in this block; else block.carry[stream] comes before
}

func (b *block) length(r row) int64 {
	n := int64(r.end - r.start)
	if !r.whole {
		n += b.carry[r.stream].n
	}
	return n
}

func (b *block) text(r row) string {
	if r.whole {
		return completeText(b.data[r.stream][r.start:r.end])
	}
	return b.carry[r.stream].with(b.data[r.stream][:r.end], b.sgr[r.stream]).lineText()
}

// styles tells in which style the lines of a block begin, for rows in rising order.
type styles struct {
	b   *block
	at  [streams]int // how far data was read
	now [streams]sgr
}

func (b *block) styles() *styles { return &styles{b: b, now: b.sgr} }

func (t *styles) of(r row) style {
	s := r.stream
	if !r.whole {
		return t.b.carry[s].with(t.b.data[s][:r.end], t.b.sgr[s]).from
	}
	from, _ := overlay(t.b.data[s][r.start:r.end])
	from += r.start
	t.now[s] = t.now[s].after(t.b.data[s][t.at[s]:from])
	t.at[s] = from
	return t.now[s].style
}

// rows calls yield for each line that completes in the block, from number `from` on, until it returns false.
// Pieces before the line are skipped by their counts.
func (b *block) rows(from int64, yield func(row) bool) {
	n := b.firstLine
	var pos [streams]int
	start := [streams]int{-1, -1} // where the next line of a stream begins, once that is known
	for i := range b.pieces {
		p := &b.pieces[i]
		s := int(p.stream)
		at, end := pos[s], pos[s]+int(p.n)
		pos[s] = end
		if n+int64(p.lines) <= from {
			n += int64(p.lines)
			continue
		}
		for at < end {
			i := bytes.IndexByte(b.data[s][at:end], '\n')
			if i < 0 {
				break
			}
			nl := at + i
			if n >= from {
				if start[s] < 0 {
					start[s] = bytes.LastIndexByte(b.data[s][:nl], '\n') + 1
				}
				if !yield(row{n: n, stream: s, at: p.at, start: start[s], end: nl, whole: start[s] > 0 || b.carry[s].n == 0}) {
					return
				}
				start[s] = nl + 1
			}
			at = nl + 1
			n++
		}
	}
}

// span is where the block begins and ends in a stream, or for all (s < 0) in the order of arrival.
func (b *block) span(s int) (from, to int64) {
	if s < 0 {
		return b.firstByte, b.firstByte + b.bytes
	}
	return b.off[s], b.off[s] + int64(len(b.data[s]))
}

// read copies bytes from the absolute offset `from`, which must lie in the block's span, and returns how many.
func (b *block) read(s int, from int64, buf []byte) int {
	if s >= 0 {
		return copy(buf, b.data[s][from-b.off[s]:])
	}
	skip := from - b.firstByte
	var pos [streams]int
	n := 0
	for i := range b.pieces {
		p := &b.pieces[i]
		at := pos[p.stream]
		pos[p.stream] += int(p.n)
		if skip >= int64(p.n) {
			skip -= int64(p.n)
			continue
		}
		k := copy(buf[n:], b.data[p.stream][at+int(skip):pos[p.stream]])
		n += k
		skip = 0
		if n == len(buf) {
			break
		}
	}
	return n
}

// blockWithLine finds the block in which the line completes, among blocks that follow each other.
func blockWithLine[B interface{ lineEnd() int64 }](blocks []B, line int64) int {
	return sort.Search(len(blocks), func(i int) bool { return blocks[i].lineEnd() > line })
}

func (b *block) lineEnd() int64 { return b.firstLine + b.lines }
