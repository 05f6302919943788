package output

import (
	"context"
	"io"
	"sort"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// Raw writes the run's exact bytes to w: of one stream, or with "" of both in the order in which they arrived, from
// offset `from` in that sequence up to what is there when the call begins. It returns how many it wrote, also with an
// error, so that from+n continues. A caller that follows a live run calls it again after a wake-up.
func (h *Hub) Raw(ctx context.Context, runID string, stream domain.Stream, from int64, w io.Writer) (int64, error) {
	s := -1
	if stream != "" {
		var ok bool
		if s, ok = streamIndex(stream); !ok {
			return 0, domain.NewError(domain.CodeInvalid, "", "%q is no output stream", stream)
		}
	}
	if from < 0 {
		return 0, domain.NewError(domain.CodeInvalid, "", "an offset can't be negative")
	}
	r := h.run(runID)
	t, err := h.tip(ctx, r, runID)
	if err != nil {
		return 0, err
	}
	end := t.bytes
	if s >= 0 {
		end = t.size[s]
	}
	return h.copyRange(ctx, r, runID, s, from, end, w)
}

// copyRange writes the bytes [from, end) of a stream, or of all for s < 0.
func (h *Hub) copyRange(ctx context.Context, r *run, runID string, s int, from, end int64, w io.Writer) (int64, error) {
	buf := make([]byte, min(rawStepBytes, max(0, end-from)))
	var ahead []*block
	at := from // the next byte to write
	arrival := int64(-1)
	for at < end {
		if err := ctx.Err(); err != nil {
			return at - from, err
		}
		n, ok := r.copyOut(s, at, buf)
		for !ok && len(ahead) > 0 {
			if lo, hi := ahead[0].span(s); lo <= at && at < hi {
				n, ok = ahead[0].read(s, at, buf), true
				break
			}
			ahead = ahead[1:]
		}
		if !ok {
			var err error
			if ahead, arrival, err = h.storedFrom(ctx, runID, s, at, end, arrival); err != nil {
				return at - from, err
			}
			continue
		}
		k, err := w.Write(buf[:min(int64(n), end-at)])
		at += int64(k)
		if err != nil {
			return at - from, err
		}
	}
	return at - from, nil
}

// copyOut copies bytes that are in memory; false if those at offset `at` are not.
func (r *run) copyOut(s int, at int64, buf []byte) (int, bool) {
	if r == nil {
		return 0, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := sort.Search(len(r.segs), func(i int) bool {
		_, end := r.segs[i].span(s)
		return end > at
	})
	if i == len(r.segs) {
		return 0, false
	}
	if begin, _ := r.segs[i].span(s); at < begin {
		return 0, false
	}
	return r.segs[i].read(s, at, buf), true
}

// storedFrom gives stored blocks of which the first or a later one holds the byte at offset `at`. arrival is where the
// blocks given before ended, or negative; the new one is returned.
func (h *Hub) storedFrom(ctx context.Context, runID string, s int, at, end, arrival int64) ([]*block, int64, error) {
	if arrival < 0 {
		var err error
		if arrival, err = h.seek(ctx, runID, s, at); err != nil {
			return nil, 0, err
		}
	}
	rows, err := h.store.BlocksFrom(ctx, runID, arrival, rawBlocks)
	if err != nil {
		return nil, 0, err
	}
	blocks := make([]*block, 0, len(rows))
	for _, row := range rows {
		arrival = row.FirstByte + row.Bytes
		head, err := decodeHeader(row.Header)
		if err == nil && s >= 0 && head.size[s] == 0 {
			continue // nothing of this stream: not worth unpacking
		}
		b, err := h.codec.decode(row)
		if err != nil && len(blocks) > 0 {
			return blocks, row.FirstByte, nil // what stands before the damage first
		}
		if err != nil {
			return nil, 0, domain.NewError(domain.CodeDatabase, "Export the log from an offset behind it.",
				"a part of this log is damaged: %w", err).WithDetails("run %s, byte %d", runID, row.FirstByte)
		}
		blocks = append(blocks, b)
	}
	if len(rows) == 0 {
		return nil, 0, domain.NewError(domain.CodeDatabase, "", "the bytes %d to %d of this log are missing", at, end)
	}
	return blocks, arrival, nil
}

// seek finds the arrival offset of the stored block that holds offset `at` of stream s. Arrival offsets are never
// smaller than a stream's own, so a run with one stream is found at the first look.
func (h *Hub) seek(ctx context.Context, runID string, s int, at int64) (int64, error) {
	if s < 0 {
		return at, nil
	}
	last, ok, err := h.store.LastBlock(ctx, runID)
	if err != nil || !ok {
		return at, err
	}
	lo, hi := at, last.FirstByte+last.Bytes
	for probe := lo; lo < hi; probe = (lo + hi) / 2 {
		rows, err := h.store.BlocksFrom(ctx, runID, probe, 1)
		if err != nil {
			return 0, err
		}
		if len(rows) == 0 {
			break
		}
		head, err := decodeHeader(rows[0].Header)
		if err != nil {
			return 0, domain.NewError(domain.CodeDatabase, "", "a part of this log is damaged: %w", err)
		}
		switch from, to := head.span(s); {
		case at < from:
			hi = min(rows[0].FirstByte, hi-1)
		case at >= to:
			lo = rows[0].FirstByte + rows[0].Bytes
		default:
			return rows[0].FirstByte, nil
		}
	}
	return lo, nil
}

// Line gives a part of a long line: the text of its stored bytes [offset, offset+64 KiB), and how many bytes it has in
// all. Carriage returns are left in. A character that reaches over the end of a part belongs to the part in which it
// begins, so that the parts at 0, 65536, 131072 ... join into the whole. CodeNotFound: no such line yet.
func (h *Hub) Line(ctx context.Context, runID string, n, offset int64) (text string, total int64, err error) {
	r := h.run(runID)
	t, err := h.tip(ctx, r, runID)
	if err != nil {
		return "", 0, err
	}
	if n < 1 || n > t.last || offset < 0 {
		return "", 0, domain.NewError(domain.CodeNotFound, "", "this log has no line %d", n)
	}
	var s int
	var end int64 // of the line in its stream
	if n > t.full {
		s = t.unterminated(n)
		end, total = t.size[s], t.open[s].n
	} else if s, end, total, err = h.locate(ctx, r, runID, n); err != nil {
		return "", 0, err
	}
	begin := end - total
	from := max(begin, begin+offset-(utf8.UTFMax-1))
	to := min(end, begin+offset+lineStepBytes+utf8.UTFMax-1)
	if from >= to {
		return "", total, nil
	}
	part := &sliceWriter{}
	if _, err := h.copyRange(ctx, r, runID, s, from, to, part); err != nil {
		return "", 0, err
	}
	return decodePart(part.p, int(begin+offset-from), int(min(end, begin+offset+lineStepBytes)-from)), total, nil
}

// locate finds a completed line: its stream, where it ends there, and its length.
func (h *Hub) locate(ctx context.Context, r *run, runID string, n int64) (s int, end, length int64, err error) {
	found := false
	look := func(b *block) {
		b.rows(n, func(r row) bool {
			s, end, length, found = r.stream, b.off[r.stream]+int64(r.end), b.length(r), true
			return false
		})
	}
	if r != nil {
		r.mu.Lock()
		if i := blockWithLine(r.segs, n); i < len(r.segs) && n >= r.segs[i].firstLine {
			look(r.segs[i].block)
		}
		r.mu.Unlock()
	}
	if !found {
		b, err := h.blockAt(ctx, runID, n)
		if err != nil {
			return 0, 0, 0, err
		}
		look(b)
	}
	return s, end, length, nil
}

// decodePart is the text of the characters that begin in p[from:to].
func decodePart(p []byte, from, to int) string {
	out := make([]byte, 0, to-from)
	for i := 0; i < to; {
		r, size := utf8.DecodeRune(p[i:])
		if i >= from {
			out = utf8.AppendRune(out, r)
		}
		i += size
	}
	return string(out)
}

type sliceWriter struct{ p []byte }

func (w *sliceWriter) Write(p []byte) (int, error) {
	w.p = append(w.p, p...)
	return len(p), nil
}
