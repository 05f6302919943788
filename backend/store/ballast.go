package store

import (
	"crypto/rand"
	"io"
	"os"
	"sync"
)

// ballastSuffix makes the file's name from the database's.
const ballastSuffix = ".ballast"

// ballast is a file that does nothing but take room, so that there is some to give when the disk is full. What counts is
// whether the file is there, not who gave it up: several processes share it.
type ballast struct {
	path string
	size int64
	mu   sync.Mutex
}

// giveUp removes the file and reports whether that made room. From then on output waits for a disk with room again.
func (b *ballast) giveUp() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	info, err := os.Stat(b.path)
	return err == nil && info.Size() > 0 && os.Remove(b.path) == nil
}

// room reports whether output may be written: the ballast is in place, can be put there with as much left over, or the
// disk has as much free. A file system that doesn't say how much is free is trusted to have it.
func (b *ballast) room() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if info, err := os.Stat(b.path); err == nil && info.Size() == b.size {
		return true
	}
	free, ok := freeBytes(b.path)
	if ok && free >= 2*b.size {
		return b.fill()
	}
	return !ok || free > b.size
}

// fill writes random bytes: zeros would take no room on a file system that compresses.
func (b *ballast) fill() bool {
	file, err := os.OpenFile(b.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return false
	}
	_, err = io.CopyN(file, rand.Reader, b.size)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(b.path)
	}
	return err == nil
}
