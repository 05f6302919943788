package knownhosts

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func testSigner(t *testing.T, n byte) ssh.Signer {
	t.Helper()
	seed := bytes.Repeat([]byte{n}, ed25519.SeedSize)
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// hostCert is key 10 certified for web by ca, for an hour from now on; change alters it before it is signed.
func hostCert(t *testing.T, ca ssh.Signer, now time.Time, change func(*ssh.Certificate)) *ssh.Certificate {
	t.Helper()
	cert := &ssh.Certificate{
		Key: testSigner(t, 10).PublicKey(), CertType: ssh.HostCert, KeyId: "web", ValidPrincipals: []string{"web"},
		ValidAfter: uint64(now.Unix()), ValidBefore: uint64(now.Add(time.Hour).Unix()),
	}
	if change != nil {
		change(cert)
	}
	if err := cert.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	// As it comes from the wire: what a signer kept in memory doesn't count.
	parsed, err := ssh.ParsePublicKey(cert.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	return parsed.(*ssh.Certificate)
}

func TestCertificateEdges(t *testing.T) {
	ca, other := testSigner(t, 20), testSigner(t, 21)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	authority := "@cert-authority " + Line("web,*.example", ca.PublicKey(), false)
	revoke := func(key ssh.PublicKey) string { return "@revoked " + Line("*", key, false) }
	inside := Line("web", testSigner(t, 10).PublicKey(), false)
	for name, c := range map[string]struct {
		text   string
		change func(*ssh.Certificate)
		query  Query
		after  time.Duration // from the start of the validity
		want   State
		reason string
	}{
		"last second":                {text: authority, after: time.Hour - time.Second, want: CertAuthority},
		"expired":                    {text: authority, after: time.Hour, want: BadCert, reason: "expired"},
		"for ever":                   {text: authority, change: func(c *ssh.Certificate) { c.ValidBefore = ssh.CertTimeInfinity }, after: 1e6 * time.Hour, want: CertAuthority},
		"wrong principal":            {text: authority, change: func(c *ssh.Certificate) { c.ValidPrincipals = []string{"db", "web2"} }, want: BadCert, reason: "db, web2"},
		"second principal":           {text: authority, change: func(c *ssh.Certificate) { c.ValidPrincipals = []string{"db", "web"} }, want: CertAuthority},
		"revoked before":             {text: revoke(ca.PublicKey()) + authority, want: Revoked},
		"revoked for others only":    {text: authority + "@revoked " + Line("db", ca.PublicKey(), false), want: CertAuthority},
		"second authority":           {text: "@cert-authority " + Line("web", other.PublicKey(), false) + authority, want: CertAuthority},
		"authority as plain key":     {text: Line("web", ca.PublicKey(), false), want: Changed},
		"hashed authority":           {text: "@cert-authority " + Line("web", ca.PublicKey(), true), want: CertAuthority},
		"other port":                 {text: authority, query: Query{Host: "web", Port: 2222}, want: Unknown},
		"port in the line":           {text: "@cert-authority " + Line("[web]:2222", ca.PublicKey(), false), query: Query{Host: "web", Port: 2222}, want: CertAuthority},
		"alias":                      {text: authority, query: Query{Host: "10.0.0.1", Port: 2222, HostKeyAlias: "web"}, want: CertAuthority},
		"alias is the principal":     {text: "@cert-authority " + Line("*", ca.PublicKey(), false), query: Query{Host: "web", HostKeyAlias: "db"}, want: BadCert, reason: "not for db"},
		"principal in upper case":    {text: authority, change: func(c *ssh.Certificate) { c.ValidPrincipals = []string{"WEB"} }, want: BadCert, reason: "not for web"},
		"host in upper case":         {text: authority, query: Query{Host: "WEB"}, want: CertAuthority},
		"authority in upper case":    {text: "@cert-authority " + Line("WEB", ca.PublicKey(), false), want: CertAuthority},
		"expired, its key known":     {text: authority + inside, after: time.Hour, want: Known},
		"expired, another key known": {text: authority + Line("web", other.PublicKey(), false), after: time.Hour, want: Changed},
		"expired, its key revoked":   {text: authority + inside + "@revoked " + inside, after: time.Hour, want: Revoked},
		"algorithm not allowed":      {text: authority, query: Query{Host: "web", CASignatureAlgorithms: []string{"rsa-sha2-512"}}, want: BadCert, reason: "CASignatureAlgorithms"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			q := c.query
			if q.Host == "" {
				q.Host = "web"
			}
			q.UserFiles, q.Now = []string{file}, func() time.Time { return now.Add(c.after) }
			got, err := Check(q, hostCert(t, ca, now, c.change))
			if err != nil || got.State != c.want || !strings.Contains(got.Reason, c.reason) {
				t.Fatalf("%q (%s) %v, want %q (%s)", got.State, got.Reason, err, c.want, c.reason)
			}
			if (got.Reason != "") != (c.want == BadCert) {
				t.Errorf("%q with reason %q", got.State, got.Reason)
			}
		})
	}
}

func TestAForgedCertificateIsRefused(t *testing.T) {
	ca, now := testSigner(t, 20), time.Now()
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte("@cert-authority "+Line("*", ca.PublicKey(), false)), 0o600); err != nil {
		t.Fatal(err)
	}
	cert := hostCert(t, testSigner(t, 21), now, nil)
	cert.SignatureKey = ca.PublicKey() // another's signature under the authority's name
	got, err := Check(Query{Host: "web", UserFiles: []string{file}}, cert)
	if err != nil || got.State != BadCert || !strings.Contains(got.Reason, "signature") {
		t.Errorf("%q (%s) %v", got.State, got.Reason, err)
	}
}
