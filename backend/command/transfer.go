package command

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

const (
	// maxFiles bounds what is read of a folder: someone may choose their home.
	maxFiles = 500
	// maxDepth is how deep in a folder files are looked for.
	maxDepth = 5
)

// ImportState says what taking a command in would do.
type ImportState string

const (
	ImportNew     ImportState = "new"
	ImportChanged ImportState = "changed" // one of that name and scope is there and differs
	ImportSame    ImportState = "same"
)

// ImportRow is one command of the files that are looked at.
type ImportRow struct {
	State   ImportState    `json:"state"`
	File    string         `json:"file"`
	Line    int            `json:"line"`
	Command domain.Command `json:"command"` // as it would be; its id is that of the one that is there
	Was     domain.Command `json:"was"`     // with ImportChanged
	Fields  []string       `json:"fields"`  // what differs, in the words of the file
}

// ImportReview is what files would bring. Nothing is taken by making it.
type ImportReview struct {
	Rows     []ImportRow `json:"rows"`
	Problems []Problem   `json:"problems"`
}

// Export writes commands as one file; none named is all of the person's own.
func (s *Service) Export(ctx context.Context, ids []string) ([]byte, error) {
	all, err := s.chosen(ctx, ids)
	if err != nil {
		return nil, err
	}
	names, err := s.VMs(ctx)
	if err != nil {
		return nil, err
	}
	return Encode(all, names)
}

// ExportFolder writes a file for each command into a folder, named after it, and gives their names. A file that stands
// for another command there is replaced only if it was written for one of that name.
func (s *Service) ExportFolder(ctx context.Context, ids []string, dir string) ([]string, error) {
	all, err := s.chosen(ctx, ids)
	if err != nil {
		return nil, err
	}
	names, err := s.VMs(ctx)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	files := []string{}
	for _, c := range all {
		text, err := Encode([]domain.Command{c}, names)
		if err != nil {
			return files, err
		}
		name := fileName(c.Name)
		for n := 2; used[name]; n++ {
			name = fileName(c.Name + " " + string(rune('0'+n%10)))
		}
		used[name] = true
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil { //nolint:gosec // a team's files, without secrets
			return files, domain.NewError(domain.CodeLocal, "Choose another folder, or make room.", "the file can't be written: %w", err)
		}
		files = append(files, name)
	}
	return files, nil
}

// fileName is a name for files that every system takes.
func fileName(name string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			out.WriteRune(r)
		case out.Len() > 0 && !strings.HasSuffix(out.String(), "-"):
			out.WriteByte('-')
		}
	}
	base := strings.Trim(out.String(), "-")
	if base == "" {
		base = "command"
	}
	return base + ".yaml"
}

