package ssh

import (
	"os"
	"path/filepath"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// userCert has ca certify the public half beside path and returns the certificate's path.
func userCert(t testing.TB, ca, path string, args ...string) string {
	t.Helper()
	// ssh-keygen writes it beside the public key.
	sshKeygen(t, append(append([]string{"-s", ca, "-I", "test", "-n", sshdtest.Logins()[0]}, args...), path+".pub")...)
	return path + "-cert.pub"
}

// publicCert is the text of a certificate for the key at path.
func publicCert(t testing.TB, path string) []byte {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy")
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied+".pub", public, 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(userCert(t, generated(t, "", "-t", "ed25519"), copied))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// certServer takes certificates of the authority at ca alone.
func certServer(t testing.TB, ca string) *sshdtest.Server {
	t.Helper()
	return sshdtest.Start(t, sshdtest.Options{Lines: []string{"TrustedUserCAKeys " + ca + ".pub"}})
}

func TestUserCertificates(t *testing.T) {
	t.Parallel()
	ca := generated(t, "", "-t", "ed25519")
	srv := certServer(t, ca)
	moved := func(path string) string {
		to := filepath.Join(t.TempDir(), "cert.pub")
		if err := os.Rename(path, to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	t.Run("beside the key", func(t *testing.T) {
		for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
			key := generated(t, "", "-t", kind)
			userCert(t, ca, key)
			if err := connect(t, newClient(t, keyHome(t, srv, key))); err != nil {
				t.Errorf("%s: %v (%s)", kind, err, detailsOf(err))
			}
		}
	})
	t.Run("beside a locked key", func(t *testing.T) {
		key := generated(t, "secret", "-t", "ed25519")
		userCert(t, ca, key)
		c, asked := asking(t, keyHome(t, srv, key), "secret")
		if err := connect(t, c); err != nil || len(asked.asked) != 1 {
			t.Errorf("login: %v; asked\n%s", err, brief(asked.asked))
		}
	})
	t.Run("CertificateFile", func(t *testing.T) {
		key := generated(t, "", "-t", "ed25519")
		cert := moved(userCert(t, ca, key))
		if err := connect(t, newClient(t, keyHome(t, srv, key, "CertificateFile "+cert))); err != nil {
			t.Errorf("login: %v (%s)", err, detailsOf(err))
		}
	})
	t.Run("CertificateFile with the key in the agent", func(t *testing.T) {
		key := generated(t, "", "-t", "ed25519")
		cert := moved(userCert(t, ca, key))
		a := startAgent(t)
		a.add(key)
		home := keyHome(t, srv, "none", "CertificateFile "+cert, "IdentityAgent "+a.socket, "IdentitiesOnly no")
		if err := connect(t, newClient(t, home)); err != nil {
			t.Errorf("login: %v (%s)", err, detailsOf(err))
		}
	})
	t.Run("in the agent", func(t *testing.T) {
		key := generated(t, "", "-t", "ed25519")
		userCert(t, ca, key)
		a := startAgent(t)
		a.add(key) // ssh-add takes the certificate along
		if err := connect(t, newClient(t, keyHome(t, srv, "none", "IdentityAgent "+a.socket, "IdentitiesOnly no"))); err != nil {
			t.Errorf("login: %v (%s)", err, detailsOf(err))
		}
	})
	for name, tc := range map[string]struct {
		args []string
		word string
	}{
		"expired":       {[]string{"-V", "20200101:20200201"}, "expired"},
		"not yet valid": {[]string{"-V", "20990101:20990201"}, "isn't valid before"},
		"for hosts":     {[]string{"-h"}, "is one for hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			key := generated(t, "", "-t", "ed25519")
			cert := userCert(t, ca, key, tc.args...)
			want(t, connect(t, newClient(t, keyHome(t, srv, key))), domain.CodeAuth, tc.word, cert, "new certificate")
		})
	}
	t.Run("garbage", func(t *testing.T) {
		key := generated(t, "", "-t", "ed25519")
		if err := os.WriteFile(key+"-cert.pub", []byte("ssh-ed25519-cert-v01@openssh.com AAAA\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		want(t, connect(t, newClient(t, keyHome(t, srv, key))), domain.CodeAuth, key+"-cert.pub", "isn't a certificate")
	})
	t.Run("CertificateFile is missing", func(t *testing.T) {
		key := generated(t, "", "-t", "ed25519")
		want(t, connect(t, newClient(t, keyHome(t, srv, key, "CertificateFile /no/such-cert.pub"))), domain.CodeAuth, "/no/such-cert.pub")
	})
}
