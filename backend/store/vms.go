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

// InsertVM adds a VM. CodeConflict with a field: the name, or the alias of the source, is taken.
func (s *Store) InsertVM(ctx context.Context, vm domain.VM) error {
	return s.write(ctx, "add a VM", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO vms (id, name, name_key, source, source_key, data, last_used_at, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			vm.ID, vm.Name, nameKey(vm.Name), vm.Source, vm.SourceKey, toJSON(vm), nullMillis(vm.LastUsedAt),
			vm.CreatedAt.UnixMilli(), vm.UpdatedAt.UnixMilli())
		return vmConflict(vm, err)
	})
}

// UpdateVM writes all of vm but when it was made and last used. Errors as InsertVM, and CodeNotFound.
func (s *Store) UpdateVM(ctx context.Context, vm domain.VM) error {
	return s.write(ctx, "change a VM", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE vms SET name = ?, name_key = ?, source = ?, source_key = ?, data = ?, updated_at = ?
			WHERE id = ? AND deleted_at IS NULL`,
			vm.Name, nameKey(vm.Name), vm.Source, vm.SourceKey, toJSON(vm), vm.UpdatedAt.UnixMilli(), vm.ID)
		return oneRow(res, vmConflict(vm, err), "VM", vm.ID)
	})
}

// DeleteVM takes a VM and the commands that are for it alone out of sight. Its history stays.
func (s *Store) DeleteVM(ctx context.Context, id string) error {
	return s.write(ctx, "delete a VM", func(tx *sql.Tx) error {
		now := s.millis()
		res, err := tx.ExecContext(ctx, `UPDATE vms SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL`, now, id)
		if err := oneRow(res, err, "VM", id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE commands SET deleted_at = ?, deleted_with = ?
			WHERE only_vm = ? AND only_vm <> '' AND deleted_at IS NULL`, now, id, id)
		return err
	})
}

// RestoreVM undoes DeleteVM, with the commands that went along; one whose name is taken by now stays deleted.
// CodeConflict if the VM's own name is taken.
func (s *Store) RestoreVM(ctx context.Context, id string) (domain.VM, error) {
	var vm domain.VM
	err := s.write(ctx, "restore a VM", func(tx *sql.Tx) (err error) {
		if vm, err = scanVM(tx.QueryRowContext(ctx, `SELECT `+vmColumns+` FROM vms WHERE id = ?`, id)); err != nil {
			return s.rowError(ctx, "VM", id, err)
		}
		if _, err = tx.ExecContext(ctx, `UPDATE vms SET deleted_at = NULL WHERE id = ?`, id); err != nil {
			return vmConflict(vm, err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE OR IGNORE commands SET deleted_at = NULL, deleted_with = '' WHERE deleted_with = ?`, id)
		return err
	})
	return vm, err
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
