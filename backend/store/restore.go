package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"vmorchestrator/backend/domain"
)

// Restore puts a backup in the place of the database of o, which nobody may have open. It copies the file, checks the
// copy to its last page and its version, and only then moves the old database aside and the copy into its place. Until
// that moment any error and the end of ctx leave all as it was. An older backup is brought up to date at the next Open.
// Errors: CodeInvalid for a file that is no backup or is damaged, CodeDatabaseNew for one of a newer app, CodeDatabase
// while somebody uses the database, CodeDiskFull, CodeDataFolder.
func Restore(ctx context.Context, o Options, from string, done func(bytes, total int64)) (domain.Restored, error) {
	steps, err := migrations()
	if err != nil {
		return domain.Restored{}, domain.NewError(domain.CodeInternal, "", "read migrations: %w", err)
	}
	alone, err := lockAlone(o)
	if err != nil {
		return domain.Restored{}, err
	}
	defer alone.Close() //nolint:errcheck // it holds nothing but the lock
	part, err := copyBeside(ctx, o.Path, from, done)
	if err != nil {
		return domain.Restored{}, err
	}
	defer os.Remove(part) //nolint:errcheck // once it is in place there is nothing to remove
	made, err := checkBackup(ctx, part, from, len(steps))
	if err != nil {
		return domain.Restored{}, err
	}
	replaced, err := putAside(ctx, o, "replaced")
	if err != nil {
		return domain.Restored{}, err
	}
	if err := os.Rename(part, o.Path); err != nil {
		return domain.Restored{}, errors.Join(folderError(o.Path, err), putBack(replaced, o.Path))
	}
	return domain.Restored{Backup: made, Replaced: replaced}, nil
}

// lockAlone takes the use lock for this process alone, making the folders if need be.
func lockAlone(o Options) (*flock.Flock, error) {
	if o.LockDir == "" {
		o.LockDir = filepath.Join(filepath.Dir(o.Path), "locks")
	}
	for _, dir := range []string{filepath.Dir(o.Path), o.LockDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, folderError(dir, err)
		}
	}
	lock := flock.New(filepath.Join(o.LockDir, useLock), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	alone, err := lock.TryLock()
	if err != nil {
		return nil, folderError(lock.Path(), err)
	}
	if !alone {
		return nil, domain.NewError(domain.CodeDatabase, "Close the window of the app and other vmo commands, then try again.",
			"the database is in use").WithDetails("%s", lock.Path())
	}
	return lock, nil
}

// copyBeside copies a foreign file into the folder of path.
func copyBeside(ctx context.Context, path, from string, done func(bytes, total int64)) (part string, err error) {
	source, err := os.Open(from)
	if err != nil {
		return "", domain.NewError(domain.CodeInvalid, "Name a file that vmo backup has written.", "the backup can't be read: %w", err)
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "", domain.NewError(domain.CodeInvalid, "Name a file that vmo backup has written.", "%s is no file", from)
	}
	target, err := os.CreateTemp(filepath.Dir(path), ".vmo-*")
	if err != nil {
		return "", folderError(path, err)
	}
	defer func() {
		if closeErr := target.Close(); err == nil && closeErr != nil {
			err = folderError(path, closeErr)
		}
		if err != nil {
			_ = os.Remove(target.Name())
		}
	}()
	buf := make([]byte, copyStep)
	for at := int64(0); ; {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		n, readErr := source.Read(buf)
		if _, err := target.Write(buf[:n]); err != nil {
			return "", domain.NewError(domain.CodeDiskFull, "Make room on the disk of "+path+", then try again.", "the backup can't be copied: %w", err)
		}
		at += int64(n)
		if done != nil {
			done(at, max(at, info.Size()))
		}
		if errors.Is(readErr, io.EOF) {
			break
		}
		if readErr != nil {
			return "", domain.NewError(domain.CodeInvalid, "Try another copy of it.", "the backup can't be read: %w", readErr)
		}
	}
	if err := target.Sync(); err != nil {
		return "", folderError(path, err)
	}
	return target.Name(), nil
}

