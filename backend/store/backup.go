package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"time"

	"vmorchestrator/backend/domain"
)

// Backup copies the database into one file, whole and as of one moment, while others read and write it. done is told
// now and then how far it is, in bytes of total; nil is fine. The file appears when it is complete and replaces one of
// the same name; ctx ends the copying and leaves nothing. It holds no secret: those are in the keychain alone.
// Errors: CodeDiskFull, CodeLocal for a place that can't be written, CodeDatabase for a damaged source.
func (s *Store) Backup(ctx context.Context, path string, done func(bytes, total int64)) (domain.Backup, error) {
	const what = "back up the database"
	part, err := emptyBeside(path)
	if err != nil {
		return domain.Backup{}, backupPlace(path, err)
	}
	// The use lock is held, so no migration comes between; a connection of its own keeps the writer free.
	db, err := sql.Open("sqlite", dsn(s.path, "deferred", false))
	if err != nil {
		_ = os.Remove(part)
		return domain.Backup{}, databaseError(s.path, what, err)
	}
	defer db.Close()
	var total int64
	if err := db.QueryRowContext(ctx, `SELECT page_size * (page_count - freelist_count) FROM pragma_page_size, pragma_page_count, pragma_freelist_count`).Scan(&total); err != nil {
		_ = os.Remove(part)
		return domain.Backup{}, s.mapError(ctx, what, err)
	}
	stop := watchSize(part, total, done)
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, part)
	stop()
	if err == nil {
		err = syncFile(part)
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		_ = os.Remove(part)
		var system *os.PathError
		var link *os.LinkError
		if errors.As(err, &system) || errors.As(err, &link) {
			return domain.Backup{}, backupPlace(path, err)
		}
		return domain.Backup{}, s.mapError(ctx, what, err)
	}
	return s.described(ctx, path)
}

func (s *Store) described(ctx context.Context, path string) (domain.Backup, error) {
	b := domain.Backup{Path: path}
	if info, err := os.Stat(path); err == nil {
		b.Bytes, b.At = info.Size(), info.ModTime().UTC()
	}
	row := s.reader.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM jobs WHERE deleted_at IS NULL),
		(SELECT count(*) FROM vms WHERE deleted_at IS NULL), (SELECT count(*) FROM commands WHERE deleted_at IS NULL)`)
	return b, s.mapError(ctx, "count what was backed up", row.Scan(&b.Jobs, &b.VMs, &b.Commands))
}

// emptyBeside makes an empty file, the person's alone, in the folder of path: SQLite takes it as its own, where it would
// make one that all can read.
func emptyBeside(path string) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".vmo-*")
	if err != nil {
		return "", err
	}
	return file.Name(), file.Close()
}

func backupPlace(path string, err error) *domain.Error {
	return domain.NewError(domain.CodeLocal, "Choose another folder, or make room.", "the backup can't be written: %w", err).WithDetails("%s", path)
}

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = file.Sync()
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// watchSize tells done how big a growing file is until stop is called.
func watchSize(path string, total int64, done func(bytes, total int64)) (stop func()) {
	if done == nil {
		return func() {}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if info, err := os.Stat(path); err == nil {
					done(min(info.Size(), total), total)
				}
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit); <-ended; done(total, total) }
}
