package output

import (
	"context"
	"time"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// WholeLine is a line with all its bytes as they came, without the newline. Bytes is only valid during the visit.
type WholeLine struct {
	N      int64
	Stream domain.Stream
	At     time.Time // when its last byte arrived
	Bytes  []byte
}

// Shown appends the line as a screen shows it: the last of what carriage returns wrote over each other, without escape
// sequences, bad bytes as U+FFFD.
func (l WholeLine) Shown(dst []byte) []byte {
	if utf8.Valid(l.Bytes) {
		return appendLine(dst, l.Bytes)
	}
	return appendLine(dst, []byte(decodePart(l.Bytes, 0, len(l.Bytes))))
}

// EachLine visits every line of a run that is there when the call begins, in order, at their full length. It holds one
// line of each stream in memory. visit also hears of bytes in which no line ends, so that progress is seen in a long
// line: then N is 0 and Bytes nil. done is how many bytes of the run were walked over.
func (h *Hub) EachLine(ctx context.Context, runID string, visit func(l WholeLine, done int64) error) error {
	r := h.run(runID)
	t, err := h.tip(ctx, r, runID)
	if err != nil {
		return err
	}
	var open [streams][]byte
	if err := h.walk(ctx, r, runID, nil, 0, t.bytes, func(b *block) (bool, error) {
		var failed error
		done := b.firstByte
		b.rows(b.firstLine, func(r row) bool {
			line := b.data[r.stream][r.start:r.end]
			if !r.whole {
				open[r.stream] = append(open[r.stream], line...)
				line = open[r.stream]
			}
			done += int64(r.end - r.start + 1)
			failed = visit(WholeLine{N: r.n, Stream: streamName(r.stream), At: time.UnixMilli(r.at).UTC(), Bytes: line}, done)
			open[r.stream] = open[r.stream][:0]
			return failed == nil
		})
		if failed != nil {
			return false, failed
		}
		for s := range streams {
			open[s] = append(open[s], b.rest(s)...)
		}
		return true, visit(WholeLine{}, b.firstByte+b.bytes)
	}); err != nil {
		return err
	}
	for n := t.full + 1; n <= t.last; n++ {
		s := t.unterminated(n)
		if err := visit(WholeLine{N: n, Stream: streamName(s), At: time.UnixMilli(t.at[s]).UTC(), Bytes: open[s]}, t.bytes); err != nil {
			return err
		}
	}
	return nil
}

// rest is what of stream s stands behind the last newline of the block.
func (b *block) rest(s int) []byte {
	for i := len(b.data[s]) - 1; i >= 0; i-- {
		if b.data[s][i] == '\n' {
			return b.data[s][i+1:]
		}
	}
	return b.data[s]
}