// checkBackup looks whether the file is a whole database of this app or of an older one. Names of errors are those of
// from, which the person knows.
func checkBackup(ctx context.Context, path, from string, newest int) (domain.Backup, error) {
	no := func(err error, format string, args ...any) (domain.Backup, error) {
		if ctx.Err() != nil {
			return domain.Backup{}, context.Cause(ctx)
		}
		return domain.Backup{}, domain.NewError(domain.CodeInvalid, "Name a file that vmo backup has written, or try an older one.", format, args...).
			WithDetails("%s: %v", from, err)
	}
	db, err := sql.Open("sqlite", dsn(path, "deferred", false))
	if err != nil {
		return no(err, "the backup can't be opened")
	}
	defer db.Close()
	defer removeSides(path)
	db.SetMaxOpenConns(1)
	var version, tables int
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return no(err, "this is no backup of the app")
	}
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('vms', 'commands', 'jobs', 'runs', 'log_chunks')`).Scan(&tables); err != nil || version < 1 || tables != 5 {
		return no(err, "this is no backup of the app")
	}
	if version > newest {
		return domain.Backup{}, domain.NewError(domain.CodeDatabaseNew, "Install the newest version of the app; it reads what this one wrote too.",
			"the backup was written by a newer version of the app").WithDetails("%s has version %d, this app knows %d", from, version, newest)
	}
	damage, err := damageOf(ctx, db)
	if err != nil || len(damage) > 0 {
		return no(errors.Join(err, errors.New(strings.Join(damage, "; "))), "the backup is damaged")
	}
	made := domain.Backup{Path: from}
	if info, err := os.Stat(from); err == nil {
		made.Bytes, made.At = info.Size(), info.ModTime().UTC()
	}
	if err := db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM jobs WHERE deleted_at IS NULL),
		(SELECT count(*) FROM vms WHERE deleted_at IS NULL), (SELECT count(*) FROM commands WHERE deleted_at IS NULL)`).
		Scan(&made.Jobs, &made.VMs, &made.Commands); err != nil {
		return no(err, "the backup is damaged")
	}
	return made, nil
}

// damageOf is what SQLite finds wrong, the first lines of it; empty for a sound database.
func damageOf(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`PRAGMA integrity_check(%d)`, damageLines))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return all, err
		}
		if line != "ok" {
			all = append(all, line)
		}
	}
	return all, rows.Err()
}

// putAside moves the database of o away, its write-ahead log folded in or moved along, and gives its new name; "" if
// there is none. The use lock is held for this process alone.
func putAside(ctx context.Context, o Options, why string) (string, error) {
	if _, err := os.Lstat(o.Path); errors.Is(err, os.ErrNotExist) {
		removeSides(o.Path)
		return "", nil
	}
	if db, err := sql.Open("sqlite", dsn(o.Path, "immediate", false)); err == nil {
		// Best effort: a log that can't be folded in, as that of a damaged database, goes along under its new name.
		_, _ = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
		_ = db.Close()
	}
	aside := fmt.Sprintf("%s.%s-%s", o.Path, why, o.now().UTC().Format("20060102T150405.000"))
	for _, side := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(o.Path+side, aside+side); err != nil && (side == "" || !errors.Is(err, os.ErrNotExist)) {
			return "", errors.Join(folderError(o.Path, err), putBack(aside, o.Path))
		}
	}
	return aside, nil
}

// putBack undoes putAside.
func putBack(aside, path string) error {
	if aside == "" {
		return nil
	}
	var first error
	for _, side := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(aside+side, path+side); err != nil && !errors.Is(err, os.ErrNotExist) && first == nil {
			first = folderError(path, err)
		}
	}
	return first
}

// removeSides removes what SQLite keeps beside a database that is closed.
func removeSides(path string) {
	for _, side := range []string{"-wal", "-shm"} {
		_ = os.Remove(path + side)
	}
}
