package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"vmorchestrator/backend/domain"
)

// Prune takes out of the database what the retention doesn't keep, oldest first, and deleted jobs whose undo is over.
// Running and starred jobs stay. It works in transactions of a few milliseconds and calls pause after each, which says
// whether to go on: an error of pause ends it, and what was done until then stays done and is remembered. What was
// removed is given by reason.
func (s *Store) Prune(ctx context.Context, keep domain.Retention, pause func(context.Context) error) ([]domain.Removal, error) {
	now := s.now()
	all := []domain.Removal{}
	take := func(why string, next func() (int64, error)) error {
		sum := domain.Removal{At: now.UTC(), Why: why}
		err := s.removeEach(ctx, &sum, next, pause)
		if sum.Jobs == 0 {
			return err
		}
		all = append(all, sum)
		return errors.Join(err, s.remember(context.WithoutCancel(ctx), sum))
	}
	oldest := func(condition string, args ...any) func() (int64, error) {
		return func() (int64, error) {
			var number int64
			err := s.reader.QueryRowContext(ctx, `SELECT number FROM jobs WHERE `+condition+` LIMIT 1`, args...).Scan(&number)
			if errors.Is(err, sql.ErrNoRows) {
				return 0, nil
			}
			return number, s.mapError(ctx, "look for old jobs", err)
		}
	}
	const removable = ` AND starred = 0 AND status NOT IN ('queued', 'running') `
	if err := take(domain.RemovedDeleted, oldest(`deleted_at < ? AND status NOT IN ('queued', 'running')`, now.Add(-undoSpan).UnixMilli())); err != nil {
		return all, err
	}
	if keep.Days > 0 {
		before := now.AddDate(0, 0, -keep.Days).UnixMilli()
		if err := take(domain.RemovedAge, oldest(`deleted_at IS NULL AND created_at < ?`+removable+`ORDER BY created_at, number`, before)); err != nil {
			return all, err
		}
	}
	if keep.Bytes > 0 {
		any := oldest(`deleted_at IS NULL` + removable + `ORDER BY created_at, number`)
		if err := take(domain.RemovedSize, func() (int64, error) {
			used, err := s.usedBytes(ctx)
			if err != nil || used <= keep.Bytes {
				return 0, err
			}
			return any()
		}); err != nil {
			return all, err
		}
	}
	return all, s.giveBack(ctx, pause)
}

// removeEach removes the jobs that next names until it names none (0), and adds them to sum.
func (s *Store) removeEach(ctx context.Context, sum *domain.Removal, next func() (int64, error), pause func(context.Context) error) error {
	for {
		number, err := next()
		if err != nil || number == 0 {
			return err
		}
		bytes, err := s.removeJob(ctx, number, pause)
		if err != nil {
			return err
		}
		sum.Jobs++
		sum.Bytes += bytes
	}
}

// removeJob takes a job out for good: out of sight first, then its output in small steps, then the job itself. Cut short
// at any moment, it is a deleted job, which the next Prune goes on with.
func (s *Store) removeJob(ctx context.Context, number int64, pause func(context.Context) error) (int64, error) {
	const what = "remove an old job"
	var bytes int64
	if err := s.writeAlways(ctx, what, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(sum(stored_bytes), 0) FROM runs WHERE job = ?`, number).Scan(&bytes); err != nil {
			return err
		}
		// Long ago: the undo of what is removed half is over.
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET deleted_at = 1 WHERE number = ? AND deleted_at IS NULL`, number)
		return err
	}); err != nil {
		return 0, err
	}
	for _, table := range []string{"log_chunks", "log_tails"} {
		for {
			var removed int64
			if err := s.writeAlways(ctx, what, func(tx *sql.Tx) error {
				res, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE key IN
					(SELECT key FROM `+table+` WHERE run IN (SELECT key FROM runs WHERE job = ?) LIMIT ?)`, number, pruneRows)
				if err != nil {
					return err
				}
				removed, err = res.RowsAffected()
				return err
			}); err != nil {
				return 0, err
			}
			if err := pause(ctx); err != nil {
				return 0, err
			}
			if removed < pruneRows {
				break
			}
		}
	}
	return bytes, s.writeAlways(ctx, what, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM jobs WHERE number = ?`, number)
		return err
	})
}

// giveBack returns free pages to the disk, a step at a time.
func (s *Store) giveBack(ctx context.Context, pause func(context.Context) error) error {
	const what = "give room back to the disk"
	for {
		var free int64
		if err := s.writer.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free); err != nil {
			return s.mapError(ctx, what, err)
		}
		if free == 0 {
			return nil
		}
		if err := s.withRoom(ctx, func() error { return s.mapError(ctx, what, s.vacuumStep(ctx)) }); err != nil {
			return err
		}
		var left int64
		if err := s.writer.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&left); err != nil {
			return s.mapError(ctx, what, err)
		}
		if left >= free {
			return nil // an older file that can't shrink: its pages are used again
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// vacuumStep gives back vacuumPages: the pragma does a page for each row that is asked of it.
func (s *Store) vacuumStep(ctx context.Context) error {
	rows, err := s.writer.QueryContext(ctx, `PRAGMA incremental_vacuum(`+strconv.Itoa(vacuumPages)+`)`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { //nolint:revive // the pragma works while its rows are asked for
	}
	return rows.Err()
}

// remember keeps a removal for the person to read.
func (s *Store) remember(ctx context.Context, r domain.Removal) error {
	return s.writeAlways(ctx, "note what was removed", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO removals (at, jobs, bytes, why) VALUES (?, ?, ?, ?)`, r.At.UnixMilli(), r.Jobs, r.Bytes, r.Why); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM removals WHERE seq <= (SELECT max(seq) FROM removals) - ?`, removalsKept)
		return err
	})
}

// usedBytes is how much of the database file holds something.
func (s *Store) usedBytes(ctx context.Context) (int64, error) {
	var used int64
	err := s.reader.QueryRowContext(ctx, `SELECT page_size * (page_count - freelist_count) FROM pragma_page_size, pragma_page_count, pragma_freelist_count`).Scan(&used)
	return used, s.mapError(ctx, "measure the database", err)
}
