package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"vmorchestrator/backend/domain"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// useLock is the lock file: shared by all who use the database, held alone by who changes its form or its place.
const useLock = "database.lock"

// migration is one step forward; there is none back.
type migration struct {
	version int
	sql     string
}

// migrations are the steps in order. Their numbers have no gap.
func migrations() ([]migration, error) {
	entries, err := fs.ReadDir(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	var all []migration
	for _, entry := range entries {
		number, _, _ := strings.Cut(entry.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != len(all)+1 {
			return nil, fmt.Errorf("migration %s is out of order", entry.Name())
		}
		text, err := migrationFiles.ReadFile("migrations/" + entry.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, migration{version, string(text)})
	}
	return all, nil
}

// migrate leaves the database at this app's version, with the shared use lock held. An older database is changed only
// while nobody else uses it, and only after it was copied.
func (s *Store) migrate(ctx context.Context, steps []migration, fresh bool) error {
	s.inUse = flock.New(filepath.Join(s.lockDir, useLock), flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	wait, cancel := context.WithTimeout(ctx, migrateWait)
	defer cancel()
	for {
		if err := s.lockUse(ctx, wait); err != nil {
			return err
		}
		version := 0
		if !fresh {
			var err error
			if version, err = s.version(ctx); err != nil {
				return err
			}
		}
		switch {
		case version == len(steps):
			return nil
		case version > len(steps):
			return domain.NewError(domain.CodeDatabaseNew, "Install the newest version of the app; it reads what this one wrote too.",
				"the database was written by a newer version of the app").
				WithDetails("%s has version %d, this app knows %d", s.path, version, len(steps))
		}
		if err := s.inUse.Unlock(); err != nil {
			return folderError(s.inUse.Path(), err)
		}
		alone, err := s.inUse.TryLock()
		if err != nil {
			return folderError(s.inUse.Path(), err)
		}
		if !alone {
			// Somebody else may be doing it this moment and then stay: look again rather than wait for them to leave.
			fresh = false
			select {
			case <-wait.Done():
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return s.usedByOthers()
			case <-time.After(lockRetry):
			}
			continue
		}
		if err := s.forward(ctx, steps); err != nil {
			return err
		}
		if err := s.inUse.Unlock(); err != nil {
			return folderError(s.inUse.Path(), err)
		}
		fresh = false
		// Copying a large database takes longer than anybody is waited for.
		again, stop := context.WithTimeout(ctx, migrateWait)
		defer stop()
		wait = again
	}
}

// lockUse takes the use lock as one of many, waiting for a migration as long as wait lasts.
func (s *Store) lockUse(ctx, wait context.Context) error {
	_, err := s.inUse.TryRLockContext(wait, lockRetry)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return s.usedByOthers()
	}
	return folderError(s.inUse.Path(), err)
}

func (s *Store) usedByOthers() error {
	return domain.NewError(domain.CodeDatabase, "Close other windows of the app and other vmo commands, then start again.",
		"the database must be brought up to date, and another process uses it").WithDetails("%s", s.inUse.Path())
}

func (s *Store) version(ctx context.Context) (int, error) {
	var version int
	if err := s.writer.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return 0, s.mapError(ctx, "read the database's version", err)
	}
	return version, nil
}

// forward runs the missing steps, each in one transaction. The exclusive use lock is held.
func (s *Store) forward(ctx context.Context, steps []migration) error {
	version, err := s.version(ctx) // again: another process may have done it while we waited
	if err != nil || version >= len(steps) {
		return err
	}
	if version == 0 {
		// These hold for the file and must come before its first table.
		for _, pragma := range []string{fmt.Sprintf("page_size = %d", pageSize), "auto_vacuum = INCREMENTAL", "journal_mode = WAL"} {
			if _, err := s.writer.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
				return s.mapError(ctx, "make the database", err)
			}
		}
	} else if err := s.copyBefore(ctx, version); err != nil {
		return err
	}
	for _, step := range steps[version:] {
		tx, err := s.writer.BeginTx(ctx, nil)
		if err != nil {
			return s.mapError(ctx, "bring the database up to date", err)
		}
		if _, err = tx.ExecContext(ctx, step.sql); err == nil {
			_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", step.version))
		}
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			_ = tx.Rollback()
			return s.mapError(ctx, fmt.Sprintf("bring the database to version %d", step.version), err)
		}
	}
	return nil
}

// copyBefore copies the database as it is, by SQLite itself: copying the file would miss what is still in the WAL, and
// closing the copy's source would drop the POSIX locks of this process.
func (s *Store) copyBefore(ctx context.Context, version int) error {
	path := fmt.Sprintf("%s.before-%d-%s", s.path, version+1, s.now().UTC().Format("20060102T150405.000"))
	// Made empty first, which SQLite takes: as its own new file it would be open to others for a moment.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
		return folderError(path, err)
	} else if err := f.Close(); err != nil {
		return folderError(path, err)
	}
	if _, err := s.writer.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		_ = os.Remove(path)
		return s.mapError(ctx, "copy the database before bringing it up to date", err)
	}
	return nil
}
