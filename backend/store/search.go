package store

import (
	"context"
	"database/sql"

	"vmorchestrator/backend/domain"
)

func scanRange(row scanner) (r domain.LogRange, err error) {
	return r, row.Scan(&r.Run, &r.FirstByte, &r.Bytes, &r.FirstLine, &r.Lines)
}

// Unsigned gives the newest pack of signatures and, as of the same moment, the output that has none, newest run first.
// The runs with the ids in live are among it even if all they stored is signed; of those Bytes may be 0.
func (s *Store) Unsigned(ctx context.Context, live []string) (newest int64, ranges []domain.LogRange, err error) {
	const what = "list output without signatures"
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return 0, nil, s.mapError(ctx, what, err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(key), 0) FROM log_signatures`).Scan(&newest); err != nil {
		return 0, nil, s.mapError(ctx, what, err)
	}
	const columns = `SELECT key, signed_bytes, stored_bytes - signed_bytes, signed_lines + 1, stored_lines - signed_lines FROM runs `
	rows, err := tx.QueryContext(ctx, columns+`INDEXED BY runs_unsigned WHERE signed_bytes < stored_bytes
		UNION ALL `+columns+`WHERE signed_bytes >= stored_bytes AND id IN (SELECT value FROM json_each(?)) ORDER BY key DESC`,
		toJSON(append([]string{}, live...)))
	if err != nil {
		return 0, nil, s.mapError(ctx, what, err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanRange(rows)
		if err != nil {
			return 0, nil, s.mapError(ctx, what, err)
		}
		ranges = append(ranges, r)
	}
	return newest, ranges, s.mapError(ctx, what, rows.Err())
}

// AddSignatures stores a pack. Each of its ranges must begin where the run's signatures end, or nothing is stored:
// CodeConflict, when another process was faster or the run is gone.
func (s *Store) AddSignatures(ctx context.Context, pack domain.SignaturePack) error {
	if err := s.roomForOutput(); err != nil {
		return err
	}
	return s.write(ctx, "store signatures", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO log_signatures (bytes) VALUES (?)`, pack.Bytes)
		if err != nil {
			return err
		}
		key, err := res.LastInsertId()
		if err != nil {
			return err
		}
		for i, slice := range pack.Slices {
			if _, err := tx.ExecContext(ctx, `INSERT INTO log_slices (key, data) VALUES (?, ?)`, key*domain.SignatureSlices+int64(i), slice); err != nil {
				return err
			}
		}
		grow, err := tx.PrepareContext(ctx, `UPDATE runs SET signed_bytes = ?3, signed_lines = ?4 WHERE key = ?1 AND signed_bytes = ?2`)
		if err != nil {
			return err
		}
		defer grow.Close()
		insert, err := tx.PrepareContext(ctx, `INSERT INTO log_signed VALUES (?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for slot, ranges := range pack.Ranges {
			for _, r := range ranges {
				res, err := grow.ExecContext(ctx, r.Run, r.FirstByte, r.FirstByte+r.Bytes, r.FirstLine+r.Lines-1)
				if err != nil {
					return err
				}
				if n, err := res.RowsAffected(); err != nil || n == 0 {
					return domain.NewError(domain.CodeConflict, "", "the signatures of this output were made elsewhere")
				}
				if _, err := insert.ExecContext(ctx, key, slot, r.Run, r.FirstByte, r.Bytes, r.FirstLine, r.Lines); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Packs gives at most limit packs of signatures with a key of at most newest, newest first, without what they hold.
func (s *Store) Packs(ctx context.Context, newest int64, limit int) ([]domain.SignaturePack, error) {
	return list(ctx, s, "read signatures", func(row scanner) (p domain.SignaturePack, err error) {
		return p, row.Scan(&p.Key, &p.Bytes)
	}, `SELECT key, bytes FROM log_signatures WHERE key <= ? ORDER BY key DESC LIMIT ?`, newest, limit)
}

// Slices reads slice n of the given packs and tells look which of them it has; of a pack that is gone, nothing.
func (s *Store) Slices(ctx context.Context, packs []int64, n int, look func(i int, data []byte)) error {
	_, err := list(ctx, s, "read signatures", func(row scanner) (struct{}, error) {
		var i int
		var data []byte
		err := row.Scan(&i, &data)
		if err == nil {
			look(i, data)
		}
		return struct{}{}, err
	}, `SELECT k.key, s.data FROM json_each(?1) k CROSS JOIN log_slices s ON s.key = k.value * ?3 + ?2`, toJSON(packs), n, domain.SignatureSlices)
	return err
}

// SignatureBytes is how much output the packs up to newest stand for.
func (s *Store) SignatureBytes(ctx context.Context, newest int64) (bytes int64, err error) {
	err = s.reader.QueryRowContext(ctx, `SELECT coalesce(sum(bytes), 0) FROM log_signatures WHERE key <= ?`, newest).Scan(&bytes)
	return bytes, s.mapError(ctx, "count signatures", err)
}

// SignedRanges gives the stretches of output that slots of one pack stand for.
func (s *Store) SignedRanges(ctx context.Context, pack int64, slots []int) ([]domain.LogRange, error) {
	return list(ctx, s, "read signatures", scanRange, `SELECT run, first_byte, bytes, first_line, lines FROM log_signed
		WHERE pack = ? AND slot IN (SELECT value FROM json_each(?))`, pack, toJSON(slots))
}

// blocksIn joins stretches [run, first byte, end] with the blocks that begin in them.
var blocksIn = func() string {
	one := func(table string) string {
		return `SELECT k.key AS slot, ` + blockColumns + ` FROM json_each(?1) k CROSS JOIN ` + table + ` b
			ON b.run = k.value ->> 0 AND b.first_byte >= k.value ->> 1 AND b.first_byte < k.value ->> 2`
	}
	return `SELECT * FROM (` + one("log_chunks") + ` UNION ALL ` + one("log_tails") + `) ORDER BY slot, first_byte`
}()

// BlocksIn gives, for each stretch, the blocks that begin in it, in order, without RunID.
func (s *Store) BlocksIn(ctx context.Context, ranges []domain.LogRange) ([][]domain.LogBlock, error) {
	places := make([][3]int64, len(ranges))
	for i, r := range ranges {
		places[i] = [3]int64{r.Run, r.FirstByte, r.FirstByte + r.Bytes}
	}
	all := make([][]domain.LogBlock, len(ranges))
	_, err := list(ctx, s, "read output", func(row scanner) (b domain.LogBlock, err error) {
		var slot int
		var at int64
		if err = row.Scan(&slot, &b.FirstByte, &b.Bytes, &b.FirstLine, &b.Lines, &at, &b.Header, &b.Data); err != nil {
			return b, err
		}
		b.At = fromMillis(at)
		all[slot] = append(all[slot], b)
		return domain.LogBlock{}, nil
	}, blocksIn, toJSON(places))
	return all, err
}

// RunIDs gives the ids of the runs with the given keys; those that are gone are not in it.
func (s *Store) RunIDs(ctx context.Context, keys []int64) (map[int64]string, error) {
	ids := make(map[int64]string, len(keys))
	_, err := list(ctx, s, "list runs", func(row scanner) (key int64, err error) {
		var id string
		err = row.Scan(&key, &id)
		ids[key] = id
		return key, err
	}, `SELECT key, id FROM runs WHERE key IN (SELECT value FROM json_each(?))`, toJSON(keys))
	return ids, err
}

// SearchRuns gives those of the runs with the given keys that a filter leaves, newest job first, in the job's order.
func (s *Store) SearchRuns(ctx context.Context, keys []int64, f domain.SearchFilter) ([]domain.SearchRun, error) {
	q := query{from: "json_each(?) k CROSS JOIN runs r ON r.key = k.value CROSS JOIN jobs j ON j.number = r.job", args: []any{toJSON(keys)}}
	q.and("j.deleted_at IS NULL")
	if len(f.VMNames) > 0 {
		q.and("r.vm_name IN (SELECT value FROM json_each(?))", toJSON(f.VMNames))
	}
	if len(f.Commands) > 0 {
		names := toJSON(f.Commands)
		q.and("(j.command_id IN (SELECT value FROM json_each(?)) OR j.name IN (SELECT value FROM json_each(?)))", names, names)
	}
	if len(f.Statuses) > 0 {
		q.and("r.status IN (SELECT value FROM json_each(?))", toJSON(f.Statuses))
	}
	if f.ExitCode != nil {
		q.and("r.exit_code = ?", *f.ExitCode)
	}
	if f.Since != nil {
		q.and("(r.finished_at IS NULL OR r.finished_at >= ?)", f.Since.UnixMilli())
	}
	if f.Before != nil {
		q.and("j.created_at < ?", f.Before.UnixMilli())
	}
	return list(ctx, s, "list runs to search", func(row scanner) (r domain.SearchRun, err error) {
		var created int64
		var exit sql.NullInt64
		var vm sql.NullString
		err = row.Scan(&r.Key, &r.ID, &r.Position, &r.Bytes, &vm, &r.VMName, &r.Status, &exit, &r.JobID, &r.JobNumber, &r.JobName, &created)
		r.VMID, r.CreatedAt = vm.String, fromMillis(created)
		if exit.Valid {
			code := int(exit.Int64)
			r.ExitCode = &code
		}
		return r, err
	}, q.sql("r.key, r.id, r.position, r.stored_bytes, r.vm_id, r.vm_name, r.status, r.exit_code, j.id, j.number, j.name, j.created_at")+
		" ORDER BY j.number DESC, r.position", q.args...)
}
