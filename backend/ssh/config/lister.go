package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// Lister names the hosts of ssh_config, through Include. It runs no program, so "Match" conditions are not evaluated:
// the values beside a host are for showing, GResolver's are for connecting. It holds no state.
type Lister struct {
	ConfigFile string // the person's file
	SystemFile string // read after it, as ssh does unless it was given -F; "": none
	Home       string // for "~" and, with .ssh, for relative Includes of the person's file
}

// Name is the source that the hosts are from.
func (l *Lister) Name() domain.Source { return domain.SourceSSHConfig }

// List gives the hosts in the order of the files, the files that were looked at, and the lines that could not be used.
// Hosts with a wildcard or a negation are no hosts. err is only ever ctx's: a file that is missing or can't be read
// says so among files.
func (l *Lister) List(ctx context.Context) (hosts []domain.FoundHost, files []domain.LookedAt, problems []domain.ConfigProblem, err error) {
	w := &walk{ctx: ctx, home: l.Home, hosts: []host{}, listed: map[string]bool{}, files: []domain.LookedAt{}, problems: []domain.ConfigProblem{}}
	w.includeBase = filepath.Join(l.Home, ".ssh")
	w.file(l.ConfigFile, nil, nil)
	if l.SystemFile != "" {
		w.includeBase = filepath.Dir(l.SystemFile)
		w.file(l.SystemFile, nil, nil)
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, nil, domain.NewError(domain.CodeClosed, "", "reading ssh_config was given up: %w", err)
	}
	return w.found(), w.files, w.problems, nil
}

// walk collects over all files.
type walk struct {
	ctx         context.Context
	home        string
	includeBase string
	hosts       []host
	groups      []group
	listed      map[string]bool
	files       []domain.LookedAt
	problems    []domain.ConfigProblem
}

// scope is the Host lines that must all match: those around the Includes, and the block's own.
type scope [][]string

func (s scope) matches(alias string) bool {
	for _, patterns := range s {
		if !matchPatterns(patterns, alias) {
			return false
		}
	}
	return true
}

type host struct {
	alias string
	file  string
	line  int
	scope scope
}

// group is settings that follow each other under the same Host lines.
type group struct {
	scope    scope
	settings []setting
}

type setting struct {
	keyword string
	value   string
}

func (w *walk) problem(path string, line int, format string, args ...any) {
	if len(w.problems) < maxProblems {
		w.problems = append(w.problems, domain.ConfigProblem{File: path, Line: line, Message: fmt.Sprintf(format, args...)})
	}
}

// file reads one file and what it includes. chain is the files around it, outer their Host lines.
func (w *walk) file(path string, outer scope, chain []string) {
	if w.ctx.Err() != nil || len(w.files) >= maxFiles {
		return
	}
	looked := domain.LookedAt{Path: readable(path), State: "read"}
	data, err := readConfig(path)
	if err != nil {
		looked.State, looked.Error = "unreadable", err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			looked.State, looked.Error = "missing", ""
		}
		w.files = append(w.files, looked)
		return
	}
	at := len(w.files)
	w.files = append(w.files, looked)
	if text := unsafeMode(path); text != "" {
		w.problem(looked.Path, 0, "%s", text)
	}
	normal, problems := normalise(data)
	for _, p := range problems {
		w.problem(looked.Path, p.line, "%s", p.message)
	}
	parsed, err := normal.blocks()
	if err != nil { // normalised text always parses; the fuzz test looks for the exception
		w.files[at].State, w.files[at].Error = "unreadable", err.Error()
		return
	}
	chain = append(slices.Clone(chain), path)
	for _, b := range parsed {
		inner := outer
		if b.patterns != nil {
			inner = append(slices.Clone(outer), b.patterns)
			w.files[at].Hosts += w.aliases(looked.Path, b, inner)
		}
		g := group{scope: inner}
		for _, n := range b.nodes {
			if n.keyword == "include" {
				w.groups = append(w.groups, g)
				w.include(path, n, inner, chain)
				g.settings = nil
				continue
			}
			g.settings = append(g.settings, setting{keyword: n.keyword, value: n.words[0]})
		}
		w.groups = append(w.groups, g)
	}
}

