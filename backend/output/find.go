package output

import (
	"bytes"
	"context"
	"slices"
	"sort"
	"time"

	"vmorchestrator/backend/domain"
)

// Find looks for lines of a run that match, from number `from` on. One call works for about 20 ms; Next says where the
// next one goes on, and Done that every line which is there now was looked at. It sees what Read sees.
// CodeInvalid with the field "text": the query has no meaning.
func (h *Hub) Find(ctx context.Context, runID string, q domain.TextQuery, from int64) (domain.FindPage, error) {
	m, err := newMatcher(q)
	if err != nil {
		return domain.FindPage{}, err
	}
	r := h.run(runID)
	t, err := h.tip(ctx, r, runID)
	if err != nil {
		return domain.FindPage{}, err
	}
	page := domain.FindPage{Lines: []int64{}, Next: min(max(from, 1), t.last+1)}
	until := time.Now().Add(findBudget)
	sc := h.scratch()
	defer h.scratches.Put(sc)
	if page.Next <= t.full {
		err := h.walkLines(ctx, r, runID, page.Next, t.bytes, func(b *block) (bool, error) {
			found, err := h.found(ctx, r, runID, m, sc, b, page.Next)
			if err != nil {
				return false, err
			}
			for _, f := range found {
				if len(page.Lines) == findLines {
					return false, nil
				}
				page.Lines = append(page.Lines, f.n)
				page.Next = f.n + 1
			}
			page.Next = max(page.Next, b.lineEnd())
			return time.Now().Before(until), ctx.Err()
		})
		if err != nil || page.Next <= t.full {
			return page, err
		}
	}
	for ; page.Next <= t.last; page.Next++ {
		if len(page.Lines) == findLines {
			return page, nil
		}
		s := t.unterminated(page.Next)
		_, ok, err := h.matchOpen(ctx, r, runID, m, sc, s, t.open[s], t.size[s])
		if err != nil {
			return page, err
		}
		if ok {
			page.Lines = append(page.Lines, page.Next)
		}
	}
	page.Done = true
	return page, nil
}

// scratch is memory for one who matches; it goes back to h.scratches.
func (h *Hub) scratch() *scratch {
	if sc, ok := h.scratches.Get().(*scratch); ok {
		return sc
	}
	return &scratch{}
}

// found is a line of a block that matches.
type found struct {
	n      int64
	stream int
	at     int64
	text   []byte // as it is shown; only valid until the scratch is used again
	index  int    // for who asked
}

// found gives the block's matching lines from number `from` on, without their texts.
func (h *Hub) found(ctx context.Context, r *run, runID string, m *matcher, sc *scratch, b *block, from int64) ([]found, error) {
	var all []found
	err := h.eachFound(ctx, r, runID, m, sc, b, func(f found) bool {
		f.text = nil
		all = append(all, f)
		return true
	})
	for s := range streams {
		b.number(s, all)
	}
	slices.SortFunc(all, func(a, b found) int { return int(a.n - b.n) })
	return all[sort.Search(len(all), func(i int) bool { return all[i].n >= from }):], err
}

// eachFound calls yield for each line that completes in the block and matches, one stream after the other. In place of
// the line's number stands which newline of its stream ends it, from 0.
func (h *Hub) eachFound(ctx context.Context, r *run, runID string, m *matcher, sc *scratch, b *block, yield func(found) bool) error {
	for s := range streams {
		last := bytes.LastIndexByte(b.data[s], '\n')
		if last < 0 {
			continue
		}
		text, skipped := b.data[s][:last+1], 0
		if b.carry[s].n > 0 {
			first := bytes.IndexByte(text, '\n')
			line, ok, err := h.matchCarried(ctx, r, runID, m, sc, s, b.carry[s], b.off[s], text[:first])
			if err != nil {
				return err
			}
			if ok && !yield(found{n: 0, stream: s, text: line}) {
				return nil
			}
			text, skipped = text[first+1:], 1
		}
		if !m.scan(sc, text, func(k int, line []byte) bool {
			return yield(found{n: int64(k + skipped), stream: s, text: line})
		}) {
			return nil
		}
	}
	return nil
}

// number puts numbers and times in the place of the counts of newlines of stream s, which ascend.
func (b *block) number(s int, all []found) {
	n, newlines := b.firstLine, int64(0)
	i := 0
	for _, p := range b.pieces {
		if int(p.stream) == s {
			for ; i < len(all); i++ {
				if all[i].stream != s {
					continue
				}
				if all[i].n >= newlines+int64(p.lines) {
					break
				}
				all[i].n += n - newlines
				all[i].at = p.at
			}
			newlines += int64(p.lines)
		}
		n += int64(p.lines)
	}
}

