package app

import (
	"context"
	"errors"
	"sync"
	"time"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// SearchPage is what a search of the window has found since the page before.
type SearchPage struct {
	Runs     []domain.SearchRun    `json:"runs"` // those of Hits that no page before named
	Hits     []SearchHit           `json:"hits"`
	Progress domain.SearchProgress `json:"progress"`
	Done     bool                  `json:"done"`
	Full     bool                  `json:"full"` // it ended because the window has as many lines as it takes
}

// SearchHit is a line that was found. Parts are its text, in turn what doesn't match and what does.
type SearchHit struct {
	RunID  string        `json:"runId"`
	Line   int64         `json:"line"`
	Stream domain.Stream `json:"stream"`
	At     time.Time     `json:"at"`
	Parts  []string      `json:"parts"`
	Before bool          `json:"before"` // the line has more before
	After  bool          `json:"after"`  // and behind
}

// searches are those of the window: one at a time, since a person looks for one thing.
type searches struct {
	mu     sync.Mutex
	now    *searching
	closed bool
	wg     sync.WaitGroup
}

// searching is one search whose results are fetched page by page. It waits while nobody fetches.
type searching struct {
	id      string
	cancel  context.CancelFunc
	batches chan searchBatch
	err     error // when batches is closed

	mu    sync.Mutex // held while a page is made
	rest  []domain.Hit
	last  domain.SearchProgress
	named map[string]bool
	lines int
	done  bool
	full  bool
}

type searchBatch struct {
	hits     []domain.Hit
	progress domain.SearchProgress
}

// StartSearch begins a search and gives its id; the one before ends. CodeInvalid with the field "text".
func (a *App) StartSearch(q domain.TextQuery, f domain.SearchFilter) (string, error) {
	if err := CheckQuery(q); err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &searching{id: newID(), cancel: cancel, batches: make(chan searchBatch), named: map[string]bool{}}
	a.searches.mu.Lock()
	defer a.searches.mu.Unlock()
	if a.searches.closed {
		cancel()
		return "", domain.NewError(domain.CodeClosed, "", "the app is shutting down")
	}
	if a.searches.now != nil {
		a.searches.now.cancel()
	}
	a.searches.now = s
	a.searches.wg.Go(func() {
		defer cancel()
		s.err = a.Search(ctx, q, f, func(hits []domain.Hit, p domain.SearchProgress) error {
			select {
			case s.batches <- searchBatch{hits, p}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		close(s.batches)
	})
	return s.id, nil
}

// NextFound gives what a search found since the page before; with nothing new it waits for at most a tenth of a second.
// CodeNotFound: another search was started. An error of the search comes after all that it found.
func (a *App) NextFound(ctx context.Context, id string) (SearchPage, error) {
	a.searches.mu.Lock()
	s := a.searches.now
	a.searches.mu.Unlock()
	if s == nil || s.id != id {
		return SearchPage{}, domain.NewError(domain.CodeNotFound, "", "this search is over")
	}
	return s.page(ctx)
}

// StopSearch ends a search; what it found so far can still be fetched.
func (a *App) StopSearch(id string) {
	a.searches.mu.Lock()
	defer a.searches.mu.Unlock()
	if s := a.searches.now; s != nil && s.id == id {
		s.cancel()
	}
}

// close ends what searches and waits for it.
func (s *searches) close() {
	s.mu.Lock()
	s.closed = true
	if s.now != nil {
		s.now.cancel()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *searching) page(ctx context.Context) (SearchPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	timer := time.NewTimer(searchWait)
	defer timer.Stop()
	for len(s.rest) == 0 && !s.done {
		select {
		case batch, more := <-s.batches:
			if !more {
				s.done = true
				break
			}
			s.rest, s.last = batch.hits, batch.progress
			if len(s.rest) > 0 {
				continue
			}
		case <-timer.C:
		case <-ctx.Done():
			return SearchPage{}, ctx.Err()
		}
		break
	}
	page := SearchPage{Runs: []domain.SearchRun{}, Hits: []SearchHit{}, Progress: s.last}
	for size := 0; len(s.rest) > 0 && size < searchPageBytes && s.lines < searchLines; s.lines++ {
		hit := s.rest[0]
		s.rest = s.rest[1:]
		if !s.named[hit.Run.ID] {
			s.named[hit.Run.ID] = true
			page.Runs = append(page.Runs, hit.Run)
			size += searchRunBytes
		}
		page.Hits = append(page.Hits, SearchHit{
			RunID: hit.Run.ID, Line: hit.Line, Stream: hit.Stream, At: hit.At, Parts: parts(hit), Before: hit.Before, After: hit.After,
		})
		size += len(hit.Text) + searchRunBytes/2
	}
	if s.lines == searchLines && !s.full {
		s.full, s.rest = true, nil
		s.cancel()
	}
	page.Full = s.full
	page.Done = s.full || s.done && len(s.rest) == 0
	if page.Done && !s.full && s.err != nil && len(page.Hits) == 0 && !errors.Is(s.err, context.Canceled) {
		return SearchPage{}, s.err
	}
	return page, nil
}

// parts is a hit's text, in turn what doesn't match and what does.
func parts(hit domain.Hit) []string {
	var all []string
	at := 0
	for _, m := range hit.Matches {
		if m[0] < at || !utf8.ValidString(hit.Text[at:m[0]]) {
			continue
		}
		all = append(all, hit.Text[at:m[0]], hit.Text[m[0]:m[1]])
		at = m[1]
	}
	return append(all, hit.Text[at:])
}
