package output

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// Search looks for lines of all runs that match, newest output first, and tells what it found: a batch of lines of one
// or many runs, those of a run mostly ascending, and how far it has come. A batch comes at the latest 50 ms after its
// first line; one without lines tells of progress alone. found runs on the caller's goroutine; the search goes on when
// it returns, and ends with what it returns. A run's lines may come in several stretches, each line once.
//
// It sees what was there when it began, of live runs of this process also what is not stored yet. Only output that may
// hold a match is opened. A part of a log that is damaged is passed over, and told of at the end: CodeDatabase.
// CodeInvalid with the field "text": the query has no meaning.
func (h *Hub) Search(ctx context.Context, q domain.TextQuery, f domain.SearchFilter, tell func([]domain.Hit, domain.SearchProgress) error) error {
	m, err := newMatcher(q)
	if err != nil {
		return err
	}
	s := &search{h: h, m: m, filter: f, tell: tell, sc: h.scratch(), last: time.Now(), runs: map[int64]struct{}{}}
	defer h.scratches.Put(s.sc)
	newest, fresh, err := h.store.Unsigned(ctx, h.liveRuns())
	if err != nil {
		return err
	}
	if s.progress.Total, err = h.store.SignatureBytes(ctx, newest); err != nil {
		return err
	}
	for _, r := range fresh {
		s.progress.Total += r.Bytes
	}
	if err := s.ranges(ctx, fresh, true); err != nil {
		return err
	}
	if err := s.packs(ctx, newest); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.damaged
}

// liveRuns are the runs that this process writes.
func (h *Hub) liveRuns() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]string, 0, len(h.runs))
	for id := range h.runs {
		ids = append(ids, id)
	}
	return ids
}

// search is one search at work.
type search struct {
	h        *Hub
	m        *matcher
	filter   domain.SearchFilter
	tell     func([]domain.Hit, domain.SearchProgress) error
	sc       *scratch
	hits     []domain.Hit
	last     time.Time // of the last batch
	progress domain.SearchProgress
	runs     map[int64]struct{} // in which something was found
	damaged  error
}

// packs searches what has signatures.
func (s *search) packs(ctx context.Context, newest int64) error {
	for {
		packs, err := s.candidates(ctx, newest)
		if err != nil || len(packs) == 0 {
			return err
		}
		for _, pack := range packs {
			newest = pack.Key - 1
			before := s.progress.Searched
			if pack.slots != 0 {
				ranges, err := s.h.store.SignedRanges(ctx, pack.Key, pack.slots.list())
				if err != nil {
					return err
				}
				if err := s.ranges(ctx, ranges, false); err != nil {
					return err
				}
			}
			s.progress.Searched = before + pack.Bytes
			if err := s.pause(ctx); err != nil {
				return err
			}
		}
	}
}

// candidatePack is a pack, and which of its slots may hold a match.
type candidatePack struct {
	domain.SignaturePack
	slots slots
}

// candidates looks at the next packs from newest on, newest first: searchReaders take searchPacks each at once.
func (s *search) candidates(ctx context.Context, newest int64) ([]candidatePack, error) {
	packs, err := s.h.store.Packs(ctx, newest, searchReaders*searchPacks)
	if err != nil {
		return nil, err
	}
	found := make([]candidatePack, len(packs))
	var errs [searchReaders]error
	var wait sync.WaitGroup
	for i := range searchReaders {
		from, to := min(len(packs), i*searchPacks), min(len(packs), (i+1)*searchPacks)
		wait.Go(func() {
			r := &packReader{read: func(packs []int64, n int, look func(int, []byte)) error { return s.h.store.Slices(ctx, packs, n, look) }}
			for _, p := range packs[from:to] {
				r.packs = append(r.packs, p.Key)
			}
			var left []slots
			left, errs[i] = s.m.candidates(r)
			for k := range left {
				found[from+k] = candidatePack{packs[from+k], left[k]}
			}
		})
	}
	wait.Wait()
	return found, cmp.Or(errs[:]...)
}

// ranges searches stretches of output. Fresh ones go on to what is not stored yet.
func (s *search) ranges(ctx context.Context, all []domain.LogRange, fresh bool) error {
	for len(all) > 0 {
		some := all[:min(len(all), searchRuns)]
		all = all[len(some):]
		of := make(map[int64][]domain.LogRange, len(some))
		var keys []int64
		var bytes int64
		for _, r := range some {
			if of[r.Run] == nil {
				keys = append(keys, r.Run)
			}
			of[r.Run] = append(of[r.Run], r)
			bytes += r.Bytes
		}
		runs, err := s.h.store.SearchRuns(ctx, keys, s.filter)
		if err != nil {
			return err
		}
		before := s.progress.Searched
		var todo []stretch
		for _, run := range runs {
			slices.SortFunc(of[run.Key], func(a, b domain.LogRange) int { return int(a.FirstByte - b.FirstByte) })
			for _, r := range of[run.Key] {
				todo = append(todo, stretch{run, r})
			}
		}
		if err := s.stretches(ctx, todo, fresh); err != nil {
			return err
		}
		s.progress.Searched = before + bytes
	}
	return nil
}

// stretch is a part of a run.
type stretch struct {
	in domain.SearchRun
	r  domain.LogRange
}

// stretches searches parts of runs in their order; short ones are read together.
func (s *search) stretches(ctx context.Context, todo []stretch, fresh bool) error {
	for len(todo) > 0 {
		some := make([]domain.LogRange, len(todo))
		for i, t := range todo {
			some[i] = t.r
		}
		some = some[:ahead(some)]
		rows := make([][]domain.LogBlock, len(some))
		if len(some) > 1 {
			var err error
			if rows, err = s.h.store.BlocksIn(ctx, some); err != nil {
				return err
			}
		}
		for _, rows := range rows {
			if err := s.stretch(ctx, todo[0].in, todo[0].r, rows, fresh); err != nil {
				return err
			}
			s.progress.Searched += todo[0].r.Bytes
			todo = todo[1:]
		}
	}
	return nil
}

