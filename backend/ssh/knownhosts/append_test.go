package knownhosts

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAppendRepairsTheMissingNewlineAndMakesPrivateFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "new", "known_hosts")
	q := Query{Host: "b", UserFiles: []string{file}}
	if err := Append(context.Background(), file, dir, q, testKey(t, 1), false); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%v %v", info.Mode(), err)
	}
	open := strings.TrimSuffix(Line("a", testKey(t, 2), false), "\n")
	if err := os.WriteFile(file, []byte(open), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Append(context.Background(), file, dir, q, testKey(t, 1), false); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(file); string(got) != open+"\n"+Line("b", testKey(t, 1), false) {
		t.Errorf("%q", got)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"", "#", "@", "@revoked", "a 1024 35 9", "|1|a|b ssh-rsa AAAA", "web ssh-ed25519 !", "a\x00b c d", "\t \r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, skip, err := parseLine(line)
		if err == nil && !skip && (e.key == nil || e.hosts == "") {
			t.Fatalf("%q gives %+v", line, e)
		}
		e.matches([]string{"web"})
	})
}
