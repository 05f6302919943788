package store

import (
	"context"
	"database/sql"
	"errors"

	"vmorchestrator/backend/domain"
)

const blockColumns = `first_byte, bytes, first_line, lines, at, header, data`

func scanBlock(row scanner) (domain.LogBlock, error) {
	var b domain.LogBlock
	var at int64
	err := row.Scan(&b.FirstByte, &b.Bytes, &b.FirstLine, &b.Lines, &at, &b.Header, &b.Data)
	b.At = fromMillis(at)
	return b, err
}

// AppendBlocks adds fresh blocks as tail rows, of one or many runs, in one transaction: all or nothing. A block must
// begin where the run's output ends. CodeDiskFull: nothing was kept, and nothing will be before there is room again.
func (s *Store) AppendBlocks(ctx context.Context, blocks []domain.LogBlock) error {
	if len(blocks) == 0 {
		return nil
	}
	if err := s.roomForOutput(); err != nil {
		return err
	}
	return s.write(ctx, "store output", func(tx *sql.Tx) error {
		grow, err := tx.PrepareContext(ctx, `UPDATE runs SET stored_bytes = ?2 + ?3, stored_lines = ?4 + ?5 - 1, stored_at = ?6
			WHERE id = ?1 AND stored_bytes = ?2 RETURNING key`)
		if err != nil {
			return err
		}
		defer grow.Close()
		insert, err := tx.PrepareContext(ctx, `INSERT INTO log_tails (run, `+blockColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, b := range blocks {
			var run int64
			err := grow.QueryRowContext(ctx, b.RunID, b.FirstByte, b.Bytes, b.FirstLine, b.Lines, b.At.UnixMilli()).Scan(&run)
			if errors.Is(err, sql.ErrNoRows) {
				return s.outOfPlace(ctx, tx, b)
			}
			if err != nil {
				return err
			}
			if _, err := insert.ExecContext(ctx, run, b.FirstByte, b.Bytes, b.FirstLine, b.Lines, b.At.UnixMilli(), b.Header, b.Data); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) roomForOutput() error {
	if s.ballast.room() {
		return nil
	}
	return diskFull(s.path)
}

func (s *Store) outOfPlace(ctx context.Context, tx *sql.Tx, b domain.LogBlock) error {
	var stored int64
	if err := tx.QueryRowContext(ctx, `SELECT stored_bytes FROM runs WHERE id = ?`, b.RunID).Scan(&stored); err != nil {
		return s.rowError(ctx, "run", b.RunID, err)
	}
	return domain.NewError(domain.CodeInternal, "", "output of run %s goes on at byte %d, not at %d", b.RunID, stored, b.FirstByte)
}

// ReplaceTails puts chunk in the place of the tail rows within its byte range, in one transaction. The chunk may go on
// past the last tail. A tail or chunk that overlaps its edge is CodeInternal: nothing is changed.
func (s *Store) ReplaceTails(ctx context.Context, chunk domain.LogBlock) error {
	if err := s.roomForOutput(); err != nil {
		return err
	}
	end := chunk.FirstByte + chunk.Bytes
	return s.write(ctx, "compact output", func(tx *sql.Tx) error {
		var run, stored int64
		if err := tx.QueryRowContext(ctx, `SELECT key, stored_bytes FROM runs WHERE id = ?`, chunk.RunID).Scan(&run, &stored); err != nil {
			return s.rowError(ctx, "run", chunk.RunID, err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM log_tails WHERE run = ? AND first_byte >= ? AND first_byte + bytes <= ?`, run, chunk.FirstByte, end); err != nil {
			return err
		}
		var overlaps bool
		for _, table := range []string{"log_tails", "log_chunks"} {
			// Blocks don't overlap each other, so only the last one that begins before the end can.
			err := tx.QueryRowContext(ctx, `SELECT coalesce((SELECT first_byte + bytes > ? FROM `+table+`
				WHERE run = ? AND first_byte < ? ORDER BY first_byte DESC LIMIT 1), 0)`, chunk.FirstByte, run, end).Scan(&overlaps)
			if err != nil {
				return err
			}
			if overlaps {
				break
			}
		}
		if overlaps || chunk.FirstByte > stored {
			return domain.NewError(domain.CodeInternal, "", "chunk of run %s does not fit at byte %d", chunk.RunID, chunk.FirstByte)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO log_chunks (run, `+blockColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			run, chunk.FirstByte, chunk.Bytes, chunk.FirstLine, chunk.Lines, chunk.At.UnixMilli(), chunk.Header, chunk.Data); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE runs SET stored_bytes = max(stored_bytes, ?), stored_lines = max(stored_lines, ?) WHERE key = ?`,
			end, chunk.FirstLine+chunk.Lines-1, run)
		return err
	})
}

// blocks is a run's tails and chunks as one table, each narrowed by the same condition before they are joined.
func blocks(condition, order string) string {
	one := func(table string) string {
		return `SELECT * FROM (SELECT ` + blockColumns + ` FROM ` + table + ` WHERE run = (SELECT key FROM runs WHERE id = ?1) AND ` +
			condition + ` ORDER BY ` + order + ` LIMIT ?3)`
	}
	return `SELECT * FROM (` + one("log_chunks") + ` UNION ALL ` + one("log_tails") + `) ORDER BY ` + order + ` LIMIT ?3`
}

var (
	// The last block that begins at or before the line is the one that completes it: those before it complete none or end
	// earlier.
	blockAtLine = blocks(`first_line <= ?2`, `first_line DESC, first_byte DESC`)
	lastBlock   = blocks(`first_byte >= ?2`, `first_byte DESC`)
	blocksFrom  = blocks(`first_byte >= ?2`, `first_byte`)
	blockAtByte = blocks(`first_byte < ?2`, `first_byte DESC`)
)

func (s *Store) block(ctx context.Context, text, runID string, key int64) (domain.LogBlock, bool, error) {
	b, err := scanBlock(s.reader.QueryRowContext(ctx, text, runID, key, 1))
	if errors.Is(err, sql.ErrNoRows) {
		return domain.LogBlock{}, false, nil
	}
	b.RunID = runID
	return b, err == nil, s.mapError(ctx, "read output", err)
}

// BlockAtLine gives the block in which a line completes, false if there is none.
func (s *Store) BlockAtLine(ctx context.Context, runID string, line int64) (domain.LogBlock, bool, error) {
	b, ok, err := s.block(ctx, blockAtLine, runID, line)
	if err != nil || !ok || line >= b.FirstLine+b.Lines {
		return domain.LogBlock{}, false, err
	}
	return b, true, nil
}

// LastBlock gives the newest block of a run, false if there is none.
func (s *Store) LastBlock(ctx context.Context, runID string) (domain.LogBlock, bool, error) {
	return s.block(ctx, lastBlock, runID, 0)
}

// BlocksFrom gives at most limit blocks in order, beginning with the one that holds the byte at firstByte, as of one
// moment.
func (s *Store) BlocksFrom(ctx context.Context, runID string, firstByte int64, limit int) ([]domain.LogBlock, error) {
	const what = "read output"
	if limit <= 0 {
		return []domain.LogBlock{}, nil
	}
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return nil, s.mapError(ctx, what, err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	all := make([]domain.LogBlock, 0, min(limit, 64))
	if firstByte > 0 {
		b, err := scanBlock(tx.QueryRowContext(ctx, blockAtByte, runID, firstByte, 1))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, s.mapError(ctx, what, err)
		}
		if err == nil && b.FirstByte+b.Bytes > firstByte {
			b.RunID = runID
			all = append(all, b)
		}
	}
	if len(all) == limit {
		return all, nil
	}
	rows, err := tx.QueryContext(ctx, blocksFrom, runID, firstByte, limit-len(all))
	if err != nil {
		return nil, s.mapError(ctx, what, err)
	}
	defer rows.Close()
	for rows.Next() {
		b, err := scanBlock(rows)
		if err != nil {
			return nil, s.mapError(ctx, what, err)
		}
		b.RunID = runID
		all = append(all, b)
	}
	return all, s.mapError(ctx, what, rows.Err())
}

// Marks gives where a run's blocks begin, in order, of those that begin after the byte at offset `after`. It reads no
// output.
func (s *Store) Marks(ctx context.Context, runID string, after int64) ([]domain.LogMark, error) {
	return list(ctx, s, "read where output begins", func(row scanner) (m domain.LogMark, err error) {
		return m, row.Scan(&m.FirstByte, &m.FirstLine, &m.At)
	}, logMarks, runID, after)
}

const logMarks = `SELECT first_byte, first_line, at FROM log_chunks WHERE run = (SELECT key FROM runs WHERE id = ?1) AND first_byte > ?2
	UNION ALL SELECT first_byte, first_line, at FROM log_tails WHERE run = (SELECT key FROM runs WHERE id = ?1) AND first_byte > ?2
	ORDER BY first_byte`

// AppendNotice adds a remark of the app about a run. It works on a full disk.
func (s *Store) AppendNotice(ctx context.Context, runID string, n domain.Notice) error {
	return s.writeAlways(ctx, "store a notice", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO log_notices (run, after_line, at, text) SELECT key, ?, ?, ? FROM runs WHERE id = ?`,
			n.AfterLine, n.At.UnixMilli(), n.Text, runID)
		return oneRow(res, err, "run", runID)
	})
}

// Notices gives the remarks about a run in the order in which they came.
func (s *Store) Notices(ctx context.Context, runID string) ([]domain.Notice, error) {
	return list(ctx, s, "read notices", func(row scanner) (n domain.Notice, err error) {
		var at int64
		err = row.Scan(&n.AfterLine, &at, &n.Text)
		n.At = fromMillis(at)
		return n, err
	}, `SELECT after_line, at, text FROM log_notices WHERE run = (SELECT key FROM runs WHERE id = ?) ORDER BY seq`, runID)
}

// Totals says how much of a run's output is stored.
func (s *Store) Totals(ctx context.Context, runID string) (domain.LogTotals, error) {
	var t domain.LogTotals
	err := s.reader.QueryRowContext(ctx, `SELECT stored_bytes, stored_lines, complete FROM runs WHERE id = ?`, runID).
		Scan(&t.Bytes, &t.Lines, &t.Complete)
	return t, s.rowError(ctx, "run", runID, err)
}

// RunFinished says whether a run has a final status, so that no more output will come.
func (s *Store) RunFinished(ctx context.Context, runID string) (bool, error) {
	var status domain.Status
	err := s.reader.QueryRowContext(ctx, `SELECT status FROM runs WHERE id = ?`, runID).Scan(&status)
	return status.Finished(), s.rowError(ctx, "run", runID, err)
}
