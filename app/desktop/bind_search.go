package desktop

import (
	"context"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// Search looks in every line ever kept. The window fetches what is found, page by page, so that a common word can't
// flood it.
type Search struct{ w *window }

// Start begins a search, ends the one before, and gives the new one's id.
func (s *Search) Start(query domain.TextQuery, filter domain.SearchFilter) (string, error) {
	return read(s.w, func(_ context.Context, a *app.App) (string, error) { return a.StartSearch(query, filter) })
}

// Next gives what was found since the call before, at most 8 KB of it; with nothing new it waits for up to 100 ms.
func (s *Search) Next(id string) (app.SearchPage, error) {
	return read(s.w, func(ctx context.Context, a *app.App) (app.SearchPage, error) { return a.NextFound(ctx, id) })
}

// Stop ends a search.
func (s *Search) Stop(id string) error {
	return do(s.w, func(_ context.Context, a *app.App) error {
		a.StopSearch(id)
		return nil
	})
}
