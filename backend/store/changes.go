package store

import (
	"context"
	"database/sql"
	"time"

	"vmorchestrator/backend/domain"
)

// Changes gives what changed after seq, in any process, each thing once with its latest sequence, and the last sequence
// there is. A seq below 0 gives nothing but the last sequence: where to begin. When seq is so old that changes were
// forgotten, there is one Change per entity with ID "": read all of it again.
// Growing output is no change: read a running run's bytes and lines when they are looked at.
func (s *Store) Changes(ctx context.Context, after int64) ([]domain.Change, int64, error) {
	const what = "read what changed"
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return nil, after, s.mapError(ctx, what, err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	var first, last int64
	err = tx.QueryRowContext(ctx, `SELECT coalesce((SELECT min(seq) FROM changes), 1),
		coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)`).Scan(&first, &last)
	if err != nil {
		return nil, after, s.mapError(ctx, what, err)
	}
	changes := []domain.Change{}
	switch {
	case after < 0 || after == last:
		return changes, last, nil
	case after > last || after < first-1: // another database, or forgotten
		for _, entity := range []domain.Entity{domain.EntityVM, domain.EntityCommand, domain.EntityJob, domain.EntityRun, domain.EntitySettings} {
			changes = append(changes, domain.Change{Seq: last, Entity: entity})
		}
		return changes, last, nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT max(seq), entity, id FROM changes WHERE seq > ? GROUP BY entity, id ORDER BY 1`, after)
	if err != nil {
		return nil, after, s.mapError(ctx, what, err)
	}
	defer rows.Close()
	for rows.Next() {
		var c domain.Change
		if err := rows.Scan(&c.Seq, &c.Entity, &c.ID); err != nil {
			return nil, after, s.mapError(ctx, what, err)
		}
		changes = append(changes, c)
	}
	if err := rows.Err(); err != nil {
		return nil, after, s.mapError(ctx, what, err)
	}
	return changes, last, nil
}

// WatchExternal calls changed whenever another process committed something, until ctx ends. It blocks; changed must
// not call the store for long.
func (s *Store) WatchExternal(ctx context.Context, changed func()) {
	s.watch(ctx, watchInterval, changed)
}

func (s *Store) watch(ctx context.Context, every time.Duration, changed func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := sql.NullInt64{}
	for {
		// On the write connection: there, data_version doesn't move with our own commits.
		var version int64
		if err := s.writer.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&version); err == nil {
			if last.Valid && last.Int64 != version {
				changed()
			}
			last = sql.NullInt64{Int64: version, Valid: true}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
