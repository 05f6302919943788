package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

// Origin says where a value was written. The zero Origin is a default of ssh, Given what came with the question (the
// user and port that the person set in the app).
type Origin struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Given bool   `json:"given"`
}

// answer is what is in force for one host.
type answer struct {
	values  map[string][]string // as ssh -G prints them
	origins map[string][]Origin // parallel to values
	files   []stamp             // what it was read from
}

// notMine is the own resolver's "ask ssh": the reason names the keyword or criterion, and the place if there is one.
type notMine struct {
	why    string
	origin Origin
}

func (n *notMine) Error() string {
	if n.origin.File == "" {
		return n.why
	}
	return fmt.Sprintf("%s at %s:%d", n.why, n.origin.File, n.origin.Line)
}

// final says whether err is what the caller will be told, rather than what a file system said.
func final(err error) bool {
	var ask *notMine
	var told *domain.Error
	return errors.As(err, &ask) || errors.As(err, &told)
}

// evaluation is the reading of the configuration for one host. It follows readconf.c: every line is checked, those of
// active blocks are taken, and of a keyword the first value counts.
type evaluation struct {
	ctx      context.Context
	texts    *texts
	base     *baseline
	env      environment // what ssh itself would see
	original string      // the host as it was asked for
	host     string      // what Host lines are compared with: original, and in the final pass the name to connect to
	set      map[string][]setValue
	final    bool
	wanted   bool // a "Match final" was seen
	read     []stamp
}

type setValue struct {
	text   string
	origin Origin
	user   bool // from the person's file; ssh tells the same key file of both apart
}

// source is a file as ssh reads it.
type source struct {
	path   string
	user   bool // the person's: "~" and relative Includes are of the home folder
	needed bool // ssh ends without it
	check  bool // nobody else may write it
	never  bool // included from a block that isn't in force: checked, but nothing in it can match
}

// evaluate reads the files for t. It gives a *notMine where ssh has to be asked, which is also where ssh would refuse.
func evaluate(ctx context.Context, files *texts, base *baseline, env environment, configFile string, t domain.Target) (*answer, error) {
	e := &evaluation{ctx: ctx, texts: files, base: base, env: env, set: map[string][]setValue{}}
	if err := e.destination(t); err != nil {
		return nil, err
	}
	e.host = e.original
	if err := e.pass(configFile); err != nil {
		return nil, err
	}
	if err := e.connectTo(); err != nil {
		return nil, err
	}
	if e.wanted {
		e.final, e.read = true, nil
		if err := e.pass(configFile); err != nil {
			return nil, err
		}
	}
	return e.finish()
}

// destination takes the question apart as ssh does its command line.
func (e *evaluation) destination(t domain.Target) error {
	user, host, port := t.User, t.Destination(), t.Port
	uri, isURI := strings.CutPrefix(host, "ssh://")
	if at := strings.LastIndexByte(uri, '@'); at >= 0 {
		if user == "" {
			user = uri[:at]
		}
		if !plain(uri[:at], nameChars) {
			return &notMine{why: fmt.Sprintf("the user in %q", host)}
		}
		uri = uri[at+1:]
	}
	if isURI {
		name, given, hasPort := strings.Cut(uri, ":")
		if hasPort {
			n, ok := portNumber(given)
			if !ok {
				return &notMine{why: fmt.Sprintf("the port in %q", host)}
			}
			if port == 0 {
				port = n
			}
		}
		uri = name
	}
	if !plain(uri, hostChars) || (isURI && !isDomain(uri)) || (user != "" && !plain(user, nameChars+"@")) || port < 0 || port > 65535 {
		return &notMine{why: fmt.Sprintf("the destination %q", host)}
	}
	e.original = uri
	if user != "" {
		e.take("user", []string{user}, Origin{Given: true}, false)
	}
	if port != 0 {
		e.take("port", []string{fmt.Sprint(port)}, Origin{Given: true}, false)
	}
	if t.Jump != "" {
		hops, ok := jump(e, &line{rest: t.Jump})
		if !ok || e.original == "" {
			return &notMine{why: fmt.Sprintf("the jump host %q", t.Jump)}
		}
		e.take("proxyjump", hops, Origin{Given: true}, false)
	}
	if t.IdentityFile != "" {
		addFile(e, "identityfile", []string{t.IdentityFile}, Origin{Given: true}, true)
	}
	return nil
}

// pass reads all files once.
func (e *evaluation) pass(configFile string) error {
	sources, err := e.base.sources(configFile)
	for _, s := range sources {
		if err == nil {
			err = e.top(s)
		}
	}
	return err
}

func (e *evaluation) top(s source) error {
	active := true
	err := e.file(s, &active, 0)
	if errors.Is(err, fs.ErrNotExist) && !s.needed {
		e.read = append(e.read, stamp{path: s.path})
		return nil
	}
	if err != nil && !final(err) {
		return &notMine{why: fmt.Sprintf("reading %s: %v", s.path, err)}
	}
	return err
}

