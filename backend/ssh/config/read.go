package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// line is one line of a file that has a keyword.
type line struct {
	number  int
	keyword string   // in lower case
	rest    string   // all after it, as written, without the '=' and the blanks around
	words   []string // rest, taken apart
	bad     string   // why ssh would refuse the line whatever its keyword; "": it would not

	// fine is the baseline under which the value was found good. Most lines are of other hosts' blocks, and nothing but
	// that is asked of them.
	fine atomic.Pointer[baseline]
}

// text is one file.
type text struct {
	stamp stamp
	lines []*line
	mode  fs.FileMode
	mine  bool // it belongs to root or to this account, and nobody else may write it: ssh asks that of most files
}

// stamp is how a change of a file shows itself.
type stamp struct {
	path     string
	size     int64
	modified time.Time
	inode    uint64 // 0 where the system doesn't tell
}

// texts keeps files between questions. It may be used by many goroutines.
type texts struct {
	mu   sync.Mutex
	kept map[string]*text
}

// errSpecial is a pipe, a socket or a device. ssh may well read one that has a writer, and would wait for one that has
// none; only asking it, with its time limit, tells which.
var errSpecial = errors.New("it is no regular file")

// read gives a file. A folder is empty, as it is for ssh, and so is the null device. What is given back is shared.
func (t *texts) read(path string) (*text, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	now := stampOf(path, info)
	t.mu.Lock()
	kept := t.kept[path]
	t.mu.Unlock()
	if kept != nil && kept.stamp == now {
		return kept, nil
	}
	fresh, err := readText(path, info)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil || len(t.kept) >= maxFiles {
		t.kept = map[string]*text{}
	}
	// A file that was written a moment ago may be written once more within the same tick of its clock.
	if time.Since(fresh.stamp.modified) > settleTime {
		t.kept[path] = fresh
	} else {
		delete(t.kept, path)
	}
	return fresh, nil
}

// readText reads until the file stood still from the first byte to the last.
func readText(path string, info fs.FileInfo) (*text, error) {
	for range maxRereads {
		switch {
		case info.IsDir(), path == os.DevNull:
			return &text{stamp: stampOf(path, info), mode: info.Mode(), mine: onlyMine(info)}, nil
		case !info.Mode().IsRegular():
			return nil, errSpecial
		case info.Size() > maxFileBytes:
			return nil, fmt.Errorf("it has more than %d MiB", maxFileBytes>>20)
		}
		// Not to wait for a pipe that took the file's place since.
		f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		before, err := f.Stat()
		if err != nil || !before.Mode().IsRegular() {
			f.Close()
			return nil, errors.Join(err, errSpecial)
		}
		data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
		after, statErr := f.Stat()
		f.Close()
		if err := errors.Join(err, statErr); err != nil {
			return nil, err
		}
		info, err = os.Stat(path)
		if err != nil {
			return nil, err
		}
		now := stampOf(path, info)
		if now == stampOf(path, before) && now == stampOf(path, after) && int64(len(data)) == now.size {
			return &text{stamp: now, lines: splitText(data), mode: info.Mode(), mine: onlyMine(info)}, nil
		}
	}
	return nil, errors.New("it is being written all the time")
}

func stampOf(path string, info fs.FileInfo) stamp {
	return stamp{path: path, size: info.Size(), modified: info.ModTime(), inode: inodeOf(info)}
}

func splitText(data []byte) []*line {
	var out []*line
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		keyword, rest, err := splitKeyword(string(raw))
		if err != nil {
			out = append(out, &line{number: number, bad: "a quote is not closed"})
			continue
		}
		if keyword == "" {
			continue
		}
		l := &line{number: number, keyword: keyword, rest: rest}
		switch {
		case rest == "":
			l.bad = "it has no value"
		case strings.Contains(rest, "\r"):
			// ssh -G prints it as it is, and what reads that can't tell it from the end of a line.
			l.bad = "a carriage return stands inside"
		default:
			if l.words, err = splitWords(rest); err != nil {
				l.bad = "a quote is not closed"
			}
		}
		out = append(out, l)
	}
	return out
}
