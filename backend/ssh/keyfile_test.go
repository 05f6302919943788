package ssh

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// sshKeygen makes or changes keys as people do.
func sshKeygen(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ssh-keygen", append([]string{"-q"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen %v: %v, %s", args, err, out)
	}
}

// generated is a private key file of ssh-keygen; with "-a" in args another number of rounds than one.
func generated(t testing.TB, passphrase string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "id")
	sshKeygen(t, append([]string{"-f", path, "-N", passphrase, "-a", "1"}, args...)...) // the last one counts
	return path
}

// authorize lets the public half beside path log in.
func authorize(t testing.TB, s *sshdtest.Server, path string) {
	t.Helper()
	public := publicOf(path)
	if public == nil {
		t.Fatalf("%s.pub isn't there", path)
	}
	if err := s.Authorize(public); err != nil {
		t.Fatal(err)
	}
}

func rewrite(t testing.TB, path string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// keyHome has path as its only key.
func keyHome(t testing.TB, s *sshdtest.Server, path string, lines ...string) *sshdtest.Home {
	t.Helper()
	home := sshdtest.NewHome(t)
	home.Key.Path = path
	home.Host("box", s, lines...)
	home.Trust(s)
	return home
}

// Every form of key file that ssh-keygen writes and ssh takes.
func TestKeyFileFormats(t *testing.T) {
	t.Parallel()
	srv := sshdtest.Start(t, sshdtest.Options{})
	for name, tc := range map[string]struct {
		passphrase string
		args       []string
		change     func(string) string
		noPublic   bool // the .pub isn't there
	}{
		"OpenSSH":                        {"", []string{"-t", "ed25519"}, nil, false},
		"OpenSSH without .pub":           {"", []string{"-t", "ecdsa", "-b", "521"}, nil, true},
		"OpenSSH CRLF":                   {"", []string{"-t", "ed25519"}, crlf, true},
		"aes256-ctr":                     {"secret", []string{"-t", "ed25519", "-Z", "aes256-ctr", "-a", "16"}, nil, true},
		"aes256-ctr CRLF":                {"secret", []string{"-t", "ed25519", "-Z", "aes256-ctr"}, crlf, true},
		"aes256-cbc":                     {"secret", []string{"-t", "rsa", "-b", "2048", "-Z", "aes256-cbc"}, nil, true},
		"PEM RSA":                        {"", []string{"-t", "rsa", "-b", "2048", "-m", "PEM"}, nil, true},
		"PEM RSA CRLF":                   {"", []string{"-t", "rsa", "-b", "2048", "-m", "PEM"}, crlf, true},
		"PEM ECDSA":                      {"", []string{"-t", "ecdsa", "-m", "PEM"}, nil, true},
		"PEM encrypted":                  {"secret", []string{"-t", "rsa", "-b", "2048", "-m", "PEM"}, nil, false},
		"PEM encrypted without its .pub": {"secret", []string{"-t", "rsa", "-b", "2048", "-m", "PEM"}, nil, true},
		"PKCS8":                          {"", []string{"-t", "rsa", "-b", "2048", "-m", "PKCS8"}, nil, true},
		"text before the key":            {"", []string{"-t", "ed25519"}, func(s string) string { return "my key\n" + s }, true},
		"no newline at the end":          {"", []string{"-t", "ed25519"}, strings.TrimSpace, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := generated(t, tc.passphrase, tc.args...)
			authorize(t, srv, path)
			if tc.change != nil {
				rewrite(t, path, tc.change)
			}
			if tc.noPublic {
				if err := os.Remove(path + ".pub"); err != nil {
					t.Fatal(err)
				}
			}
			c, asked := asking(t, keyHome(t, srv, path), "wrong", tc.passphrase)
			if err := connect(t, c); err != nil {
				t.Fatalf("login: %v (%s)", err, detailsOf(err))
			}
			if n := len(asked.asked); n != 0 && tc.passphrase == "" || n != 2 && tc.passphrase != "" {
				t.Errorf("asked\n%s", brief(asked.asked))
			}
		})
	}
}

