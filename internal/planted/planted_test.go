package planted

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// What is looked for is found, in every form and at every place, and nothing else is.
func TestFinds(t *testing.T) {
	for range 50 {
		secret, other := New(t), New(t)
		for before := range 7 {
			text := fmt.Sprintf("%.*s%s%s", before, "before.", secret, "after")
			for name, coded := range map[string]string{
				"raw": text, "hex": fmt.Sprintf("%x", text), "HEX": fmt.Sprintf("%X", text),
				"base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64 for URLs": base64.RawURLEncoding.EncodeToString([]byte(text)),
			} {
				if !In([]byte(coded), secret) {
					t.Fatalf("%s of %q isn't found", name, text)
				}
				if In([]byte(coded), other) {
					t.Fatalf("%s of %q has what isn't there", name, text)
				}
			}
		}
	}
}

func TestFiles(t *testing.T) {
	dir, secret := t.TempDir(), New(t)
	if err := os.WriteFile(filepath.Join(dir, "log"), []byte("x "+secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := Files(t, dir, secret); len(found) != 1 {
		t.Errorf("%v", found)
	}
	if found := Files(t, dir, New(t)); len(found) != 0 {
		t.Errorf("%v", found)
	}
}
