// Package store keeps what must outlive the app in one SQLite database: VMs, commands, jobs, runs, their output and the
// person's settings. It is the only package that knows SQL.
//
// It promises that several processes may use the same database at once (a window and any number of vmo), that a write
// is there as a whole or not at all, that a finished status never changes, and that the runs of a process that died
// are found. Writes go through one connection in short immediate transactions; reads have a small pool of their own
// and never wait for a write. Every error is a *domain.Error, or the end of the caller's context.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the driver named "sqlite"

	"vmorchestrator/backend/domain"
)

// Options say where the database is.
type Options struct {
	Path    string           // the database file; its folder is made if need be
	LockDir string           // for lock files; "" is the folder "locks" beside the database
	Now     func() time.Time // nil is time.Now
	NewID   func() string    // UUIDv7; nil is google/uuid's
	// BallastBytes is the size of the file that is given up for final states when the disk is full. 0 is the default.
	BallastBytes int64
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	path    string
	lockDir string
	now     func() time.Time
	newID   func() string

	writer *sql.DB // one connection, immediate transactions
	reader *sql.DB
	inUse  *flock.Flock // shared: no migration while we are here
	closed atomic.Bool

	ballast  ballast
	prepared prepared

	mu       sync.Mutex
	instance string       // "" before RegisterInstance
	alive    *flock.Flock // exclusive: says that instance lives
}

// Open opens the database, makes it if there is none, and brings an older one up to date after copying it.
// Errors: CodeDataFolder, CodeDatabase, CodeDatabaseNew, CodeDiskFull.
func Open(ctx context.Context, o Options) (*Store, error) {
	steps, err := migrations()
	if err != nil {
		return nil, domain.NewError(domain.CodeInternal, "", "read migrations: %w", err)
	}
	return openWith(ctx, o, steps)
}

func (o Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

func openWith(ctx context.Context, o Options, steps []migration) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.LockDir == "" {
		o.LockDir = filepath.Join(filepath.Dir(o.Path), "locks")
	}
	if o.BallastBytes == 0 {
		o.BallastBytes = defaultBallast
	}
	for _, dir := range []string{filepath.Dir(o.Path), o.LockDir} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, folderError(dir, err)
		}
	}
	s := &Store{
		path: o.Path, lockDir: o.LockDir, now: o.Now, newID: o.NewID,
		ballast: ballast{path: o.Path + ballastSuffix, size: o.BallastBytes},
	}
	err := s.open(ctx, steps)
	if domain.CodeOf(err) == domain.CodeDiskFull && s.ballast.giveUp() {
		// Even a reader needs some room: SQLite's index of the write-ahead log is a file.
		_ = s.release()
		err = s.open(ctx, steps)
	}
	if err != nil {
		_ = s.release() // why it could not be opened says more
		return nil, err
	}
	s.ballast.room() // asked here, so that it is put in place
	return s, nil
}

func folderError(path string, err error) *domain.Error {
	if domain.IsDiskFull(err) {
		return diskFull(path).WithCause(err)
	}
	return domain.NewError(domain.CodeDataFolder,
		"Give yourself write access to it, or choose another folder with VMO_DATA_DIR.",
		"the data folder can't be used: %w", err).WithDetails("%s", path)
}

func (s *Store) open(ctx context.Context, steps []migration) error {
	// SQLite would make the file readable to all; what commands print is nobody else's business.
	file, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return folderError(s.path, err)
	}
	size, err := file.Seek(0, 2)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return folderError(s.path, err)
	}
	if s.writer, err = sql.Open("sqlite", dsn(s.path, "immediate", false)); err != nil {
		return databaseError(s.path, "open", err)
	}
	s.writer.SetMaxOpenConns(1)
	s.writer.SetMaxIdleConns(1)
	if err := s.migrate(ctx, steps, size == 0); err != nil {
		return err
	}
	if s.reader, err = sql.Open("sqlite", dsn(s.path, "deferred", true)); err != nil {
		return databaseError(s.path, "open", err)
	}
	s.reader.SetMaxOpenConns(readConns)
	s.reader.SetMaxIdleConns(readConns)
	return nil
}

