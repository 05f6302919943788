package store

import (
	"crypto/rand"
	"io"
	"os"
	"sync"
)

// ballastSuffix makes the file's name from the database's.
const ballastSuffix = ".ballast"

// ballast is a file that does nothing but take room, so that there is some to give when the disk is full.
type ballast struct {
	path string
	size int64

	mu   sync.Mutex
	gone bool // given up; output may not eat the room it left
}

// giveUp removes the file and reports whether that made room. From then on output waits for a disk with room again.
func (b *ballast) giveUp() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	info, err := os.Stat(b.path)
	return err == nil && info.Size() > 0 && os.Remove(b.path) == nil
}

// room reports whether output may be written: the ballast is in place, or can be put there again with as much left over.
func (b *ballast) room() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.gone {
		return true
	}
	if free, ok := freeBytes(b.path); !ok || free < 2*b.size {
		return false
	}
	b.gone = !b.fill()
	return !b.gone
}

// restore puts the file in place where there is room for it; a nearly full disk is left alone.
func (b *ballast) restore() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if info, err := os.Stat(b.path); err == nil && info.Size() == b.size {
		return
	}
	if free, ok := freeBytes(b.path); ok && free >= 2*b.size {
		b.fill()
	}
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
