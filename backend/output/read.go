package output

import (
	"context"
	"errors"
	"time"

	"vmorchestrator/backend/domain"
)

// tip is how far a run has come: its newest line, its open lines and where its streams end.
type tip struct {
	last  int64 // newest line; of a finished run, its last lines without newline among them
	full  int64 // newest line that ends with a newline
	bytes int64
	size  [streams]int64
	open  [streams]carry
	at    [streams]int64 // when the open lines' last bytes came
	done  bool
}

func tipOf(b *block, done bool) tip {
	t := tip{full: b.firstLine + b.lines - 1, bytes: b.firstByte + b.bytes, done: done}
	t.last = t.full
	for s := range streams {
		_, t.size[s] = b.span(s)
		t.open[s] = b.end(s)
		t.at[s] = b.endAt(s)
		if done && t.open[s].n > 0 {
			t.last++
		}
	}
	return t
}

// unterminated is the stream of a finished run's line n > full.
func (t *tip) unterminated(n int64) int {
	if n == t.full+1 && t.open[stdout].n > 0 {
		return stdout
	}
	return stderr
}

// tip looks where a run stands now.
func (h *Hub) tip(ctx context.Context, r *run, runID string) (tip, error) {
	if r != nil {
		r.mu.Lock()
		if r.segs != nil {
			defer r.mu.Unlock()
			return tipOf(r.open().block, false), nil
		}
		r.mu.Unlock()
	}
	if t, ok := h.cache.tip(runID); ok {
		return t, nil
	}
	// Asked first: what is stored when a run is finished is all of it.
	done := h.cache.isEnded(runID)
	if !done {
		var err error
		if done, err = h.store.RunFinished(ctx, runID); err != nil {
			return tip{}, err
		}
	}
	row, ok, err := h.store.LastBlock(ctx, runID)
	if err != nil {
		return tip{}, err
	}
	last := newBlock(nil)
	if ok {
		if last, err = h.decode(row); err != nil {
			return tip{}, err
		}
	}
	t := tipOf(last, done)
	if done {
		h.cache.setTip(runID, t)
	}
	return t, nil
}

// decode is the block of a stored row, from the cache if it is there.
func (h *Hub) decode(row domain.LogBlock) (*block, error) {
	b := h.cache.find(row.RunID, func(b *block) bool { return b.firstByte == row.FirstByte && b.bytes == row.Bytes })
	if b != nil {
		return b, nil
	}
	b, err := h.codec.decode(row)
	if err != nil {
		return nil, domain.NewError(domain.CodeDatabase, "The rest of the log can still be read.",
			"a part of this log is damaged: %w", err).WithDetails("run %s, byte %d", row.RunID, row.FirstByte)
	}
	h.cache.add(row.RunID, b)
	return b, nil
}

// page gathers lines until the reply is full.
type page struct {
	lines []domain.Line
	next  int64 // number of the line to add
	last  int64 // number of the last one wanted
	bytes int
}

func (p *page) full() bool {
	return p.next > p.last || p.bytes >= pageBytes
}

// add takes a line and says whether another one may follow.
func (p *page) add(n int64, stream int, at int64, length int64, text string, from style) bool {
	if n != p.next || p.full() || len(p.lines) > 0 && p.bytes+len(text) > pageBytes {
		p.last = min(p.last, p.next-1)
		return false
	}
	p.lines = append(p.lines, domain.Line{
		N: n, Stream: streamName(stream), At: time.UnixMilli(at).UTC(), Text: text, Len: length, Style: from.String(),
	})
	p.bytes += len(text)
	p.next++
	return !p.full()
}

// addFrom takes lines of the block.
func (p *page) addFrom(b *block) {
	styles := b.styles()
	b.rows(p.next, func(r row) bool { return p.add(r.n, r.stream, r.at, b.length(r), b.text(r), styles.of(r)) })
}

// Read gives lines from number `from` on, at most count and at most 8 KiB of text, but at least one if there is one.
// from < 0 counts from the newest line: -100 are the last hundred; 0 is 1. It reads runs of this and of other
// processes, live and finished. CodeDatabase: the log can't be read.
func (h *Hub) Read(ctx context.Context, runID string, from int64, count int) (domain.LogPage, error) {
	for attempt := 0; ; attempt++ {
		answer, err := h.read(ctx, runID, from, count)
		// A run that ended between two looks, or whose last bytes were lost with a full disk, is looked at again.
		if !errors.Is(err, errMoved) || attempt == 2 {
			return answer, err
		}
	}
}

var errMoved = errors.New("a line is missing")

