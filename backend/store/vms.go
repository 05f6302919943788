package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"vmorchestrator/backend/domain"
)

const vmColumns = `id, name, source, source_key, data, last_used_at, created_at, updated_at`

// nameKey is a name as it is compared: whatever the case.
func nameKey(name string) string { return strings.ToLower(strings.ToUpper(name)) }

type scanner interface{ Scan(...any) error }

func scanVM(row scanner) (domain.VM, error) {
	var (
		vm               domain.VM
		id, name         string
		source, key      string
		data             string
		used             sql.NullInt64
		created, updated int64
	)
	if err := row.Scan(&id, &name, &source, &key, &data, &used, &created, &updated); err != nil {
		return vm, err
	}
	if err := fromJSON("vms.data", data, &vm); err != nil {
		return vm, err
	}
	vm.ID, vm.Name, vm.Source, vm.SourceKey = id, name, domain.Source(source), key
	vm.LastUsedAt, vm.CreatedAt, vm.UpdatedAt = fromNullMillis(used), fromMillis(created), fromMillis(updated)
	if vm.Tags == nil {
		vm.Tags = []string{}
	}
	return vm, nil
}

// ListVMs gives all VMs by name.
func (s *Store) ListVMs(ctx context.Context) ([]domain.VM, error) {
	return list(ctx, s, "list VMs", scanVM, `SELECT `+vmColumns+` FROM vms WHERE deleted_at IS NULL ORDER BY name_key, id`)
}

// GetVM gives one VM; CodeNotFound for one that is not there or deleted.
func (s *Store) GetVM(ctx context.Context, id string) (domain.VM, error) {
	vm, err := scanVM(s.reader.QueryRowContext(ctx, `SELECT `+vmColumns+` FROM vms WHERE id = ? AND deleted_at IS NULL`, id))
	return vm, s.rowError(ctx, "VM", id, err)
}

// InsertVMs adds VMs. CodeConflict with a field: a name, or the alias of a source, is taken.
func (s *Store) InsertVMs(ctx context.Context, vms []domain.VM) error {
	return s.writeEach(ctx, "add VMs", len(vms), func(tx *sql.Tx, i int) error {
		vm := vms[i]
		_, err := tx.ExecContext(ctx, `INSERT INTO vms (id, name, name_key, source, source_key, data, last_used_at, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			vm.ID, vm.Name, nameKey(vm.Name), vm.Source, vm.SourceKey, toJSON(vm), nullMillis(vm.LastUsedAt),
			vm.CreatedAt.UnixMilli(), vm.UpdatedAt.UnixMilli())
		return vmConflict(vm, err)
	})
}

// writeEach makes n changes in one transaction: all or none. A thousand take some 50 ms, which another process waits for;
// that is rarer than a list that was changed by half.
func (s *Store) writeEach(ctx context.Context, what string, n int, change func(tx *sql.Tx, i int) error) error {
	if n == 0 {
		return nil
	}
	return s.write(ctx, what, func(tx *sql.Tx) error {
		for i := range n {
			if err := change(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// UpdateVMs writes all of vms but when they were made and last used. Errors as InsertVMs, and CodeNotFound.
func (s *Store) UpdateVMs(ctx context.Context, vms []domain.VM) error {
	return s.writeEach(ctx, "change VMs", len(vms), func(tx *sql.Tx, i int) error {
		vm := vms[i]
		res, err := tx.ExecContext(ctx, `UPDATE vms SET name = ?, name_key = ?, source = ?, source_key = ?, data = ?, updated_at = ?
			WHERE id = ? AND deleted_at IS NULL`,
			vm.Name, nameKey(vm.Name), vm.Source, vm.SourceKey, toJSON(vm), vm.UpdatedAt.UnixMilli(), vm.ID)
		return oneRow(res, vmConflict(vm, err), "VM", vm.ID)
	})
}

// DeleteVMs takes VMs and the commands that are for one of them alone out of sight. Their history stays.
func (s *Store) DeleteVMs(ctx context.Context, ids []string) error {
	return s.writeEach(ctx, "delete VMs", len(ids), func(tx *sql.Tx, i int) error {
		id, now := ids[i], s.millis()
		res, err := tx.ExecContext(ctx, `UPDATE vms SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL`, now, id)
		if err := oneRow(res, err, "VM", id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE commands SET deleted_at = ?, deleted_with = ?
			WHERE only_vm = ? AND only_vm <> '' AND deleted_at IS NULL`, now, id, id)
		return err
	})
}

// RestoreVMs undoes DeleteVMs, with the commands that went along; one whose name is taken by now stays deleted.
// CodeConflict if a VM's own name is taken: then none comes back.
func (s *Store) RestoreVMs(ctx context.Context, ids []string) ([]domain.VM, error) {
	vms := make([]domain.VM, len(ids))
	err := s.writeEach(ctx, "restore VMs", len(ids), func(tx *sql.Tx, i int) (err error) {
		id := ids[i]
		if vms[i], err = scanVM(tx.QueryRowContext(ctx, `SELECT `+vmColumns+` FROM vms WHERE id = ?`, id)); err != nil {
			return s.rowError(ctx, "VM", id, err)
		}
		if _, err = tx.ExecContext(ctx, `UPDATE vms SET deleted_at = NULL WHERE id = ?`, id); err != nil {
			return vmConflict(vms[i], err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE OR IGNORE commands SET deleted_at = NULL, deleted_with = '' WHERE deleted_with = ?`, id)
		return err
	})
	return vms, err
}

// TouchVM notes that VMs were used; unknown ones are passed over.
func (s *Store) TouchVM(ctx context.Context, ids []string, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	return s.write(ctx, "note that VMs were used", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE vms SET last_used_at = ?1
			WHERE id IN (SELECT value FROM json_each(?2)) AND deleted_at IS NULL AND coalesce(last_used_at, 0) < ?1`,
			at.UnixMilli(), toJSON(ids))
		return err
	})
}

func vmConflict(vm domain.VM, err error) error {
	var e *domain.Error
	switch {
	case isUnique(err, "name"):
		e = domain.NewError(domain.CodeConflict, "Choose another name.", "there is a VM named %q already", vm.Name)
		e.Field = "name"
	case isUnique(err, "source"):
		e = domain.NewError(domain.CodeConflict, "Look at the list of VMs.", "%q is taken in already", vm.SourceKey)
		e.Field = "sourceKey"
	case isUnique(err, "id"):
		e = domain.NewError(domain.CodeConflict, "", "this VM is there already")
	default:
		return err
	}
	return e.WithCause(err)
}

// list reads all rows of a query; never nil.
func list[T any](ctx context.Context, s *Store, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	all := []T{}
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.mapError(ctx, what, err)
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, s.mapError(ctx, what, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		return nil, s.mapError(ctx, what, err)
	}
	return all, nil
}

// rowError is mapError for a query of one row by id.
func (s *Store) rowError(ctx context.Context, what, id string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return notFound(what, id)
	}
	return s.mapError(ctx, "read a "+what, err)
}

// oneRow makes CodeNotFound of a change that found no row.
func oneRow(res sql.Result, err error, what, id string) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		return notFound(what, id)
	}
	return err
}
