package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

const commandColumns = `id, name, data, created_at, updated_at`

func scanCommand(row scanner) (domain.Command, error) {
	var (
		c                domain.Command
		id, name, data   string
		created, updated int64
	)
	if err := row.Scan(&id, &name, &data, &created, &updated); err != nil {
		return c, err
	}
	if err := fromJSON("commands.data", data, &c); err != nil {
		return c, err
	}
	c.ID, c.Name, c.CreatedAt, c.UpdatedAt = id, name, fromMillis(created), fromMillis(updated)
	if c.Params == nil {
		c.Params = []domain.Param{}
	}
	for i := range c.Params {
		if c.Params[i].Choices == nil {
			c.Params[i].Choices = []string{}
		}
	}
	if c.Scope.Tags == nil {
		c.Scope.Tags = []string{}
	}
	if c.Scope.VMIDs == nil {
		c.Scope.VMIDs = []string{}
	}
	if c.Env == nil {
		c.Env = map[string]string{}
	}
	return c, nil
}

// ListCommands gives all commands by their order, then by name.
func (s *Store) ListCommands(ctx context.Context) ([]domain.Command, error) {
	return list(ctx, s, "list commands", scanCommand,
		`SELECT `+commandColumns+` FROM commands WHERE deleted_at IS NULL ORDER BY data ->> '$.order', name_key, id`)
}

// GetCommand gives one command; CodeNotFound for one that is not there or deleted.
func (s *Store) GetCommand(ctx context.Context, id string) (domain.Command, error) {
	c, err := scanCommand(s.reader.QueryRowContext(ctx, `SELECT `+commandColumns+` FROM commands WHERE id = ? AND deleted_at IS NULL`, id))
	return c, s.rowError(ctx, "command", id, err)
}

// InsertCommand adds a command. CodeConflict on field "name": the name is taken in its scope, whatever the case.
func (s *Store) InsertCommand(ctx context.Context, c domain.Command) error {
	return s.write(ctx, "add a command", func(tx *sql.Tx) error { return insertCommand(ctx, tx, c) })
}

func insertCommand(ctx context.Context, tx *sql.Tx, c domain.Command) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO commands (id, name, name_key, scope_key, only_vm, data, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.Name, nameKey(c.Name), scopeKey(c.Scope), onlyVM(c), toJSON(c), c.CreatedAt.UnixMilli(), c.UpdatedAt.UnixMilli())
	return commandConflict(c, err)
}

// PutCommands adds commands and changes others, all of them or none. Errors as InsertCommand and UpdateCommand.
func (s *Store) PutCommands(ctx context.Context, fresh, changed []domain.Command) error {
	return s.write(ctx, "add commands", func(tx *sql.Tx) error {
		for _, c := range changed {
			if err := s.updateCommand(ctx, tx, c); err != nil {
				return err
			}
		}
		for _, c := range fresh {
			if err := insertCommand(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// InsertCommandsOnce adds each command whose id was never given to it in this database, deleted ones counted. One whose
// name is taken is passed over, for ever. It reports whether it added any.
func (s *Store) InsertCommandsOnce(ctx context.Context, all []domain.Command) (bool, error) {
	missing := []domain.Command{}
	for _, c := range all { // read first: all starts but the first need no write
		var marked bool
		err := s.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM marks WHERE name = ?)`, commandMark(c)).Scan(&marked)
		if err != nil {
			return false, s.mapError(ctx, "look for the shipped commands", err)
		}
		if !marked {
			missing = append(missing, c)
		}
	}
	if len(missing) == 0 {
		return false, nil
	}
	added := false
	err := s.write(ctx, "add the shipped commands", func(tx *sql.Tx) error {
		for _, c := range missing {
			res, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO marks (name, at) VALUES (?, ?)`, commandMark(c), s.millis())
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 {
				continue // another process was faster
			}
			if err := insertCommand(ctx, tx, c); err == nil {
				added = true
			} else if domain.CodeOf(err) != domain.CodeConflict {
				return err
			}
		}
		return nil
	})
	return added && err == nil, err
}

func commandMark(c domain.Command) string { return "command " + c.ID }

// UpdateCommand writes all of c but when it was made, and keeps what it was before. Errors as InsertCommand, and
// CodeNotFound.
func (s *Store) UpdateCommand(ctx context.Context, c domain.Command) error {
	return s.write(ctx, "change a command", func(tx *sql.Tx) error { return s.updateCommand(ctx, tx, c) })
}

func (s *Store) updateCommand(ctx context.Context, tx *sql.Tx, c domain.Command) error {
	if err := s.keepVersion(ctx, tx, c.ID); err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, `UPDATE commands SET name = ?, name_key = ?, scope_key = ?, only_vm = ?, data = ?, updated_at = ?
		WHERE id = ? AND deleted_at IS NULL`, c.Name, nameKey(c.Name), scopeKey(c.Scope), onlyVM(c), toJSON(c), c.UpdatedAt.UnixMilli(), c.ID)
	return oneRow(res, commandConflict(c, err), "command", c.ID)
}

// DeleteCommand takes a command out of sight. Jobs that ran it keep their snapshot.
func (s *Store) DeleteCommand(ctx context.Context, id string) error {
	return s.write(ctx, "delete a command", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE commands SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL`, s.millis(), id)
		return oneRow(res, err, "command", id)
	})
}

// RestoreCommand undoes DeleteCommand. CodeConflict if the name is taken by now.
func (s *Store) RestoreCommand(ctx context.Context, id string) (domain.Command, error) {
	var c domain.Command
	err := s.write(ctx, "restore a command", func(tx *sql.Tx) (err error) {
		if c, err = scanCommand(tx.QueryRowContext(ctx, `SELECT `+commandColumns+` FROM commands WHERE id = ?`, id)); err != nil {
			return s.rowError(ctx, "command", id, err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE commands SET deleted_at = NULL, deleted_with = '' WHERE id = ?`, id)
		return commandConflict(c, err)
	})
	return c, err
}

// scopeKey is the same for scopes that are the same.
func scopeKey(scope domain.Scope) string {
	words := scope.Tags
	switch scope.Kind {
	case domain.ScopeVMs:
		words = scope.VMIDs
	case domain.ScopeTags:
	default:
		return ""
	}
	return string(scope.Kind) + " " + strings.Join(slices.Sorted(slices.Values(words)), "\x1f")
}

func onlyVM(c domain.Command) string {
	if c.Scope.Kind == domain.ScopeVMs && len(c.Scope.VMIDs) == 1 {
		return c.Scope.VMIDs[0]
	}
	return ""
}

func scopeWords(scope domain.Scope) string {
	switch scope.Kind {
	case domain.ScopeTags:
		return " for these tags"
	case domain.ScopeVMs:
		return " for these VMs"
	}
	return ""
}

func commandConflict(c domain.Command, err error) error {
	switch {
	case isUnique(err, "name"):
		e := domain.NewError(domain.CodeConflict, "Choose another name.", "there is a command named %q already%s", c.Name, scopeWords(c.Scope))
		e.Field = "name"
		return e.WithCause(err)
	case isUnique(err, "id"):
		return domain.NewError(domain.CodeConflict, "", "this command is there already").WithCause(err)
	}
	return err
}
