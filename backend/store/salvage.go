package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

// Repair looks at every page of the database of o, which nobody may have open. A sound one is left as it is. Of a damaged
// one all rows that can be read are written to a new database, which takes its place; the damaged file is kept beside.
// Output that has a hole ends there, and its run says so. Errors: CodeDatabase while somebody uses it, or if nothing of
// it can be read; then nothing was changed.
func Repair(ctx context.Context, o Options) (domain.Salvage, error) {
	out := domain.Salvage{Damage: []string{}, Rows: map[string]int{}}
	steps, err := migrations()
	if err != nil {
		return out, domain.NewError(domain.CodeInternal, "", "read migrations: %w", err)
	}
	alone, err := lockAlone(o)
	if err != nil {
		return out, err
	}
	if _, err := os.Stat(o.Path); err != nil {
		return out, errors.Join(folderError(o.Path, err), alone.Close())
	}
	source, remove, err := readable(ctx, o, steps)
	if err != nil {
		return out, errors.Join(err, alone.Close())
	}
	defer remove()
	if source != o.Path {
		out.Damage = append(out.Damage, "the file's header was overwritten, or its end is missing")
	}
	damaged, err := sql.Open("sqlite", dsn(source, "deferred", false))
	if err != nil {
		return out, errors.Join(databaseError(o.Path, "open", err), alone.Close())
	}
	damaged.SetMaxOpenConns(1) // one connection sees one state, and a broken page breaks one only
	v := &salvage{from: damaged, out: &out}
	part, err := v.run(ctx, o, steps)
	err = errors.Join(err, damaged.Close())
	if err == nil && !out.Sound {
		if out.Kept, err = putAside(ctx, o, "damaged"); err == nil {
			if err = os.Rename(part, o.Path); err != nil {
				err = errors.Join(folderError(o.Path, err), putBack(out.Kept, o.Path))
			}
		}
	}
	if part != "" && err != nil {
		_ = os.Remove(part)
		removeSides(part)
	}
	return out, errors.Join(err, alone.Close())
}

// salvage copies what can be read.
type salvage struct {
	from, to *sql.DB
	out      *domain.Salvage
}

// derived tables are made anew from the others, or mean nothing without the processes that wrote them.
var derived = []string{"changes", "instances", "cancel_requests", "log_signatures", "log_slices", "log_signed"}

func (v *salvage) run(ctx context.Context, o Options, steps []migration) (part string, err error) {
	damage, err := damageOf(ctx, v.from)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err == nil && len(damage) == 0 && len(v.out.Damage) == 0 {
		v.out.Sound = true
		return "", nil
	}
	if err != nil {
		damage = append(damage, err.Error())
	}
	v.out.Damage = append(v.out.Damage, damage...)
	var version int
	if err := v.from.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return "", nothingLeft(o.Path, err)
	}
	if version < 1 || version > len(steps) {
		return "", nothingLeft(o.Path, fmt.Errorf("version %d", version))
	}
	part, err = emptyBeside(o.Path)
	if err != nil {
		return "", folderError(o.Path, err)
	}
	if v.to, err = sql.Open("sqlite", strings.Replace(dsn(part, "immediate", false), "foreign_keys%281%29", "foreign_keys%280%29", 1)); err != nil {
		return part, databaseError(part, "open", err)
	}
	defer v.to.Close()
	v.to.SetMaxOpenConns(1)
	s := &Store{path: part, now: o.now, writer: v.to}
	// The same version as the damaged one: the next Open brings it up to date as it would have done.
	if err := s.forward(ctx, steps[:version]); err != nil {
		return part, err
	}
	if err := v.tables(ctx, o.Path); err != nil {
		return part, err
	}
	if err := v.mend(ctx); err != nil {
		return part, s.mapError(ctx, "mend what was saved", err)
	}
	// Folded in, so that the one file is all.
	if _, err := v.to.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return part, s.mapError(ctx, "write what was saved", err)
	}
	return part, nil
}

func nothingLeft(path string, err error) *domain.Error {
	return domain.NewError(domain.CodeDatabase,
		"Put back a backup with vmo restore, or move "+path+" aside to begin with an empty history.",
		"nothing of the database can be read").WithDetails("%s: %v", path, err)
}

