package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// memory is what the person gave once: it lives until the client is closed and is never written anywhere.
type memory struct {
	mu        sync.Mutex
	signers   map[string]gossh.Signer // by the file's content, so that a replaced key is asked for again
	passwords map[string]string       // by user@host:port
	asking    map[string]*sync.Mutex  // one question at a time per key or login
}

func newMemory() *memory {
	return &memory{signers: map[string]gossh.Signer{}, passwords: map[string]string{}, asking: map[string]*sync.Mutex{}}
}

func (m *memory) signer(id string) gossh.Signer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.signers[id]
}

func (m *memory) keep(id string, s gossh.Signer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.signers[id] = s
}

func (m *memory) password(login string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.passwords[login]
}

func (m *memory) setPassword(login, password string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if password == "" {
		delete(m.passwords, login)
		return
	}
	m.passwords[login] = password
}

// turn is the lock that keeps two runs from asking for the same thing at once.
func (m *memory) turn(id string) *sync.Mutex {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asking[id] == nil {
		m.asking[id] = &sync.Mutex{}
	}
	return m.asking[id]
}

// identity is one IdentityFile: a signer, or only a public key that an agent may have the other half of.
type identity struct {
	path   string
	public gossh.PublicKey // nil if unknown before the passphrase
	signer gossh.Signer    // nil for a public key alone
	locked bool            // the signer will ask for a passphrase
}

// loadIdentity reads an IdentityFile. A missing file is no error and no identity: the defaults mostly are.
func (c *Client) loadIdentity(st *attempt, path string) (*identity, *domain.Error) {
	text, err := readKeyFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		// The public half alone is enough where an agent has the private one.
		if public := publicOf(path); public != nil {
			return &identity{path: path, public: public}, nil
		}
		return nil, nil
	case err != nil:
		return nil, unusable(path, "Check the file and its permissions.", "it can't be read: %v", err)
	}
	if bytes.HasPrefix(text, []byte("PuTTY-User-Key-File")) {
		return nil, unusable(path, "Convert it: puttygen "+shellWord(path)+" -O private-openssh -o "+shellWord(strings.TrimSuffix(path, ".ppk")), "it is a PuTTY key (.ppk)")
	}
	if public, _, _, _, err := gossh.ParseAuthorizedKey(text); err == nil {
		return &identity{path: path, public: public}, nil
	}
	if err := tooOpen(path); err != nil {
		return nil, unusable(path, "Run: chmod 600 "+shellWord(path), "%v", err)
	}
	id := string(text)
	if known := c.auth.signer(id); known != nil {
		return &identity{path: path, public: known.PublicKey(), signer: known}, nil
	}
	signer, err := gossh.ParsePrivateKey(text)
	var locked *gossh.PassphraseMissingError
	switch {
	case err == nil:
		return &identity{path: path, public: signer.PublicKey(), signer: signer}, nil
	case errors.As(err, &locked):
		public := locked.PublicKey
		if public == nil {
			public = publicOf(path)
		}
		if public == nil {
			// An old PEM file without its .pub says nothing of itself: the passphrase must come first.
			lazy := &lockedSigner{c: c, st: st, path: path, text: text}
			opened, err := lazy.open()
			if err != nil {
				return nil, domain.AsError(err)
			}
			return &identity{path: path, public: opened.PublicKey(), signer: opened}, nil
		}
		return &identity{path: path, public: public, signer: &lockedSigner{c: c, st: st, path: path, text: text, public: public}, locked: true}, nil
	case bytes.Contains(text, []byte("BEGIN ENCRYPTED PRIVATE KEY")):
		return nil, unusable(path, "Convert it: ssh-keygen -p -f "+shellWord(path), "it is an encrypted PKCS#8 key, which can't be opened here")
	case strings.Contains(err.Error(), "cipher"):
		return nil, unusable(path, "Convert it: ssh-keygen -p -Z aes256-ctr -f "+shellWord(path), "it is encrypted in a way that can't be opened here")
	}
	return nil, unusable(path, "Check that it is a private key: ssh-keygen -y -f "+shellWord(path), "it isn't a private key that can be read").WithDetails("%v", err)
}

