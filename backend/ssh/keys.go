package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// memory is what the person gave once: it lives until the client is closed and is never written anywhere.
type memory struct {
	mu        sync.Mutex
	signers   map[string]gossh.Signer  // by the file's content, so that a replaced key is asked for again
	passwords map[string]string        // by user@host:port
	hosts     map[string]bool          // by name in known_hosts and key: trusted, and it couldn't be kept
	asking    map[string]chan struct{} // one question at a time per key or login
}

func newMemory() *memory {
	return &memory{signers: map[string]gossh.Signer{}, passwords: map[string]string{}, hosts: map[string]bool{}, asking: map[string]chan struct{}{}}
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

// forgetPassword forgets password, unless another one has come in its place.
func (m *memory) forgetPassword(login, password string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.passwords[login] == password {
		delete(m.passwords, login)
	}
}

func (m *memory) setPassword(login, password string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.passwords[login] = password
}

func (m *memory) trusts(host string, key gossh.PublicKey) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hosts[host+" "+string(key.Marshal())]
}

func (m *memory) trust(host string, key gossh.PublicKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hosts[host+" "+string(key.Marshal())] = true
}

// turn waits until no other login asks about id, and gives the function that ends one's own turn. It fails when ctx
// ends before.
func (m *memory) turn(ctx context.Context, id string) (release func(), err error) {
	m.mu.Lock()
	if m.asking[id] == nil {
		m.asking[id] = make(chan struct{}, 1)
	}
	one := m.asking[id]
	m.mu.Unlock()
	select {
	case one <- struct{}{}:
		return func() { <-one }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// identity is one IdentityFile: a signer, or only a public key that an agent may have the other half of.
type identity struct {
	path    string
	public  gossh.PublicKey // nil if unknown before the passphrase: the file is blind
	signer  gossh.Signer    // nil for a public key alone
	locked  bool            // the signer will ask for a passphrase
	useless *domain.Error   // why there is no signer, if no agent has the key either
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
		return nil, unusable(path, "Check the file and its permissions: ls -ld "+shellWord(path), "it can't be read: %v", err)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, unusable(path, "Make a key with ssh-keygen, or take the line out of ssh_config.", "the file is empty")
	case bytes.HasPrefix(text, []byte("PuTTY-User-Key-File")):
		return nil, unusable(path, "Convert it: puttygen "+shellWord(path)+" -O private-openssh -o "+shellWord(strings.TrimSuffix(path, ".ppk")+".key")+
			", then name that file with IdentityFile.", "it is a PuTTY key (.ppk)")
	}
	if public, _, _, _, err := gossh.ParseAuthorizedKey(text); err == nil {
		if _, ok := public.(*gossh.Certificate); ok {
			return nil, unusable(path, "Name the private key with IdentityFile, and this file with CertificateFile.", "it is a certificate, not a private key")
		}
		private := strings.TrimSuffix(path, ".pub")
		hint := "Name the private key, or add that to your agent with ssh-add."
		if _, err := os.Stat(private); err == nil && private != path {
			hint = "Name the private key: IdentityFile " + private
		}
		return &identity{path: path, public: public, useless: unusable(path, hint, "it is a public key, and no agent has its private half")}, nil
	}
	if err := tooOpen(path); err != nil {
		return nil, unusable(path, "Run: chmod 600 "+shellWord(path), "%v", err)
	}
	return c.parseIdentity(st, path, text)
}

// parseIdentity reads a private key's text.
func (c *Client) parseIdentity(st *attempt, path string, text []byte) (*identity, *domain.Error) {
	if known := c.auth.signer(string(text)); known != nil {
		return &identity{path: path, public: known.PublicKey(), signer: known}, nil
	}
	header, isOpenSSH := openSSHHeader(text)
	if isOpenSSH && strings.HasPrefix(header.keyType(), "sk-") {
		public, err := gossh.ParsePublicKey(header.Public)
		if err == nil {
			return &identity{path: path, public: public, useless: unusable(path, "Run: ssh-add "+shellWord(path),
				"it belongs to a security key, which works through an agent alone")}, nil
		}
	}
	if isOpenSSH && !header.canOpen() {
		return nil, unusable(path, "Convert it: ssh-keygen -p -Z aes256-ctr -f "+shellWord(path), "it is encrypted with %s, which can't be opened here", header.Cipher)
	}
	if bytes.Contains(text, []byte("BEGIN ENCRYPTED PRIVATE KEY")) {
		return nil, unusable(path, "Convert it: ssh-keygen -p -f "+shellWord(path), "it is an encrypted PKCS#8 key, which can't be opened here")
	}
	signer, err := gossh.ParsePrivateKey(text)
	var missing *gossh.PassphraseMissingError
	switch {
	case err == nil:
		return &identity{path: path, public: signer.PublicKey(), signer: signer}, nil
	case errors.As(err, &missing):
		public := missing.PublicKey
		if public == nil {
			public = publicOf(path)
		}
		locked := &lockedSigner{c: c, st: st, path: path, text: text, public: public}
		return &identity{path: path, public: public, signer: locked, locked: true}, nil
	}
	return nil, unusable(path, "Check that it is a whole private key: ssh-keygen -y -f "+shellWord(path), "it isn't a private key that can be read").WithDetails("%v", err)
}

// openBlind asks for the passphrase of a key that says nothing of itself: an old PEM file without its .pub.
func (st *attempt) openBlind(id *identity) (gossh.Signer, error) {
	signer, err := id.signer.(*lockedSigner).open()
	if err != nil {
		st.keyProblem(domain.AsError(err))
		return nil, err
	}
	permitted, problem := st.permitted(signer, id.path)
	if problem != nil {
		st.keyProblem(problem)
		return nil, problem
	}
	return st.follow.watch([]gossh.Signer{permitted})[0], nil
}

func unusable(path, hint, format string, args ...any) *domain.Error {
	return domain.NewError(domain.CodeKeyUnusable, hint, "the key %s can't be used: %s", path, fmt.Sprintf(format, args...))
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
	release, err := l.c.auth.turn(l.st.ctx, "key "+l.path)
	if err != nil {
		return nil, canceled(l.st.way.target())
	}
	defer release()
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
			return nil, l.st.giveUp(domain.NewError(domain.CodePassphrase, "Try again and give the passphrase, or add the key to your agent.",
				"no passphrase was given for the key %s", l.path))
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
	if h.Settings.BatchMode {
		return domain.PromptAnswer{}, domain.NewError(domain.CodePromptNeeded, "", "BatchMode forbids questions")
	}
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
