package knownhosts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What several user and global files say together, with keys of several types: one key that fits wins wherever it stands,
// else the first key of the same type is the one that was expected, else the first of any type (OpenSSH 9.2).
func TestFilesTogether(t *testing.T) {
	a, b, c, r := testKey(t, 1), testKey(t, 2), testKey(t, 3), newRSA(t).PublicKey()
	for name, x := range map[string]struct {
		user, global []string // a file each
		want         State
		at           string // "user 2:1" is the first line of the second user file
		other        bool
	}{
		"no files":                   {nil, nil, Unknown, "", false},
		"second user file":           {[]string{"db " + text(b), "web " + text(a)}, nil, Known, "user 2:1", false},
		"first of two that fit":      {[]string{"web " + text(a)}, []string{"web " + text(a)}, Known, "user 1:1", false},
		"global wins over a change":  {[]string{"web " + text(b), "web " + text(c)}, []string{"", "web " + text(a)}, Known, "global 2:1", false},
		"first change is shown":      {[]string{"web " + text(b)}, []string{"web " + text(c)}, Changed, "user 1:1", false},
		"other type in the user's":   {[]string{"web " + text(r)}, nil, Changed, "user 1:1", true},
		"other type in the global":   {[]string{""}, []string{"web " + text(r)}, Changed, "global 1:1", true},
		"same type is shown first":   {[]string{"web " + text(r)}, []string{"web " + text(b)}, Changed, "global 1:1", false},
		"other type beside the key":  {[]string{"web " + text(r)}, []string{"web " + text(a)}, Known, "global 1:1", false},
		"other type of another host": {[]string{"db " + text(r)}, []string{"*.x " + text(b)}, Unknown, "", false},
		"revoked by the global":      {[]string{"web " + text(a)}, []string{"", "@revoked * " + text(a)}, Revoked, "global 2:1", false},
		"revoked by the user's":      {[]string{"@revoked web " + text(a)}, []string{"web " + text(a)}, Revoked, "user 1:1", false},
		"other type is revoked":      {[]string{"@revoked web " + text(r)}, nil, Unknown, "", false},
		"negation is of its line":    {[]string{"*,!web " + text(b)}, []string{"web " + text(a)}, Known, "global 1:1", false},
		"no newline at the end":      {[]string{"db " + text(b) + "\nweb " + text(a)}, []string{"web " + text(b)}, Known, "user 1:2", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(kind string, texts []string) (paths []string) {
				for i, text := range texts {
					path := filepath.Join(dir, fmt.Sprint(kind, " ", i+1))
					if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					paths = append(paths, path)
				}
				return paths
			}
			got, err := Check(Query{Host: "web", UserFiles: write("user", x.user), GlobalFiles: write("global", x.global)}, a)
			at := ""
			if got.File != "" {
				at = fmt.Sprintf("%s:%d", filepath.Base(got.File), got.Line)
			}
			if err != nil || got.State != x.want || at != x.at || got.OtherType != x.other {
				t.Errorf("%q at %q other %v (%v), want %q at %q", got.State, at, got.OtherType, err, x.want, x.at)
			}
		})
	}
}

// Types come in the order of the files, each once, so that a server with several keys shows the known one.
func TestKnownKeyTypesOfSeveralFiles(t *testing.T) {
	a, r := testKey(t, 1), newRSA(t).PublicKey()
	q := Query{Host: "web", UserFiles: []string{file(t, "web "+text(r)), file(t, "w* "+text(a))}, GlobalFiles: []string{file(t, "web "+text(testKey(t, 2)))}}
	if got := fmt.Sprint(KnownKeyTypes(q)); got != "[ssh-rsa ssh-ed25519]" {
		t.Error(got)
	}
}

// Append writes to the file it is told and to no other, and not at all if any file, here a global one, has the key.
func TestAppendWithSeveralFiles(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	first, second, global := file(t, "db "+text(testKey(t, 2))), file(t, "# mine"), file(t, "old "+text(testKey(t, 1)))
	sizes := func() string {
		var lines []string
		for _, path := range []string{first, second, global} {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, fmt.Sprint(strings.Count(string(data), "\n")))
		}
		return strings.Join(lines, " ")
	}
	for _, step := range []struct{ host, want string }{{"old", "1 1 1"}, {"new", "2 1 1"}, {"new", "2 1 1"}} {
		q := Query{Host: step.host, UserFiles: []string{first, second}, GlobalFiles: []string{global}}
		if err := Append(ctx, first, dir, q, testKey(t, 1), false); err != nil || sizes() != step.want {
			t.Errorf("%s: %v, lines %s, want %s", step.host, err, sizes(), step.want)
		}
	}
}

// Every bad line of every file is named, and their number is bounded.
func TestProblemsNameFileAndLine(t *testing.T) {
	user, global := file(t, "# fine", "", "rubbish", "web "+text(testKey(t, 1))), file(t, strings.Repeat("bad line here\n", 3*maxProblems))
	got, err := Check(Query{Host: "web", UserFiles: []string{user}, GlobalFiles: []string{global}}, testKey(t, 1))
	if err != nil || got.State != Known || len(got.Problems) != maxProblems {
		t.Fatalf("%q %d %v", got.State, len(got.Problems), err)
	}
	for i, want := range []Problem{{File: user, Line: 3}, {File: global, Line: 1}, {File: global, Line: 2}} {
		if p := got.Problems[i]; p.File != want.File || p.Line != want.Line || p.Message == "" {
			t.Errorf("%+v, want %+v", p, want)
		}
	}
}