func (v *salvage) tables(ctx context.Context, path string) error {
	all, err := v.schema(ctx)
	if err != nil {
		return databaseError(path, "list tables", err)
	}
	read := 0
	for _, t := range all {
		if slices.Contains(derived, t.name) {
			continue
		}
		n, err := v.table(ctx, t)
		if err != nil {
			return databaseError(path, "save "+t.name, err)
		}
		read += n
	}
	if read == 0 {
		return nothingLeft(path, errors.New("no row of any table"))
	}
	return nil
}

// table is one of the new database's.
type table struct {
	name  string
	keyed bool // has no rowid
}

// schema is what rows are copied into; job_grams follows job_search by itself.
func (v *salvage) schema(ctx context.Context) ([]table, error) {
	rows, err := v.to.QueryContext(ctx, `SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_master
		WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT GLOB 'job_grams*'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []table
	for rows.Next() {
		var t table
		if err := rows.Scan(&t.name, &t.keyed); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, rows.Err()
}

// table copies a table's readable rows. Only a failure of the new database is an error.
func (v *salvage) table(ctx context.Context, t table) (n int, err error) {
	columns, err := v.columns(ctx, t.name)
	if err != nil {
		return 0, err
	}
	if t.keyed {
		// Whole rows are in the tree of the key: from both ends up to the damage.
		for _, order := range []string{"", " ORDER BY 1 DESC"} {
			saved, _, readErr, err := v.rows(ctx, t.name, columns, `SELECT NULL, `+columns+` FROM `+t.name+order)
			n += saved
			if err != nil {
				return n, err
			}
			if readErr == nil {
				break
			}
			v.out.Skipped++
		}
	} else if n, err = v.byRow(ctx, t.name, columns); err != nil {
		return n, err
	}
	v.out.Rows[t.name] = n
	return n, nil
}

// byRow reads a table in the order of its rowids and steps over what can't be read: row by row first, then in steps
// that double, so that a lost page of an inner node costs few tries.
func (v *salvage) byRow(ctx context.Context, name, columns string) (int, error) {
	n, at, misses := 0, int64(-1<<62), 0
	for {
		saved, last, readErr, err := v.rows(ctx, name, columns,
			fmt.Sprintf(`SELECT rowid, %s FROM %s WHERE rowid > %d ORDER BY rowid LIMIT %d`, columns, name, at, salvageRows))
		n += saved
		if err != nil {
			return n, err
		}
		if saved > 0 {
			at, misses = last, 0
		}
		switch {
		case readErr == nil && saved < salvageRows:
			return n, nil
		case readErr == nil:
			continue
		}
		if misses == 0 {
			v.out.Skipped++
		}
		misses++
		if at < 0 {
			at = 0
		}
		step := int64(1)
		if misses > salvageRows {
			step <<= min(misses-salvageRows, 62)
		}
		if at += step; at < 0 || step >= 1<<40 {
			return n, nil // no row has such a number
		}
	}
}

// rows copies what a query gives until it fails: how many, the last rowid, why reading ended, why writing did.
func (v *salvage) rows(ctx context.Context, name, columns, query string) (n int, last int64, readErr, err error) {
	if ctx.Err() != nil {
		return 0, 0, nil, context.Cause(ctx)
	}
	rows, readErr := v.from.QueryContext(ctx, query)
	if readErr != nil {
		return 0, 0, readErr, nil
	}
	defer rows.Close()
	tx, err := v.to.BeginTx(ctx, nil)
	if err != nil {
		return 0, 0, nil, err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	width := strings.Count(columns, ",") + 1
	insert, err := tx.PrepareContext(ctx, `INSERT OR IGNORE INTO `+name+` (`+columns+`) VALUES (`+strings.TrimSuffix(strings.Repeat("?, ", width), ", ")+`)`)
	if err != nil {
		return 0, 0, nil, err
	}
	defer insert.Close()
	values := make([]any, width)
	into := []any{new(sql.NullInt64)}
	for i := range values {
		into = append(into, &values[i])
	}
	for rows.Next() {
		if readErr = rows.Scan(into...); readErr != nil {
			break
		}
		res, err := insert.ExecContext(ctx, values...)
		if err != nil {
			return n, last, nil, err
		}
		if one, _ := res.RowsAffected(); one > 0 {
			n++
		}
		if key, ok := into[0].(*sql.NullInt64); ok && key.Valid {
			last = key.Int64
		}
	}
	if readErr == nil {
		readErr = rows.Err()
	}
	return n, last, readErr, tx.Commit()
}

func (v *salvage) columns(ctx context.Context, name string) (string, error) {
	rows, err := v.to.QueryContext(ctx, `SELECT name FROM pragma_table_info(?)`, name)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			return "", err
		}
		all = append(all, column)
	}
	return strings.Join(all, ", "), rows.Err()
}

// mend makes what was saved consistent: nothing belongs to what is lost, and output has no hole.
func (v *salvage) mend(ctx context.Context) error {
	for _, text := range []string{
		`DELETE FROM runs WHERE job NOT IN (SELECT number FROM jobs)`,
		`DELETE FROM jobs WHERE number NOT IN (SELECT job FROM runs)`,
		`DELETE FROM job_search WHERE number NOT IN (SELECT number FROM jobs)`,
		`INSERT INTO job_search (number, text) SELECT number, lower(name || char(10) || substr(script, 1, ` + fmt.Sprint(searchedScript) + `) || char(10) || vm_names)
			FROM jobs WHERE number NOT IN (SELECT number FROM job_search)`,
		`DELETE FROM log_notices WHERE run NOT IN (SELECT key FROM runs)`,
		`DELETE FROM log_chunks WHERE run NOT IN (SELECT key FROM runs)`,
		`DELETE FROM log_tails WHERE run NOT IN (SELECT key FROM runs)`,
	} {
		if _, err := v.to.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	var signed bool
	if err := v.to.QueryRowContext(ctx, `SELECT count(*) > 0 FROM pragma_table_info('runs') WHERE name = 'signed_bytes'`).Scan(&signed); err != nil {
		return err
	}
	if signed {
		if _, err := v.to.ExecContext(ctx, `UPDATE runs SET signed_bytes = 0, signed_lines = 0`); err != nil {
			return err
		}
	}
	return v.mendOutput(ctx)
}

// hole is a run whose stored output ends before what its row says.
type hole struct{ run, stored, storedLines, bytes, lines int64 }

// mendOutput ends each run's output where the first block is missing.
func (v *salvage) mendOutput(ctx context.Context) error {
	holes, err := v.holes(ctx)
	if err != nil {
		return err
	}
	v.out.Cut = len(holes)
	for _, h := range holes {
		for _, change := range []struct {
			text string
			args []any
		}{
			{`DELETE FROM log_chunks WHERE run = ? AND first_byte >= ?`, []any{h.run, h.bytes}},
			{`DELETE FROM log_tails WHERE run = ? AND first_byte >= ?`, []any{h.run, h.bytes}},
			{`UPDATE runs SET stored_bytes = ?2, stored_lines = ?3, complete = 0 WHERE key = ?1`, []any{h.run, h.bytes, h.lines}},
			{`INSERT INTO log_notices (run, after_line, at, text) SELECT key, ?2, coalesce(finished_at, started_at, 0), ?3 FROM runs WHERE key = ?1`,
				[]any{h.run, h.lines, fmt.Sprintf("Output incomplete from byte %d: the database was damaged here.", h.bytes)}},
		} {
			if _, err := v.to.ExecContext(ctx, change.text, change.args...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *salvage) holes(ctx context.Context) ([]hole, error) {
	rows, err := v.to.QueryContext(ctx, `SELECT r.key, r.stored_bytes, r.stored_lines, b.first_byte, b.bytes, b.first_line, b.lines
		FROM runs r LEFT JOIN (SELECT run, first_byte, bytes, first_line, lines FROM log_chunks
			UNION ALL SELECT run, first_byte, bytes, first_line, lines FROM log_tails) b ON b.run = r.key
		WHERE r.stored_bytes > 0 ORDER BY r.key, b.first_byte`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []hole
	var now hole
	whole := true
	finish := func() {
		if now.run != 0 && (now.bytes != now.stored || now.lines != now.storedLines) {
			all = append(all, now)
		}
	}
	for rows.Next() {
		var run, stored, storedLines int64
		var first, bytes, firstLine, lines sql.NullInt64
		if err := rows.Scan(&run, &stored, &storedLines, &first, &bytes, &firstLine, &lines); err != nil {
			return nil, err
		}
		if run != now.run {
			finish()
			now, whole = hole{run: run, stored: stored, storedLines: storedLines}, true
		}
		if whole = whole && first.Valid && first.Int64 == now.bytes; whole {
			now.bytes += bytes.Int64
			now.lines = firstLine.Int64 + lines.Int64 - 1
		}
	}
	finish()
	return all, rows.Err()
}