// stretch searches a part of a run, of which rows may be the first blocks.
func (s *search) stretch(ctx context.Context, in domain.SearchRun, r domain.LogRange, rows []domain.LogBlock, fresh bool) error {
	var live *run
	end, lineEnd := r.FirstByte+r.Bytes, r.FirstLine+r.Lines
	if fresh {
		if live = s.h.run(in.ID); live != nil {
			t, err := s.h.tip(ctx, live, in.ID)
			if err != nil {
				return err
			}
			end, lineEnd = max(end, t.bytes), max(lineEnd, t.full+1)
		}
	}
	line := r.FirstLine
	ended := live == nil && in.Status.Finished() && end >= in.Bytes
	err := s.h.walk(ctx, live, in.ID, rows, r.FirstByte, end, func(b *block) (bool, error) {
		if err := s.block(ctx, live, in, b, line, lineEnd); err != nil {
			return false, err
		}
		line = max(line, b.lineEnd()) // the next block may be a chunk into which this one was merged meanwhile
		if ended && b.firstByte+b.bytes >= end {
			if err := s.unterminated(ctx, in, b); err != nil {
				return false, err
			}
		}
		return true, s.pause(ctx)
	})
	if errors.Is(err, errMoved) {
		return nil // deleted meanwhile
	}
	if domain.CodeOf(err) == domain.CodeDatabase && ctx.Err() == nil {
		s.damaged = err
		return nil
	}
	return err
}

// block searches the lines [from, to) of a block.
func (s *search) block(ctx context.Context, live *run, in domain.SearchRun, b *block, from, to int64) error {
	first := len(s.hits)
	var all []found
	err := s.h.eachFound(ctx, live, in.ID, s.m, s.sc, b, func(f found) bool {
		if s.filter.Stream == "" || s.filter.Stream == streamName(f.stream) {
			s.hits = append(s.hits, s.m.hit(f.text))
			f.index, f.text = len(s.hits)-1, nil
			all = append(all, f)
		}
		return true
	})
	if err != nil || len(all) == 0 {
		return err
	}
	for i := range streams {
		b.number(i, all)
	}
	kept := s.hits[:first]
	for _, f := range all {
		if hit := s.hits[f.index]; f.n >= from && f.n < to && s.place(&hit, in, f.n, f.stream, f.at) {
			kept = append(kept, hit)
		}
	}
	s.hits = kept
	slices.SortFunc(s.hits[first:], func(a, b domain.Hit) int { return int(a.Line - b.Line) })
	return nil
}

// unterminated searches the last lines of a finished run that end without newline.
func (s *search) unterminated(ctx context.Context, in domain.SearchRun, b *block) error {
	t := tipOf(b, true)
	for n := t.full + 1; n <= t.last; n++ {
		i := t.unterminated(n)
		if s.filter.Stream != "" && s.filter.Stream != streamName(i) {
			continue
		}
		line, ok, err := s.h.matchOpen(ctx, nil, in.ID, s.m, s.sc, i, t.open[i], t.size[i])
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if hit := s.m.hit(line); s.place(&hit, in, n, i, t.at[i]) {
			s.hits = append(s.hits, hit)
		}
	}
	return nil
}

// place says where a hit was found; false if the filter doesn't want it.
func (s *search) place(hit *domain.Hit, in domain.SearchRun, n int64, stream int, at int64) bool {
	when := time.UnixMilli(at).UTC()
	if s.filter.Since != nil && when.Before(*s.filter.Since) || s.filter.Before != nil && !when.Before(*s.filter.Before) {
		return false
	}
	hit.Run, hit.Line, hit.Stream, hit.At = in, n, streamName(stream), when
	s.progress.Lines++
	s.runs[in.Key] = struct{}{}
	s.progress.Runs = int64(len(s.runs))
	return true
}

// pause tells what was found if that is much or some time ago.
func (s *search) pause(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(s.hits) < searchHits && time.Since(s.last) < searchPause {
		return nil
	}
	return s.flush()
}

func (s *search) flush() error {
	hits := s.hits
	s.hits, s.last = nil, time.Now()
	if hits == nil {
		hits = []domain.Hit{}
	}
	return s.tell(hits, s.progress)
}

// hit is a line that was found: a stretch of it around the first match, with the matches in it.
func (m *matcher) hit(line []byte) domain.Hit {
	if !utf8.Valid(line) {
		line = []byte(string([]rune(string(line)))) // each bad byte one sign, as on screen
	}
	places := m.re.FindAllIndex(line, hitMatches)
	first := 0
	if len(places) > 0 {
		first = places[0][0]
	}
	from, to := 0, len(line)
	if to > hitBytes {
		from = max(0, min(first-hitBefore, to-hitBytes))
		to = min(to, from+hitBytes)
		for !utf8.RuneStart(line[from]) { // a match begins with a whole character, at or behind it
			from++
		}
		for to < len(line) && !utf8.RuneStart(line[to]) {
			to--
		}
	}
	hit := domain.Hit{Text: string(line[from:to]), Before: from > 0, After: to < len(line), Matches: [][2]int{}}
	for _, p := range places {
		if p[0] < to && p[0] < p[1] {
			hit.Matches = append(hit.Matches, [2]int{p[0] - from, min(p[1], to) - from})
		}
	}
	return hit
}
