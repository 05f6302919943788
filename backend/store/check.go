package store

import (
	"context"
	"strings"

	"vmorchestrator/backend/domain"
)

// Check looks at every page and index of the database. nil: it is sound; CodeDatabase with the first of what is wrong in
// its details. It reads for as long as that takes, or until ctx ends, and hinders nobody.
func (s *Store) Check(ctx context.Context) error {
	damage, err := damageOf(ctx, s.reader)
	if err != nil {
		return s.mapError(ctx, "check the database", err)
	}
	if len(damage) == 0 {
		return nil
	}
	return domain.NewError(domain.CodeDamaged, "Quit the app, then save what can be read with 'vmo repair', or put back a backup with 'vmo restore FILE'.",
		"the database is damaged").WithDetails("%s\n%s", s.path, strings.Join(damage, "\n"))
}