func (e *evaluation) file(s source, active *bool, depth int) error {
	if err := e.ctx.Err(); err != nil {
		return domain.NewError(domain.CodeClosed, "", "reading ssh_config was given up: %w", err)
	}
	text, err := e.texts.read(s.path)
	if err != nil {
		return err
	}
	if s.check && !text.mine {
		return &notMine{why: fmt.Sprintf("%s can be written by others", s.path)}
	}
	if e.read = append(e.read, text.stamp); len(e.read) > maxFiles {
		return &notMine{why: fmt.Sprintf("more than %d files", maxFiles)}
	}
	for _, l := range text.lines {
		if err := e.line(s, l, active, depth); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) line(s source, l *line, active *bool, depth int) error {
	at := Origin{File: s.path, Line: l.number}
	if l.bad != "" {
		return &notMine{why: strings.TrimSpace(l.keyword + ": " + l.bad), origin: at}
	}
	switch l.keyword {
	case "host":
		if len(l.words) == 0 || slices.Contains(l.words, "") {
			return &notMine{why: "Host without a name", origin: at}
		}
		*active = !s.never && matchPatterns(l.words, e.host)
		return nil
	case "match":
		found, err := e.match(l, at)
		*active = found && !s.never
		return err
	case "include":
		return e.include(s, l, at, active, depth)
	}
	return e.setting(s, l, at, *active)
}

// setting takes a line with a value.
func (e *evaluation) setting(s source, l *line, at Origin, active bool) error {
	if !active && l.fine.Load() == e.base {
		return nil
	}
	name := l.keyword
	if canonical, ok := aliases[name]; ok {
		name = canonical
	}
	if retired[name] {
		return nil
	}
	k, known := keywords[name]
	if !known || !(k.quiet || e.base.values[name] != nil) {
		if !known && e.ignored(l.keyword) && e.base.unknown(e.ctx, l.keyword) {
			return nil
		}
		return &notMine{why: "the keyword " + readable(l.keyword), origin: at}
	}
	values, ok := k.read(e, l)
	if !ok || (active && !k.mine(values)) {
		return &notMine{why: readable(l.keyword + " " + l.rest), origin: at}
	}
	if !active {
		if !k.variables {
			l.fine.Store(e.base)
		}
		return nil
	}
	if k.add == nil {
		e.take(name, values, at, s.user)
		return nil
	}
	if !k.add(e, name, values, at, s.user) {
		return &notMine{why: readable(l.keyword + " " + l.rest), origin: at}
	}
	return nil
}

// take is the rule of ssh_config(5): the first obtained value is used.
func (e *evaluation) take(name string, values []string, at Origin, user bool) {
	if len(e.set[name]) > 0 {
		return
	}
	for _, v := range values {
		e.set[name] = append(e.set[name], setValue{text: v, origin: at, user: user})
	}
}

// ignored asks IgnoreUnknown as far as it has been read, which is what counts for ssh too.
func (e *evaluation) ignored(keyword string) bool {
	list := e.set["ignoreunknown"]
	return len(list) > 0 && matchList(lower(list[0].text), keyword) > 0
}

func (e *evaluation) include(s source, l *line, at Origin, active *bool, depth int) error {
	for _, word := range l.words {
		paths, ok := e.included(s, word)
		if !ok {
			return &notMine{why: "Include " + readable(word), origin: at}
		}
		if depth == maxIncludeDepth && len(paths) > 0 {
			return &notMine{why: fmt.Sprintf("more than %d Includes inside each other", maxIncludeDepth), origin: at}
		}
		outer := *active
		for _, path := range paths {
			inner := source{path: path, user: s.user, check: true, never: s.never || !outer}
			err := e.file(inner, active, depth+1)
			*active = outer
			if err != nil && !final(err) {
				return &notMine{why: fmt.Sprintf("Include of %s (%v)", readable(path), err), origin: at}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// included gives the files of one word of an Include, sorted by bytes as glob(3) does in the C locale, in which ssh runs.
// Nothing but '*' and '?' is followed, and '?' not beside names that aren't ASCII, where it depends on the locale.
func (e *evaluation) included(s source, word string) (paths []string, ok bool) {
	if word == "" || strings.ContainsAny(word, `[]\%${}`) || strings.Contains(word, "//") || strings.HasSuffix(word, "/") {
		return nil, false
	}
	pattern := word
	if rest, tilde := strings.CutPrefix(word, "~"); tilde {
		if !s.user || !strings.HasPrefix(rest, "/") || e.base.home == "" {
			return nil, false
		}
		pattern = e.base.home + rest
	} else if !strings.HasPrefix(word, "/") {
		folder := strings.TrimSuffix(e.base.system, "/ssh_config")
		if s.user {
			folder = e.base.home + "/.ssh"
		}
		if folder == "" || folder == "/.ssh" {
			return nil, false
		}
		pattern = folder + "/" + word
	}
	if !strings.ContainsAny(pattern, "*?") {
		if _, err := os.Lstat(pattern); err != nil {
			e.read = append(e.read, stamp{path: pattern})
			return nil, errors.Is(err, fs.ErrNotExist)
		}
		return []string{pattern}, true
	}
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) > maxGlobMatches {
		return nil, false
	}
	wanted := strings.Split(pattern, "/")
	for _, path := range found {
		names := strings.Split(path, "/")
		if len(names) != len(wanted) || (strings.Contains(pattern, "?") && !isASCII(path)) {
			return nil, false
		}
		hidden := false // a leading dot has to be written, for glob(3) but not for Go
		for i, name := range names {
			hidden = hidden || strings.HasPrefix(name, ".") && !strings.HasPrefix(wanted[i], ".")
		}
		if !hidden {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths, true
}