// dsn is the driver's name for the database, with all that a connection needs before its first statement.
func dsn(path, lock string, readOnly bool) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/... becomes file:///C:/...
	}
	name := url.URL{Scheme: "file", Path: path}
	pragmas := []string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"foreign_keys(1)",
		"synchronous(NORMAL)", // with WAL: the death of the app loses nothing, a power cut at most the last commits
		fmt.Sprintf("journal_size_limit(%d)", walLimit),
		"temp_store(MEMORY)",
	}
	if readOnly {
		// Thrice SQLite's own: the history of a VM lies over some thousand pages.
		pragmas = append(pragmas, "query_only(1)", "cache_size(-6000)")
	}
	query := url.Values{"_txlock": {lock}, "_pragma": pragmas}
	return name.String() + "?" + query.Encode()
}

// Close ends the use of the database. The instance's row goes if nothing of it runs any more; else its runs are found
// dead by the next ReapDead, as they must be.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.mu.Lock()
	instance := s.instance
	s.mu.Unlock()
	if instance != "" {
		// Best effort: a row that stays is found by the next ReapDead.
		_, _ = s.writer.Exec(`DELETE FROM instances WHERE id = ?1
			AND NOT EXISTS (SELECT 1 FROM jobs WHERE owner = ?1 AND status IN ('queued', 'running'))`, instance)
	}
	return s.release()
}

func (s *Store) release() error {
	var first error
	keep := func(err error) {
		if first == nil && err != nil {
			first = err
		}
	}
	if s.reader != nil {
		keep(s.reader.Close())
	}
	keep(s.prepared.close())
	if s.writer != nil {
		keep(s.writer.Close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive != nil {
		keep(os.Remove(s.alive.Path()))
		keep(s.alive.Close())
		s.alive = nil
	}
	if s.inUse != nil {
		keep(s.inUse.Close())
	}
	return first
}

// write runs fn in one immediate transaction, again if another process held the database for too long. fn may run
// more than once and must be short.
func (s *Store) write(ctx context.Context, what string, fn func(*sql.Tx) error) error {
	var err error
	for range busyTries {
		if err = s.tryWrite(ctx, fn); !isBusy(err) || ctx.Err() != nil {
			break
		}
	}
	return s.mapError(ctx, what, err)
}

func (s *Store) tryWrite(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it has nothing to do
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// writeAlways is write for what must be kept on a full disk too: who is here, how runs ended, and what makes room.
func (s *Store) writeAlways(ctx context.Context, what string, fn func(*sql.Tx) error) error {
	return s.withRoom(ctx, func() error { return s.write(ctx, what, fn) })
}

// withRoom does something again if the disk was full. It gives up the ballast for it, and folds the write-ahead log into
// the database, which frees the log's room: what ends a run changes few pages, each of them many times.
func (s *Store) withRoom(ctx context.Context, do func() error) error {
	err := do()
	if domain.CodeOf(err) != domain.CodeDiskFull {
		return err
	}
	s.ballast.giveUp()
	if again := do(); domain.CodeOf(again) != domain.CodeDiskFull {
		return again
	}
	if _, folded := s.writer.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); folded != nil {
		return err
	}
	return do()
}

func (s *Store) millis() int64 { return s.now().UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func fromNullMillis(ms sql.NullInt64) *time.Time {
	if !ms.Valid {
		return nil
	}
	at := fromMillis(ms.Int64)
	return &at
}

func nullMillis(at *time.Time) any {
	if at == nil {
		return nil
	}
	return at.UnixMilli()
}

// toJSON is v as a column holds it. The domain's types always marshal.
func toJSON(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T does not marshal: %v", v, err))
	}
	return string(out)
}

// nullJSON is NULL for a nil pointer.
func nullJSON[T any](v *T) any {
	if v == nil {
		return nil
	}
	return toJSON(v)
}

func fromJSON(column, text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return domain.NewError(domain.CodeDatabase, "The database is damaged; put back a copy, or report it with the details.",
			"%s of the database can't be read: %w", column, err)
	}
	return nil
}

func fromNullJSON[T any](column string, text sql.NullString) (*T, error) {
	if !text.Valid {
		return nil, nil
	}
	v := new(T)
	return v, fromJSON(column, text.String, v)
}
