package knownhosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// Certificates made by ssh-keygen itself, by authorities of each type; a SHA-1 signature is refused as ssh refuses it.
func TestCertificatesMadeBySSHKeygen(t *testing.T) {
	dir := t.TempDir()
	keygen := func(args ...string) {
		t.Helper()
		cmd := exec.Command("ssh-keygen", append([]string{"-q"}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	public := func(name string) ssh.PublicKey {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey(data)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	keygen("-t", "ed25519", "-N", "", "-f", "host")
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		keygen("-t", kind, "-N", "", "-f", kind)
	}
	for name, c := range map[string]struct {
		ca     string
		args   []string
		want   State
		reason string
	}{
		"ed25519":        {"ed25519", []string{"-h", "-n", "web,db"}, CertAuthority, ""},
		"ecdsa":          {"ecdsa", []string{"-h", "-n", "web"}, CertAuthority, ""},
		"rsa":            {"rsa", []string{"-h", "-n", "web"}, CertAuthority, ""},
		"rsa with SHA-1": {"rsa", []string{"-h", "-n", "web", "-t", "ssh-rsa"}, BadCert, "CASignatureAlgorithms"},
		"in force":       {"ed25519", []string{"-h", "-n", "web", "-V", "-1h:+1h"}, CertAuthority, ""},
		"expired":        {"ed25519", []string{"-h", "-n", "web", "-V", "-2h:-1h"}, BadCert, "expired"},
		"for a user":     {"ed25519", []string{"-n", "web"}, BadCert, "for users"},
	} {
		keygen(append(append([]string{"-s", c.ca, "-I", "x"}, c.args...), "host.pub")...)
		q := Query{Host: "web", UserFiles: []string{file(t, "@cert-authority * "+text(public(c.ca+".pub")))}}
		if got, err := Check(q, public("host-cert.pub")); err != nil || got.State != c.want || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %q (%s) %v, want %q", name, got.State, got.Reason, err, c.want)
		}
	}
}
