package ssh

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// readKeyFile reads a key or certificate whole. A FIFO would hang, a folder can't be read, and what is longer than
// maxIdentityFile is no key.
func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, errors.New("it isn't a file")
	case info.Size() > maxIdentityFile:
		return nil, fmt.Errorf("it is too big for a key (%d bytes)", info.Size())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxIdentityFile))
}

// tooOpen is OpenSSH's rule (sshkey_perm_ok in authfile.c): a private key of one's own that others may read is not used.
func tooOpen(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && isMine(info) {
		return fmt.Errorf("others may read it (mode %04o)", mode)
	}
	return nil
}

// publicOf is the public half that stands beside a private key, nil if it doesn't. A certificate beside it has it, too.
func publicOf(path string) gossh.PublicKey {
	for _, suffix := range []string{".pub", "-cert.pub"} {
		text, err := readKeyFile(path + suffix)
		if err != nil {
			continue
		}
		if key, _, _, _, err := gossh.ParseAuthorizedKey(text); err == nil {
			return plainKey(key)
		}
	}
	return nil
}

// certificate reads a certificate file. A missing one is a problem only if it was named.
func certificate(path string, named bool) (*gossh.Certificate, *domain.Error) {
	text, err := readKeyFile(path)
	if errors.Is(err, os.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, unusable(path, "Look at CertificateFile in ssh_config.", "the certificate can't be read: %v", err)
	}
	key, _, _, _, err := gossh.ParseAuthorizedKey(text)
	if cert, ok := key.(*gossh.Certificate); ok {
		return cert, nil
	}
	e := unusable(path, "Look at it with ssh-keygen -L -f "+shellWord(path)+".", "it isn't a certificate")
	if err != nil {
		e = e.WithDetails("%v", err)
	}
	return nil, e
}

// header is what an OpenSSH private key file tells without its passphrase (PROTOCOL.key).
type header struct {
	Cipher, KDF, Options string
	Keys                 uint32
	Public               []byte
	Private              []byte
	Rest                 []byte `ssh:"rest"` // the tag of an authenticated cipher
}

func openSSHHeader(text []byte) (header, bool) {
	var h header
	block, _ := pem.Decode(text)
	if block == nil {
		return h, false
	}
	body, ok := strings.CutPrefix(string(block.Bytes), "openssh-key-v1\x00")
	return h, ok && gossh.Unmarshal([]byte(body), &h) == nil
}

func (h header) keyType() string {
	var start struct {
		Type string
		Rest []byte `ssh:"rest"`
	}
	_ = gossh.Unmarshal(h.Public, &start) // "" for garbage, which is of no type
	return start.Type
}

// canOpen reports whether x/crypto has the cipher.
func (h header) canOpen() bool {
	return slices.Contains([]string{"none", "aes256-ctr", "aes256-cbc"}, h.Cipher)
}
