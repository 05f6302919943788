// Package planted is for tests that plant a secret and then look for it wherever it must not be.
package planted

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// New gives a secret that nothing else in the world holds by chance.
func New(t testing.TB) string {
	t.Helper()
	return "pl" + rand.Text()
}

// forms are the ways in which a secret might be written: as it is, in hexadecimal, and in base64 wherever its first byte
// falls in a group of three.
func forms(secret string) [][]byte {
	all := [][]byte{[]byte(secret), []byte(hex.EncodeToString([]byte(secret))), []byte(strings.ToUpper(hex.EncodeToString([]byte(secret))))}
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), secret...))
		// The outer characters depend on the neighbours as well.
		core := strings.TrimRight(text, "=")
		core = core[(shift*8+5)/6 : len(core)-1]
		all = append(all, []byte(core), []byte(strings.NewReplacer("+", "-", "/", "_").Replace(core)))
	}
	return all
}

// In says whether text holds secret in any form.
func In(text []byte, secret string) bool {
	for _, form := range forms(secret) {
		if bytes.Contains(text, form) {
			return true
		}
	}
	return false
}

// Files gives the files below dir that hold secret, those included that an app has open: a database and its WAL.
func Files(t testing.TB, dir, secret string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // a file that is gone by now holds nothing
		}
		text, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Errorf("read %s: %v", path, err)
		}
		if In(text, secret) || In([]byte(path), secret) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return found
}