// What can't be opened says so, with the command that makes it usable; that command is run and then the key works.
func TestKeyFilesThatMustBeConverted(t *testing.T) {
	t.Parallel()
	srv := sshdtest.Start(t, sshdtest.Options{})
	for name, args := range map[string][]string{
		"gcm":             {"-t", "ed25519", "-Z", "aes256-gcm@openssh.com"},
		"chacha":          {"-t", "ed25519", "-Z", "chacha20-poly1305@openssh.com"},
		"aes128":          {"-t", "ed25519", "-Z", "aes128-ctr"},
		"encrypted PKCS8": {"-t", "rsa", "-b", "2048", "-m", "PKCS8"},
	} {
		t.Run(name, func(t *testing.T) {
			path := generated(t, "secret", args...)
			authorize(t, srv, path)
			home := keyHome(t, srv, path)
			c, asked := asking(t, home, "secret", "secret", "secret")
			err := connect(t, c)
			want(t, err, domain.CodeKeyUnusable, path, "ssh-keygen -p")
			if len(asked.asked) != 0 {
				t.Errorf("asked for a passphrase that can't help:\n%s", brief(asked.asked))
			}
			_, command, _ := strings.Cut(domain.AsError(err).Hint, ": ")
			cmd := exec.Command("/bin/sh", "-c", command+" -P secret -N secret")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v, %s", command, err, out)
			}
			c, _ = asking(t, home, "secret")
			if err := connect(t, c); err != nil {
				t.Errorf("login after %s: %v (%s)", command, err, detailsOf(err))
			}
		})
	}
}

func TestUnusableKeyFiles(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := generated(t, "", "-t", "ed25519")
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(good + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		path  string
		code  domain.Code
		words []string
	}{
		"missing":           {filepath.Join(dir, "none"), domain.CodeAuth, []string{"ssh-keygen"}},
		"ppk":               {write("key.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\n", 0o600), domain.CodeKeyUnusable, []string{"PuTTY", "puttygen"}},
		"public key":        {good + ".pub", domain.CodeKeyUnusable, []string{"public key", good}},
		"public, renamed":   {write("pub", string(public), 0o644), domain.CodeKeyUnusable, []string{"public key"}},
		"empty":             {write("empty", "", 0o600), domain.CodeKeyUnusable, []string{"is empty"}},
		"folder":            {dir, domain.CodeKeyUnusable, []string{"folder"}},
		"0644":              {write("open", string(text), 0o644), domain.CodeKeyUnusable, []string{"chmod 600"}},
		"0640":              {write("group", string(text), 0o640), domain.CodeKeyUnusable, []string{"chmod 600"}},
		"truncated":         {write("half", string(text[:len(text)/2]), 0o600), domain.CodeKeyUnusable, []string{"isn't a private key", "ssh-keygen -y"}},
		"cut in base64":     {write("cut", string(text[:100])+"\n-----END OPENSSH PRIVATE KEY-----\n", 0o600), domain.CodeKeyUnusable, []string{"isn't a private key"}},
		"something else":    {write("else", "hello\n", 0o600), domain.CodeKeyUnusable, []string{"isn't a private key"}},
		"NULs":              {write("nul", strings.Repeat("\x00", 4000), 0o600), domain.CodeKeyUnusable, []string{"isn't a private key"}},
		"too big":           {write("big", strings.Repeat("x", maxIdentityFile+1), 0o600), domain.CodeKeyUnusable, nil},
		"certificate":       {write("cert", string(publicCert(t, good)), 0o600), domain.CodeKeyUnusable, []string{"certificate", "CertificateFile"}},
		"not the right one": {good, domain.CodeAuth, []string{"ssh-copy-id"}},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, connect(t, newClient(t, keyHome(t, srv, tc.path))), tc.code, tc.words...)
		})
	}
}

// As in ssh only a file of one's own must be closed to others: a key that root shares with a group is taken.
func TestKeyFileOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root can give a file away
	}
	srv := sshdtest.Start(t, sshdtest.Options{})
	path := generated(t, "", "-t", "ed25519")
	authorize(t, srv, path)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 65534, 0); err != nil {
		t.Fatal(err)
	}
	if err := connect(t, newClient(t, keyHome(t, srv, path))); err != nil {
		t.Errorf("login: %v (%s)", err, detailsOf(err))
	}
}

// A key whose passphrase nobody knows doesn't keep the next one from being tried.
func TestWrongPassphraseGoesOnToTheNextKey(t *testing.T) {
	t.Parallel()
	srv := sshdtest.Start(t, sshdtest.Options{})
	for name, tc := range map[string]struct {
		args  []string
		right string
	}{
		"OpenSSH": {[]string{"-t", "ed25519"}, "other"},
		// It says nothing of itself, so it is the second that is opened first.
		"PEM": {[]string{"-t", "rsa", "-b", "2048", "-m", "PEM"}, "secret"},
	} {
		t.Run(name, func(t *testing.T) {
			locked, second := generated(t, "secret", tc.args...), generated(t, "other", "-t", "ed25519")
			authorize(t, srv, locked)
			authorize(t, srv, second)
			if err := os.Remove(locked + ".pub"); err != nil {
				t.Fatal(err)
			}
			home := keyHome(t, srv, locked, "IdentityFile "+locked, "IdentityFile "+second)
			c, asked := asking(t, home, "a", "b", "c", tc.right)
			if err := connect(t, c); err != nil {
				t.Errorf("login: %v (%s); asked\n%s", err, detailsOf(err), brief(asked.asked))
			}
		})
	}
}

