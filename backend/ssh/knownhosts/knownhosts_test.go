package knownhosts

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

func testKey(t *testing.T, n byte) ssh.PublicKey {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey()
}

func TestCheck(t *testing.T) {
	a, b := testKey(t, 1), testKey(t, 2)
	for name, c := range map[string]struct {
		text  string
		query Query
		want  State
	}{
		"plain":           {Line("web", a, false), Query{Host: "web"}, Known},
		"upper case":      {Line("WEB", a, false), Query{Host: "wEb"}, Known},
		"hashed":          {Line("web", a, true), Query{Host: "web"}, Known},
		"hashed port":     {Line("[web]:2222", a, true), Query{Host: "web", Port: 2222}, Known},
		"other port":      {Line("web", a, false), Query{Host: "web", Port: 2222}, Unknown},
		"wildcard":        {Line("w?b*", a, false), Query{Host: "web-1"}, Known},
		"negation":        {Line("*,!web", a, false), Query{Host: "web"}, Unknown},
		"alias":           {Line("name", a, false), Query{Host: "web", Port: 2222, HostKeyAlias: "name"}, Known},
		"changed":         {Line("web", b, false), Query{Host: "web"}, Changed},
		"second line":     {Line("web", b, false) + Line("web", a, false), Query{Host: "web"}, Known},
		"revoked":         {Line("web", a, false) + "@revoked " + Line("*", a, false), Query{Host: "web"}, Revoked},
		"after bad lines": {"rubbish\n" + strings.Repeat("x", 70000) + "\n" + Line("web", a, false), Query{Host: "web"}, Known},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			c.query.UserFiles = []string{file}
			got, err := Check(c.query, a)
			if err != nil || got.State != c.want {
				t.Fatalf("%q %v, want %q", got.State, err, c.want)
			}
			if name == "after bad lines" && (len(got.Problems) != 2 || got.Line != 3) {
				t.Errorf("%+v", got)
			}
		})
	}
	if _, err := Check(Query{Host: "web", UserFiles: []string{t.TempDir()}}, a); domain.CodeOf(err) != domain.CodeKnownHosts {
		t.Errorf("a folder: %v", err)
	}
}

func TestAppendByManyWritersLosesNothing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ssh", "known_hosts")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			q := Query{Host: fmt.Sprint("h", i), UserFiles: []string{file}}
			if err := Append(context.Background(), file, dir, q, testKey(t, 1), i%2 == 0); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 20 {
		if got, err := Check(Query{Host: fmt.Sprint("h", i), UserFiles: []string{file}}, testKey(t, 1)); err != nil || got.State != Known {
			t.Errorf("h%d: %q %v", i, got.State, err)
		}
	}
	err := Append(context.Background(), file, dir, Query{Host: "h1", UserFiles: []string{file}}, testKey(t, 2), false)
	if domain.CodeOf(err) != domain.CodeHostKeyChanged {
		t.Errorf("another key: %v", err)
	}
}

// Whoever remembers what a file meant must see at once that it says something else, above all that a key is revoked.
func TestParsedSeesEveryChangeOfAFile(t *testing.T) {
	a, b := testKey(t, 1), testKey(t, 2)
	file := filepath.Join(t.TempDir(), "known_hosts")
	q := Query{Host: "web", UserFiles: []string{file}, GlobalFiles: []string{filepath.Join(t.TempDir(), "none")}, Parsed: &Parsed{}}
	line := Line("web", a, false)
	for _, c := range []struct {
		text string
		want State
	}{
		{"", Unknown}, {line, Known}, {line, Known}, {Line("web", b, false), Changed}, {line, Known},
		{line + "@revoked * " + strings.SplitN(line, " ", 2)[1], Revoked}, {"#" + line[1:], Unknown}, {line + "rubbish\n", Known},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := Check(q, a)
			if err != nil || got.State != c.want || (len(got.Problems) > 0) != strings.Contains(c.text, "rubbish") {
				t.Errorf("%q: %+v %v, want %s", c.text, got, err, c.want)
			}
		}
	}
}
