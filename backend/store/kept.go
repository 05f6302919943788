package store

import "context"

// Kept is how many lines and bytes of output the history holds, of jobs that are not deleted.
func (s *Store) Kept(ctx context.Context) (lines, bytes int64, err error) {
	type sums struct{ lines, bytes int64 }
	rows, err := list(ctx, s, "count what is kept", func(row scanner) (k sums, err error) {
		return k, row.Scan(&k.lines, &k.bytes)
	}, `SELECT coalesce(sum(r.stored_lines), 0), coalesce(sum(r.stored_bytes), 0)
		FROM runs r JOIN jobs j ON j.number = r.job WHERE j.deleted_at IS NULL`)
	if err != nil || len(rows) == 0 {
		return 0, 0, err
	}
	return rows[0].lines, rows[0].bytes, nil
}
