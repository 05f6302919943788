package store

import (
	"context"
	"database/sql"

	"vmorchestrator/backend/domain"
)

// keepVersion notes what a command is before it is changed, and forgets the oldest past maxVersions.
func (s *Store) keepVersion(ctx context.Context, tx *sql.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO command_versions (command_id, name, data, at)
		SELECT id, name, data, ? FROM commands WHERE id = ? AND deleted_at IS NULL`, s.millis(), id)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM command_versions WHERE command_id = ?1 AND key <=
		(SELECT key FROM command_versions WHERE command_id = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)`, id, maxVersions)
	return err
}

// CommandVersions gives what a command was before its edits, the newest first.
func (s *Store) CommandVersions(ctx context.Context, id string) ([]domain.CommandVersion, error) {
	return list(ctx, s, "read a command's edits", func(row scanner) (domain.CommandVersion, error) {
		var (
			v  domain.CommandVersion
			at int64
		)
		c, err := scanCommand(scanFunc(func(dest ...any) error { return row.Scan(append(dest, &at)...) }))
		v.Command, v.At = c, fromMillis(at)
		return v, err
	}, `SELECT command_id, name, data, 0, at, at FROM command_versions WHERE command_id = ? ORDER BY key DESC`, id)
}

type scanFunc func(dest ...any) error

func (f scanFunc) Scan(dest ...any) error { return f(dest...) }

// ArrangeCommands gives commands their group and place in it. It is no edit of theirs. Those that are gone are passed over.
func (s *Store) ArrangeCommands(ctx context.Context, group string, ids []string) error {
	return s.write(ctx, "order the commands", func(tx *sql.Tx) error {
		for i, id := range ids {
			_, err := tx.ExecContext(ctx, `UPDATE commands SET data = json_set(data, '$.order', ?1, '$.group', ?2)
				WHERE id = ?3 AND deleted_at IS NULL AND (data ->> '$.order' <> ?1 OR data ->> '$.group' <> ?2)`, i, group, id)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// CommandResults gives for each of the commands the job that ran it last, if there is one.
func (s *Store) CommandResults(ctx context.Context, ids []string) ([]domain.CommandResult, error) {
	return list(ctx, s, "read what the commands did last", func(row scanner) (domain.CommandResult, error) {
		var (
			r        domain.CommandResult
			created  int64
			finished sql.NullInt64
		)
		err := row.Scan(&r.CommandID, &r.JobID, &r.JobNumber, &r.Status, &r.RunCount, &created, &finished)
		r.StartedAt = fromMillis(created)
		if finished.Valid {
			at := fromMillis(finished.Int64)
			r.FinishedAt = &at
		}
		return r, err
	}, `SELECT ids.value, j.id, j.number, j.status, j.run_count, j.created_at, j.finished_at FROM json_each(?) ids JOIN jobs j ON j.number =
		(SELECT number FROM jobs WHERE command_id = ids.value AND deleted_at IS NULL ORDER BY number DESC LIMIT 1)`, toJSON(ids))
}
