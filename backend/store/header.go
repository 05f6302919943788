package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"vmorchestrator/backend/domain"
)

// SQLite's file format, section 1.3: the header is the first 100 bytes, of which these are used here.
const (
	headerSize     = 100
	headerMagic    = "SQLite format 3\x00"
	headerPageSize = 16 // two bytes
	headerChange   = 24 // the change counter
	headerPages    = 28 // size of the file in pages
	headerFree     = 32 // first page of the list of free pages, and behind it their number
	headerValid    = 92 // the change counter for which the size holds
)

// readable gives a path at which SQLite takes the file for a database: path itself, or where its header was overwritten, or
// its end is missing, a copy with a header that fits, which remove deletes. SQLite reads nothing of such a file.
func readable(ctx context.Context, o Options, steps []migration) (path string, remove func(), err error) {
	file, err := os.Open(o.Path)
	if err != nil {
		return "", nil, folderError(o.Path, err)
	}
	defer file.Close()
	header := make([]byte, headerSize)
	info, err := file.Stat()
	if err != nil {
		return "", nil, folderError(o.Path, err)
	}
	if _, err := io.ReadFull(file, header); err != nil || info.Size() < 2*pageSize {
		return o.Path, func() {}, nil
	}
	whole := bytes.HasPrefix(header, []byte(headerMagic)) && binary.BigEndian.Uint16(header[headerPageSize:]) == pageSize
	if whole && int64(binary.BigEndian.Uint32(header[headerPages:]))*pageSize <= info.Size() {
		return o.Path, func() {}, nil
	}
	// A process that was killed while it folded its write-ahead log into the file leaves it shorter than it says: the log
	// has the rest, and SQLite makes both whole.
	if soundAsItIs(ctx, o.Path) {
		return o.Path, func() {}, nil
	}
	if !whole {
		if header, err = freshHeader(ctx, o, steps); err != nil {
			return "", nil, err
		}
	}
	pages := uint32(info.Size() / pageSize) // #nosec G115 -- SQLite has at most 2^32 pages
	binary.BigEndian.PutUint32(header[headerPages:], pages)
	copy(header[headerFree:headerFree+8], make([]byte, 8)) // which pages were free is not known
	copy(header[headerValid:headerValid+4], header[headerChange:headerChange+4])
	copied, err := emptyBeside(o.Path)
	if err != nil {
		return "", nil, folderError(o.Path, err)
	}
	remove = func() { _ = os.Remove(copied); removeSides(copied) }
	if err := copyTo(copied, file, header); err != nil {
		remove()
		return "", nil, folderError(copied, err)
	}
	if wal, err := os.Open(o.Path + "-wal"); err == nil {
		err = copyTo(copied+"-wal", wal, nil)
		if err = errors.Join(err, wal.Close()); err != nil {
			remove()
			return "", nil, folderError(copied, err)
		}
	}
	return copied, remove, nil
}

// soundAsItIs says whether SQLite finds nothing wrong with the file and its log.
func soundAsItIs(ctx context.Context, path string) bool {
	db, err := sql.Open("sqlite", dsn(path, "deferred", false))
	if err != nil {
		return false
	}
	defer db.Close()
	damage, err := damageOf(ctx, db)
	return err == nil && len(damage) == 0
}

// copyTo writes head and then what follows in from.
func copyTo(path string, from io.Reader, head []byte) error {
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.MultiReader(bytes.NewReader(head), from))
	return errors.Join(err, to.Close())
}

// freshHeader is the header of a new database of this version.
func freshHeader(ctx context.Context, o Options, steps []migration) ([]byte, error) {
	part, err := emptyBeside(o.Path)
	if err != nil {
		return nil, folderError(o.Path, err)
	}
	defer os.Remove(part) //nolint:errcheck // it was only made to be read
	defer removeSides(part)
	db, err := sql.Open("sqlite", dsn(part, "immediate", false))
	if err != nil {
		return nil, databaseError(part, "open", err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{path: part, now: o.now, writer: db}
	err = s.forward(ctx, steps)
	if closeErr := db.Close(); err == nil && closeErr != nil {
		err = databaseError(part, "close", closeErr)
	}
	if err != nil {
		return nil, err
	}
	whole, err := os.ReadFile(part)
	if err != nil || len(whole) < headerSize {
		return nil, domain.NewError(domain.CodeInternal, "", "a new database has no header: %w", err)
	}
	return whole[:headerSize], nil
}