// aliases takes the names of a Host line that are hosts, and counts them.
func (w *walk) aliases(path string, b block, inner scope) int {
	count := 0
	for _, name := range b.patterns {
		switch {
		case name == "" || strings.ContainsAny(name, "*?!"):
			continue
		case !utf8.ValidString(name):
			w.problem(path, b.line, "the name %q is not UTF-8", readable(name))
			continue
		case strings.HasPrefix(name, "-") || strings.ContainsFunc(name, unprintable):
			w.problem(path, b.line, "the name %q can't be given to ssh", name)
			continue
		case w.listed[name]:
			continue
		case !inner.matches(name):
			w.problem(path, b.line, "the host %q is never in force: a Host line around it, or the same one, excludes it", name)
			continue
		}
		w.listed[name] = true
		w.hosts = append(w.hosts, host{alias: name, file: path, line: b.line, scope: inner})
		count++
	}
	return count
}

func (w *walk) include(path string, n node, inner scope, chain []string) {
	if len(chain) > maxIncludeDepth {
		w.problem(readable(path), n.line, "more than %d Includes inside each other", maxIncludeDepth)
		return
	}
	for _, word := range n.words {
		pattern, ok := w.absolute(word)
		if !ok {
			w.problem(readable(path), n.line, "Include %s can't be followed", readable(word))
			continue
		}
		matches, err := filepath.Glob(pattern)
		if err != nil {
			w.problem(readable(path), n.line, "Include %s is no valid pattern", readable(word))
			continue
		}
		if len(matches) == 0 {
			if !strings.ContainsAny(pattern, "*?[") {
				w.files = append(w.files, domain.LookedAt{Path: readable(pattern), State: "missing"})
			}
			continue
		}
		if len(matches) > maxGlobMatches {
			w.problem(readable(path), n.line, "Include %s names %d files, of which the first %d are read", readable(word), len(matches), maxGlobMatches)
			matches = matches[:maxGlobMatches]
		}
		for _, match := range matches {
			if slices.Contains(chain, match) {
				w.problem(readable(path), n.line, "Include %s comes back to a file that is being read", readable(word))
				continue
			}
			w.file(match, inner, chain)
		}
	}
}

func (w *walk) absolute(word string) (string, bool) {
	if rest, tilde := strings.CutPrefix(word, "~"); tilde {
		name, path, _ := strings.Cut(rest, "/")
		if name == "" {
			return filepath.Join(w.home, path), w.home != ""
		}
		home, err := homeOf(name)
		return filepath.Join(home, path), err == nil
	}
	if filepath.IsAbs(word) {
		return word, true
	}
	return filepath.Join(w.includeBase, word), true
}

// found puts the values beside the hosts: the first that a matching block gives, as in ssh.
func (w *walk) found() []domain.FoundHost {
	out := make([]domain.FoundHost, 0, len(w.hosts))
	for _, h := range w.hosts {
		f := domain.FoundHost{Alias: h.alias, File: h.file, Line: h.line, Warnings: []string{}}
		given := map[string]string{}
		for _, g := range w.groups {
			if len(g.settings) == 0 || !g.scope.matches(h.alias) {
				continue
			}
			for _, s := range g.settings {
				if _, have := given[s.keyword]; !have {
					given[s.keyword] = readable(s.value)
				}
			}
		}
		f.User, f.Jump = given["user"], notNone(given["proxyjump"])
		f.Port, _ = strconv.Atoi(given["port"])
		f.IdentityFile = notNone(given["identityfile"])
		f.Host = given["hostname"]
		if strings.Contains(f.Host, "%") {
			f.Host = strings.NewReplacer("%%", "%", "%h", h.alias).Replace(f.Host)
		}
		if f.Host == "" {
			f.Host = h.alias
		}
		f.Host = strings.ToLower(f.Host) // as ssh does before it looks the name up
		out = append(out, f)
	}
	return out
}

// matchPatterns is OpenSSH's match_pattern_list for a Host line: one negated match refuses, else one match is enough.
func matchPatterns(patterns []string, name string) bool {
	found := false
	for _, pattern := range patterns {
		inner, negated := strings.CutPrefix(pattern, "!")
		if !wildcard(inner, name) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// wildcard matches '*' and '?'. kevinburke/ssh_config lets '?' match nothing too, ssh does not.
func wildcard(pattern, name string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// readConfig reads a regular file. Opening a FIFO would wait for ever for its writer.
func readConfig(path string) ([]byte, error) {
	if path == "" {
		return nil, fs.ErrNotExist
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > maxFileBytes:
		return nil, fmt.Errorf("it has more than %d MiB", maxFileBytes>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(data, []byte("\x1a")), nil
}