// matchCarried says whether the line matches that began before offset off of stream s and ends with rest.
func (h *Hub) matchCarried(ctx context.Context, r *run, runID string, m *matcher, sc *scratch, s int, c carry, off int64, rest []byte) ([]byte, bool, error) {
	if c.tail == nil { // all that is shown of it is in the head
		sc.whole = c.whole(sc.whole[:0], rest)
		line, ok := m.matchLine(sc, sc.whole)
		return line, ok, nil
	}
	return h.matchLong(ctx, r, runID, m, sc, s, off-c.n, off+int64(len(rest)))
}

// matchOpen says whether the open line matches with which stream s ends at offset end.
func (h *Hub) matchOpen(ctx context.Context, r *run, runID string, m *matcher, sc *scratch, s int, c carry, end int64) ([]byte, bool, error) {
	return h.matchCarried(ctx, r, runID, m, sc, s, c, end, nil)
}

// matchLong matches the line that is stream s's bytes [from, end), in stretches.
func (h *Hub) matchLong(ctx context.Context, r *run, runID string, m *matcher, sc *scratch, s int, from, end int64) ([]byte, bool, error) {
	for {
		to := min(end, from+matchBytes)
		part := sliceWriter{p: sc.whole[:0]}
		if _, err := h.copyRange(ctx, r, runID, s, from, to, &part); err != nil {
			return nil, false, err
		}
		sc.whole = part.p
		if line, ok := m.matchLine(sc, sc.whole); ok || to == end {
			return line, ok, nil
		}
		from = to - matchOverlap
	}
}

// walkLines visits the run's blocks from the one in which the line completes up to the byte at `end`.
func (h *Hub) walkLines(ctx context.Context, r *run, runID string, line, end int64, visit func(*block) (bool, error)) error {
	at := int64(-1)
	if r != nil {
		r.mu.Lock()
		if i := blockWithLine(r.segs, line); i < len(r.segs) && line >= r.segs[i].firstLine {
			at = r.segs[i].firstByte
		}
		r.mu.Unlock()
	}
	if at < 0 {
		b, err := h.blockAt(ctx, runID, line)
		if err != nil {
			return err
		}
		at = b.firstByte
	}
	return h.walk(ctx, r, runID, nil, at, end, visit)
}

// walk visits the run's blocks in order, from the one that holds the byte at offset `at` up to the byte at `end`, or
// until visit says false. A block is only valid during its visit. rows may be the first of the stored ones.
func (h *Hub) walk(ctx context.Context, r *run, runID string, rows []domain.LogBlock, at, end int64, visit func(*block) (bool, error)) error {
	var own block
	var plain []byte
	for at < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.copyBlock(at, &own) {
			at = own.firstByte + own.bytes
			if more, err := visit(&own); !more || err != nil {
				return err
			}
			continue
		}
		for len(rows) > 0 && rows[0].FirstByte+rows[0].Bytes <= at {
			rows = rows[1:]
		}
		if len(rows) == 0 || rows[0].FirstByte > at {
			var err error
			if rows, err = h.store.BlocksFrom(ctx, runID, at, findRows); err != nil {
				return err
			}
			if len(rows) == 0 || rows[0].FirstByte > at {
				return domain.NewError(domain.CodeDatabase, "", "the bytes from %d of this log are missing: %w", at, errMoved)
			}
		}
		b := h.cache.find(runID, func(b *block) bool { return b.firstByte == rows[0].FirstByte && b.bytes == rows[0].Bytes })
		if b == nil {
			// Not for the cache: a walk would only throw out what somebody reads.
			var err error
			if b, plain, err = h.codec.decodeInto(rows[0], plain); err != nil {
				return domain.NewError(domain.CodeDatabase, "The rest of the log can still be read.",
					"a part of this log is damaged: %w", err).WithDetails("run %s, byte %d", runID, rows[0].FirstByte)
			}
		}
		at = b.firstByte + b.bytes
		rows = rows[1:]
		if more, err := visit(b); !more || err != nil {
			return err
		}
	}
	return nil
}

// copyBlock copies the block in memory that holds the byte at offset `at` into b; false if there is none.
func (r *run) copyBlock(at int64, b *block) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := sort.Search(len(r.segs), func(i int) bool { return r.segs[i].firstByte+r.segs[i].bytes > at })
	if i == len(r.segs) || r.segs[i].firstByte > at {
		return false
	}
	from := r.segs[i].block
	data, pieces := b.data, b.pieces
	*b = *from
	for s := range streams {
		b.data[s] = append(data[s][:0], from.data[s]...)
	}
	b.pieces = append(pieces[:0], from.pieces...)
	return true
}
