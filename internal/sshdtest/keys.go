package sshdtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// KeyType is the kind of a key pair.
type KeyType string

// The kinds that NewKey makes.
const (
	Ed25519 KeyType = "ed25519"
	RSA     KeyType = "rsa"
	ECDSA   KeyType = "ecdsa"
)

// Key is a key pair in OpenSSH's format: the private half in Path (0600), the public half in Path.pub.
type Key struct {
	Path        string
	Public      gossh.PublicKey
	Signer      gossh.Signer
	Private     crypto.PrivateKey // for an agent
	Fingerprint string            // "SHA256:..."
}

// NewKey makes a key pair in dir; a passphrase encrypts the file as ssh-keygen does.
func NewKey(dir, name string, kind KeyType, passphrase string) (Key, error) {
	var private crypto.PrivateKey
	var err error
	switch kind {
	case RSA:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case ECDSA:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return Key{}, fmt.Errorf("generate a %s key: %w", kind, err)
	}
	signer, err := gossh.NewSignerFromKey(private)
	if err != nil {
		return Key{}, err
	}
	block, err := gossh.MarshalPrivateKey(private, name)
	if err != nil {
		return Key{}, err
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return Key{}, err
	}
	if passphrase != "" {
		// One round of bcrypt in the place of the usual sixteen: with the race detector each takes a tenth of a second.
		if out, err := exec.Command("ssh-keygen", "-q", "-p", "-a", "1", "-P", "", "-N", passphrase, "-f", path).CombinedOutput(); err != nil {
			return Key{}, fmt.Errorf("ssh-keygen -p: %w: %s", err, out)
		}
	}
	if err := os.WriteFile(path+".pub", gossh.MarshalAuthorizedKey(signer.PublicKey()), 0o644); err != nil {
		return Key{}, err
	}
	return Key{
		Path: path, Public: signer.PublicKey(), Signer: signer, Private: private,
		Fingerprint: gossh.FingerprintSHA256(signer.PublicKey()),
	}, nil
}

// MustKey is NewKey in the test's own temporary folder.
func MustKey(t testing.TB, kind KeyType, passphrase string) Key {
	t.Helper()
	key, err := NewKey(t.TempDir(), "id_"+string(kind), kind, passphrase)
	if err != nil {
		t.Fatalf("sshdtest: %v", err)
	}
	return key
}