// A PEM key without its .pub says nothing of itself before it is open; it is opened only when all others have failed.
func TestBlindKeyIsOpenedLast(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	blind, right := generated(t, "secret", "-t", "rsa", "-b", "2048", "-m", "PEM"), generated(t, "", "-t", "ed25519")
	authorize(t, srv, right)
	if err := os.Remove(blind + ".pub"); err != nil {
		t.Fatal(err)
	}
	c, asked := asking(t, keyHome(t, srv, blind, "IdentityFile "+blind, "IdentityFile "+right), "secret")
	if err := connect(t, c); err != nil || len(asked.asked) > 0 {
		t.Errorf("login: %v; asked\n%s", err, brief(asked.asked))
	}
}

// Algorithms that the configuration forbids aren't used: ssh leaves such keys out.
func TestPubkeyAcceptedAlgorithms(t *testing.T) {
	srv := sshdtest.Start(t, sshdtest.Options{})
	path := generated(t, "", "-t", "rsa", "-b", "2048")
	authorize(t, srv, path)
	for accepted, ok := range map[string]bool{"ssh-ed25519": false, "rsa-sha2-256": true, "rsa-sha2-512": true, "-rsa-sha2-512": true} {
		t.Run(accepted, func(t *testing.T) {
			err := connect(t, newClient(t, keyHome(t, srv, path, "PubkeyAcceptedAlgorithms "+accepted)))
			if (err == nil) != ok {
				t.Errorf("login: %v (%s)", err, detailsOf(err))
			}
			if err != nil {
				want(t, err, domain.CodeKeyUnusable, "PubkeyAcceptedAlgorithms")
			}
		})
	}
}

// An old server that knows SHA-1 alone: as with ssh nothing is signed with it unless the configuration says so.
func TestNoSHA1Signature(t *testing.T) {
	path := generated(t, "", "-t", "rsa", "-b", "2048")
	old := authServer(t, &gossh.ServerConfig{
		PublicKeyAuthAlgorithms: []string{gossh.KeyAlgoRSA},
		PublicKeyCallback:       func(gossh.ConnMetadata, gossh.PublicKey) (*gossh.Permissions, error) { return nil, nil },
	})
	want(t, connect(t, newClient(t, keyHome(t, old, path))), domain.CodeAuth)
	if err := connect(t, newClient(t, keyHome(t, old, path, "PubkeyAcceptedAlgorithms +ssh-rsa"))); err != nil {
		t.Errorf("where the configuration asks for it: %v (%s)", err, detailsOf(err))
	}
}

// handleFile is the private key file of a security key, as far as its public part.
func handleFile(public gossh.PublicKey) []byte {
	blob := append([]byte("openssh-key-v1\x00"), gossh.Marshal(struct {
		Cipher, KDF, Options string
		Keys                 uint32
		Public, Private      []byte
	}{"none", "none", "", 1, public.Marshal(), []byte("handle")})...)
	return pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: blob})
}

// Whatever stands in a key file: an identity or an error with a next step, and never a question to the person that
// can't help.
func FuzzIdentity(f *testing.F) {
	for _, args := range [][]string{{"-t", "ed25519"}, {"-t", "rsa", "-b", "2048", "-m", "PEM"}, {"-t", "ecdsa", "-m", "PKCS8"}} {
		for _, passphrase := range []string{"", "secret"} {
			text, err := os.ReadFile(generated(f, passphrase, args...))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Add(handleFile(newSecurityKey(f).public))
	c := New(Options{})
	st := &attempt{client: c, ctx: f.Context()}
	f.Fuzz(func(t *testing.T, text []byte) {
		id, problem := c.parseIdentity(st, "/the/key", text)
		if (id == nil) == (problem == nil) {
			t.Fatalf("identity %v, problem %v", id, problem)
		}
		if problem != nil && (problem.Hint == "" || problem.Code != domain.CodeKeyUnusable) {
			t.Errorf("%+v", problem)
		}
		if id != nil && id.signer == nil && id.useless == nil {
			t.Errorf("neither a signer nor a reason: %+v", id)
		}
	})
}
