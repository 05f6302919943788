package app

import (
	"context"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/output"
)

// Search looks in every line ever kept; see output.Hub.Search. Secrets of this session are masked, as on every screen.
func (a *App) Search(ctx context.Context, q domain.TextQuery, f domain.SearchFilter, tell func([]domain.Hit, domain.SearchProgress) error) error {
	return a.Logs.Search(ctx, q, f, func(hits []domain.Hit, p domain.SearchProgress) error {
		for i := range hits {
			hits[i].Text = mask(hits[i].Text, a.masks.of(hits[i].Run.ID))
		}
		return tell(hits, p)
	})
}

// CheckQuery says what is wrong with a query: CodeInvalid with the field "text".
func CheckQuery(q domain.TextQuery) error { return output.CheckQuery(q) }

// LastState is what a screen shows of a line that wrote over itself; see output.LastState.
func LastState(line []byte) []byte { return output.LastState(line) }
