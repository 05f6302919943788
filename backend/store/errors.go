package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"vmorchestrator/backend/domain"
)

// sqliteCode is the primary result code of err, 0 if it isn't SQLite's.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// mapError turns what the database said while doing what into the words of the domain. A *domain.Error stays as it is,
// and so does the end of a context.
func (s *Store) mapError(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	var known *domain.Error
	if errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	if s.closed.Load() || errors.Is(err, sql.ErrConnDone) || strings.Contains(err.Error(), "database is closed") {
		return domain.NewError(domain.CodeClosed, "", "%s: the database is closed", what).WithCause(err)
	}
	return databaseError(s.path, what, err)
}

func diskFull(path string) *domain.Error {
	return domain.NewError(domain.CodeDiskFull, "Make room on the disk of "+path+", then try again.", "the disk is full")
}

func databaseError(path, what string, err error) *domain.Error {
	var full *sqlite.Error
	extended := 0
	if errors.As(err, &full) {
		extended = full.Code()
	}
	told := func(e *domain.Error) *domain.Error {
		return e.WithCause(err).WithDetails("%s: %v (SQLite %d, %s)", what, err, extended, path)
	}
	made := func(code domain.Code, hint, message string) *domain.Error {
		return told(domain.NewError(code, hint, "%s", message))
	}
	switch sqliteCode(err) {
	case sqlite3.SQLITE_FULL:
		return told(diskFull(path))
	case sqlite3.SQLITE_IOERR:
		if extended == sqlite3.SQLITE_IOERR_SHMSIZE {
			return told(diskFull(path))
		}
		return made(domain.CodeDatabase, "Look at the disk of "+path+": the system reports a fault while reading or writing it.",
			"the database can't be read or written")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return made(domain.CodeDatabase, "Close other windows of the app and other vmo commands, then try again.",
			"another process keeps the database to itself")
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return made(domain.CodeDamaged, "Quit the app and run vmo repair, which saves what can be read and keeps the damaged file; or put back a backup with vmo restore.",
			"the database is damaged, or the file is something else")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return made(domain.CodeDataFolder, "Give yourself write access to "+path+" and its folder.", "the database can't be written")
	case sqlite3.SQLITE_CANTOPEN:
		return made(domain.CodeDataFolder, "Look whether "+path+" and its folder exist and are yours.", "the database can't be opened")
	case sqlite3.SQLITE_NOMEM:
		return made(domain.CodeDatabase, "Close other programs, then try again.", "there is not enough memory for the database")
	}
	return made(domain.CodeDatabase, "Try again; if it happens once more, copy the details into a report.",
		"the database didn't do what it was asked: "+what)
}

// isUnique reports whether err is a broken UNIQUE rule on the index or columns that have word in their name.
func isUnique(err error, word string) bool {
	return sqliteCode(err) == sqlite3.SQLITE_CONSTRAINT && strings.Contains(err.Error(), word)
}

func notFound(what, id string) *domain.Error {
	return domain.NewError(domain.CodeNotFound, "It may have been deleted; look at the list again.", "there is no %s %q", what, id)
}
