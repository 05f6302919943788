package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/google/uuid"

	"vmorchestrator/backend/domain"
)

// library is a folder of commands that others keep, such as a clone of a team's repository. What is in it is offered
// and run like any command, and never written.
type library struct {
	mu       sync.Mutex
	dir      string
	print    string // of the files and the VMs when it was read
	list     []domain.Command
	problems []Problem
}

// Library is what the window says about the library folder.
type Library struct {
	Folder   string    `json:"folder"` // "" is none
	Commands int       `json:"commands"`
	Problems []Problem `json:"problems"`
}

const libraryPrefix = "library-"

// isLibrary reports whether an id is that of a command of the library.
func isLibrary(id string) bool { return strings.HasPrefix(id, libraryPrefix) }

func errReadOnly() error {
	return domain.NewError(domain.CodeNotAllowed, "Duplicate it: the copy is yours.", "a command of the library folder is changed in its file")
}

// UseLibrary makes dir the library; "" is none. It is read when it is next asked for.
func (s *Service) UseLibrary(dir string) {
	s.library.mu.Lock()
	defer s.library.mu.Unlock()
	if s.library.dir != dir {
		s.library.dir, s.library.print, s.library.list, s.library.problems = dir, "", nil, nil
	}
}

// CheckLibrary reports whether the library isn't what it was when it was last read.
func (s *Service) CheckLibrary(ctx context.Context) bool {
	l := &s.library
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dir == "" {
		return false
	}
	before := l.print
	l.read(ctx, s)
	return before != l.print
}

// Library says what the library folder holds and what is wrong with it.
func (s *Service) Library(ctx context.Context) Library {
	l := &s.library
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read(ctx, s)
	return Library{Folder: l.dir, Commands: len(l.list), Problems: append([]Problem{}, l.problems...)}
}

func (l *library) commands(ctx context.Context, s *Service) []domain.Command {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read(ctx, s)
	return l.list
}

// read reads the folder again if a file in it, or a VM, isn't what it was. l.mu is held.
func (l *library) read(ctx context.Context, s *Service) {
	if l.dir == "" {
		return
	}
	vms, err := s.vmIDs(ctx)
	if err != nil {
		return // what is known stays
	}
	print := fingerprint(l.dir, vms)
	if print == l.print {
		return
	}
	found, problems := readFolder(l.dir, vms)
	l.print, l.problems, l.list = print, problems, make([]domain.Command, 0, len(found))
	for _, r := range found {
		c := r.Command
		c.ID = libraryPrefix + uuid.NewSHA1(uuid.NameSpaceURL, []byte(r.File+"\x00"+c.Name+"\x00"+scopeWord(c.Scope))).String()
		c.Library = r.File
		l.list = append(l.list, c)
	}
}

// fingerprint changes when a file of the folder or the VMs do.
func fingerprint(dir string, vms map[string]string) string {
	var out strings.Builder
	root := os.DirFS(dir)
	files, err := commandFiles(root)
	fmt.Fprintf(&out, "%v %d\n", err, len(files))
	for _, name := range files {
		info, err := fs.Stat(root, name)
		if err != nil {
			fmt.Fprintf(&out, "%s %v\n", name, err)
			continue
		}
		fmt.Fprintf(&out, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
	}
	for _, name := range sortedKeys(vms) {
		out.WriteString(name + "=" + vms[name] + "\n")
	}
	return out.String()
}

// readBounded reads a regular file of at most MaxFile bytes.
func readBounded(root fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(root, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	return text, nil
}

func unreadable(err error) error {
	return domain.FieldError("path", "this can't be read: %s", plainError(err))
}

// plainError is what the system says, without the call and the path.
func plainError(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