func (h *Hub) read(ctx context.Context, runID string, from int64, count int) (domain.LogPage, error) {
	r := h.run(runID)
	notices, err := h.notices(ctx, r, runID)
	if err != nil {
		return domain.LogPage{}, err
	}
	t, err := h.tip(ctx, r, runID)
	if err != nil {
		return domain.LogPage{}, err
	}
	if from < 0 {
		from = t.last + 1 + from
	}
	from = min(max(from, 1), t.last+1)
	count = min(max(count, 0), pageLines)
	p := &page{next: from, last: min(t.last, from+int64(count)-1), lines: make([]domain.Line, 0, max(0, min(int64(count), t.last+1-from)))}
	if err := h.fill(ctx, r, runID, &t, p); err != nil {
		return domain.LogPage{}, err
	}
	answer := domain.LogPage{
		RunID: runID, From: from, Lines: p.lines, Last: t.last, Open: []domain.OpenLine{}, Notices: notices, Done: t.done,
	}
	for s := range streams {
		if !t.done && t.open[s].n > 0 {
			answer.Open = append(answer.Open, domain.OpenLine{Stream: streamName(s), Text: t.open[s].openText(), Style: t.open[s].from.String()})
		}
	}
	return answer, nil
}

// fill adds lines to the page from memory and the store.
func (h *Hub) fill(ctx context.Context, r *run, runID string, t *tip, p *page) error {
	var ahead []*block // tail rows that follow each other
	for !p.full() {
		if p.next > t.full {
			s := t.unterminated(p.next)
			p.add(p.next, s, t.at[s], t.open[s].n, t.open[s].lineText(), t.open[s].from)
			continue
		}
		if r.fill(p) {
			continue
		}
		if len(ahead) > 0 && ahead[0].lineEnd() <= p.next {
			ahead = ahead[1:]
			continue
		}
		var b *block
		if len(ahead) > 0 {
			b = ahead[0]
		} else {
			var err error
			if b, err = h.blockAt(ctx, runID, p.next); err != nil {
				return err
			}
			if b.lineEnd() <= p.last && b.bytes < compactMinBytes {
				if ahead, err = h.tailsAfter(ctx, runID, b); err != nil {
					return err
				}
			}
		}
		p.addFrom(b)
	}
	return nil
}

// fill adds lines that are in memory; false if the page's next line is not.
func (r *run) fill(p *page) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := blockWithLine(r.segs, p.next)
	if i == len(r.segs) || p.next < r.segs[i].firstLine {
		return false
	}
	for ; i < len(r.segs) && !p.full(); i++ {
		p.addFrom(r.segs[i].block)
	}
	return true
}

// blockAt is the stored block in which the line completes.
func (h *Hub) blockAt(ctx context.Context, runID string, line int64) (*block, error) {
	b := h.cache.find(runID, func(b *block) bool { return b.firstLine <= line && line < b.lineEnd() })
	if b != nil {
		return b, nil
	}
	row, ok, err := h.store.BlockAtLine(ctx, runID, line)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, domain.NewError(domain.CodeDatabase, "The rest of the log can still be read.",
			"line %d of this log is missing: %w", line, errMoved)
	}
	if b, err = h.decode(row); err != nil {
		return nil, err
	}
	if line < b.firstLine || line >= b.lineEnd() {
		return nil, domain.NewError(domain.CodeDatabase, "", "the store gave another part of the log than line %d", line)
	}
	return b, nil
}

// tailsAfter are the rows that follow a small one: a slow log has many.
func (h *Hub) tailsAfter(ctx context.Context, runID string, b *block) ([]*block, error) {
	rows, err := h.store.BlocksFrom(ctx, runID, b.firstByte+b.bytes, aheadTails)
	if err != nil {
		return nil, err
	}
	var tails []*block
	next := b.firstByte + b.bytes
	for _, row := range rows {
		if row.FirstByte != next {
			break
		}
		tail, err := h.codec.decode(row)
		if err != nil {
			break
		}
		tails = append(tails, tail)
		next += tail.bytes
	}
	return tails, nil //nolint:nilerr // a damaged row is told of when it is asked for itself
}

// notices are the app's remarks; those of a live run are all in memory.
func (h *Hub) notices(ctx context.Context, r *run, runID string) ([]domain.Notice, error) {
	if r != nil {
		r.mu.Lock()
		live := r.segs != nil
		notices := append([]domain.Notice{}, r.notices...)
		r.mu.Unlock()
		if live {
			return notices, nil
		}
	}
	notices, err := h.store.Notices(ctx, runID)
	if notices == nil {
		notices = []domain.Notice{}
	}
	return notices, err
}