// chosen gives the commands with these ids in the order of the list, or all of the person's own. CodeNotFound for one
// that is gone.
func (s *Service) chosen(ctx context.Context, ids []string) ([]domain.Command, error) {
	list, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	out := []domain.Command{}
	for _, c := range list {
		if slices.Contains(ids, c.ID) || len(ids) == 0 && c.Library == "" {
			out = append(out, c)
		}
	}
	if len(out) < len(ids) {
		return nil, domain.NewError(domain.CodeNotFound, "Look at the list again.", "a command is gone")
	}
	// As the panel shows them: groups by name, the nameless one last.
	slices.SortStableFunc(out, func(a, b domain.Command) int {
		switch {
		case (a.Group == "") != (b.Group == ""):
			if a.Group == "" {
				return 1
			}
			return -1
		case a.Group != b.Group:
			return strings.Compare(strings.ToLower(a.Group), strings.ToLower(b.Group))
		case a.Order != b.Order:
			return a.Order - b.Order
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out, nil
}

// ReviewImport reads a file, or all files of commands in a folder, and says what taking them in would do.
// CodeInvalid with field "path" if it can't be read at all.
func (s *Service) ReviewImport(ctx context.Context, name string) (ImportReview, error) {
	review := ImportReview{Rows: []ImportRow{}, Problems: []Problem{}}
	vms, err := s.vmIDs(ctx)
	if err != nil {
		return review, err
	}
	own, err := s.Store.ListCommands(ctx)
	if err != nil {
		return review, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return review, unreadable(err)
	}
	var found []Read
	if info.IsDir() {
		found, review.Problems = readFolder(name, vms)
		if len(found) == 0 && len(review.Problems) == 0 {
			return review, domain.FieldError("path", "there is no .yaml or .yml file in %s", name)
		}
	} else {
		text, err := readBounded(os.DirFS(filepath.Dir(name)), filepath.Base(name))
		if err != nil {
			return review, unreadable(err)
		}
		found, review.Problems = Decode(filepath.Base(name), text, vms)
	}
	seen := map[string]Read{}
	for _, r := range found {
		key := strings.ToLower(r.Command.Name) + "\x00" + scopeWord(r.Command.Scope)
		if first, twice := seen[key]; twice {
			review.Problems = append(review.Problems, Problem{File: r.File, Line: r.Line, Message: "\"" + r.Command.Name + "\" is in " + first.File + ", too"})
			continue
		}
		seen[key] = r
		review.Rows = append(review.Rows, rowFor(r, own))
	}
	if review.Problems == nil {
		review.Problems = []Problem{}
	}
	return review, nil
}

func rowFor(r Read, own []domain.Command) ImportRow {
	row := ImportRow{State: ImportNew, File: r.File, Line: r.Line, Command: r.Command, Fields: []string{}}
	for _, c := range own {
		if !strings.EqualFold(c.Name, r.Command.Name) || scopeWord(c.Scope) != scopeWord(r.Command.Scope) {
			continue
		}
		row.Command.ID, row.Command.Order, row.Command.Shipped = c.ID, c.Order, c.Shipped
		row.Fields = differences(c, row.Command)
		row.State = ImportSame
		if len(row.Fields) > 0 {
			row.State, row.Was = ImportChanged, c
		}
	}
	return row
}

// differences names what differs between two commands as their files tell them.
func differences(a, b domain.Command) []string {
	names := map[string]string{}
	for _, id := range append(slices.Clone(a.Scope.VMIDs), b.Scope.VMIDs...) {
		names[id] = id
	}
	x, y := keysOf(a, names), keysOf(b, names)
	out := []string{}
	for _, key := range sortedKeys(x) {
		if x[key] != y[key] {
			out = append(out, key)
		}
	}
	for _, key := range sortedKeys(y) {
		if _, there := x[key]; !there {
			out = append(out, key)
		}
	}
	return out
}

// Import takes in the rows that were chosen: all of them or, with an error, none.
func (s *Service) Import(ctx context.Context, rows []ImportRow) (int, error) {
	var fresh, changed []domain.Command
	for _, row := range rows {
		c, err := prepare(row.Command)
		if err != nil {
			return 0, err
		}
		switch row.State {
		case ImportNew:
			fresh = append(fresh, s.fresh(c))
		case ImportChanged:
			old, err := s.Store.GetCommand(ctx, c.ID)
			if err != nil {
				return 0, err
			}
			c.Shipped, c.Library, c.CreatedAt, c.UpdatedAt = old.Shipped, "", old.CreatedAt, s.stamp()
			changed = append(changed, c)
		}
	}
	return len(fresh) + len(changed), s.Store.PutCommands(ctx, fresh, changed)
}

func (s *Service) vmIDs(ctx context.Context) (map[string]string, error) {
	names, err := s.VMs(ctx)
	ids := make(map[string]string, len(names))
	for id, name := range names {
		ids[name] = id
	}
	return ids, err
}

// readFolder reads the files of commands below a folder, in the order of their names.
func readFolder(dir string, vmIDs map[string]string) ([]Read, []Problem) {
	root := os.DirFS(dir)
	var commands []Read
	problems := []Problem{}
	files, err := commandFiles(root)
	if err != nil {
		return nil, []Problem{{File: dir, Message: "this folder can't be read: " + plainError(err)}}
	}
	if len(files) > maxFiles {
		problems = append(problems, Problem{File: dir, Message: "only the first 500 files are read"})
		files = files[:maxFiles]
	}
	for _, name := range files {
		text, err := readBounded(root, name)
		if err != nil {
			problems = append(problems, Problem{File: name, Message: "this file can't be read: " + plainError(err)})
			continue
		}
		found, faults := Decode(name, text, vmIDs)
		commands, problems = append(commands, found...), append(problems, faults...)
	}
	return commands, problems
}

// commandFiles names the files of commands in a folder and those below it; what begins with a dot isn't looked at.
func commandFiles(root fs.FS) ([]string, error) {
	files := []string{}
	err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			return nil //nolint:nilerr // a folder below that can't be read hides nothing else
		case name == ".":
			return nil
		case strings.HasPrefix(e.Name(), ".") && e.IsDir(), e.IsDir() && strings.Count(name, "/") >= maxDepth:
			return fs.SkipDir
		case e.IsDir() || strings.HasPrefix(e.Name(), "."):
			return nil
		}
		if ext := path.Ext(name); ext == ".yaml" || ext == ".yml" {
			files = append(files, name)
		}
		if len(files) > maxFiles {
			return fs.SkipAll
		}
		return nil
	})
	return files, err
}