func unusable(path, hint, format string, args ...any) *domain.Error {
	return domain.NewError(domain.CodeKeyUnusable, hint, "the key %s can't be used: %s", path, fmt.Sprintf(format, args...))
}

func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// A FIFO would hang, a folder can't be read.
	if !info.Mode().IsRegular() {
		return nil, errors.New("it isn't a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxIdentityFile))
}

// tooOpen is OpenSSH's rule: a private key of one's own that others may read is not used.
func tooOpen(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("others may read it (mode %04o)", mode)
	}
	return nil
}

func publicOf(path string) gossh.PublicKey {
	text, err := readKeyFile(path + ".pub")
	if err != nil {
		return nil
	}
	key, _, _, _, err := gossh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return key
}

// certificate reads a certificate file; nil if it isn't there or isn't one.
func certificate(path string) *gossh.Certificate {
	text, err := readKeyFile(path)
	if err != nil {
		return nil
	}
	key, _, _, _, err := gossh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	cert, _ := key.(*gossh.Certificate)
	return cert
}

// lockedSigner is an encrypted key of which the public half is known: the server is asked first whether it would take
// the key, and only then the person for the passphrase.
type lockedSigner struct {
	c      *Client
	st     *attempt
	path   string
	text   []byte
	public gossh.PublicKey
}

func (l *lockedSigner) PublicKey() gossh.PublicKey { return l.public }

func (l *lockedSigner) Sign(rand io.Reader, data []byte) (*gossh.Signature, error) {
	return l.SignWithAlgorithm(rand, data, "")
}

func (l *lockedSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*gossh.Signature, error) {
	signer, err := l.open()
	if err != nil {
		l.st.keyProblem(domain.AsError(err))
		return nil, err
	}
	if with, ok := signer.(gossh.AlgorithmSigner); ok && algorithm != "" {
		return with.SignWithAlgorithm(rand, data, algorithm)
	}
	return signer.Sign(rand, data)
}

// open asks for the passphrase until it fits.
func (l *lockedSigner) open() (gossh.Signer, error) {
	resume := l.st.pause()
	defer resume()
	turn := l.c.auth.turn("key " + l.path)
	turn.Lock()
	defer turn.Unlock()
	if known := l.c.auth.signer(string(l.text)); known != nil {
		return known, nil
	}
	for try := 1; try <= passphraseTries; try++ {
		answer, err := l.st.ask(domain.Prompt{Kind: domain.PromptPassphrase, KeyFile: l.path, Attempt: try})
		if err != nil {
			if domain.CodeOf(err) == domain.CodePromptNeeded {
				return nil, domain.NewError(domain.CodePassphrase, "Add it to your agent with ssh-add "+shellWord(l.path)+", or run it where you can be asked.",
					"the key %s needs its passphrase, and nobody is there to be asked", l.path)
			}
			return nil, err
		}
		if !answer.Accept {
			return nil, domain.NewError(domain.CodePassphrase, "Try again and give the passphrase, or add the key to your agent.",
				"no passphrase was given for the key %s", l.path)
		}
		signer, err := gossh.ParsePrivateKeyWithPassphrase(l.text, []byte(answer.Secret))
		if err == nil {
			l.c.auth.keep(string(l.text), signer)
			return signer, nil
		}
	}
	return nil, domain.NewError(domain.CodePassphrase, "Try again; ssh-keygen -y -f "+shellWord(l.path)+" tells whether you remember it.",
		"the passphrase of the key %s was wrong %d times", l.path, passphraseTries)
}

// ask puts a question about this login to the person.
func (st *attempt) ask(p domain.Prompt) (domain.PromptAnswer, error) {
	h := st.way.target()
	p.VMName, p.Address, p.Hops, p.AskedAt = st.full.target().Name, h.String(), st.way.hops(st.full), st.client.o.Now()
	if err := st.ctx.Err(); err != nil {
		return domain.PromptAnswer{}, canceled(h)
	}
	answer, err := st.prompter.Ask(st.ctx, p)
	if errors.Is(err, context.Canceled) {
		return answer, canceled(h)
	}
	return answer, err
}
