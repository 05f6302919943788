package knownhosts

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func signerOf(t *testing.T, private any, err error) ssh.Signer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newECDSA(t *testing.T, curve elliptic.Curve) ssh.Signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	return signerOf(t, private, err)
}

func newRSA(t *testing.T) ssh.Signer {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	return signerOf(t, private, err)
}

func text(key ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) }

func file(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStates(t *testing.T) {
	a, b, r := testKey(t, 1), testKey(t, 2), newRSA(t).PublicKey()
	e256, e384 := newECDSA(t, elliptic.P256()).PublicKey(), newECDSA(t, elliptic.P384()).PublicKey()
	long := strings.Repeat("x,", 40_000) + "web"
	for name, c := range map[string]struct {
		lines []string
		q     Query
		key   ssh.PublicKey
		want  State
		line  int
		other bool
	}{
		"empty":                   {nil, Query{Host: "web"}, a, Unknown, 0, false},
		"port 22 is no port":      {[]string{"web " + text(a)}, Query{Host: "web", Port: 22}, a, Known, 1, false},
		"v6":                      {[]string{"2001:db8::1 " + text(a)}, Query{Host: "2001:db8::1"}, a, Known, 1, false},
		"v6 with port":            {[]string{"[2001:db8::1]:99 " + text(a)}, Query{Host: "2001:db8::1", Port: 99}, a, Known, 1, false},
		"alias alone":             {[]string{"web " + text(a)}, Query{Host: "web", HostKeyAlias: "prod"}, a, Unknown, 0, false},
		"list":                    {[]string{"x,web,10.0.0.1 " + text(a)}, Query{Host: "10.0.0.1"}, a, Known, 1, false},
		"question mark":           {[]string{"web? " + text(a)}, Query{Host: "web"}, a, Unknown, 0, false},
		"another type":            {[]string{"web " + text(r)}, Query{Host: "web"}, a, Changed, 1, true},
		"same type shown first":   {[]string{"web " + text(r), "web " + text(b)}, Query{Host: "web"}, a, Changed, 2, false},
		"another curve":           {[]string{"web " + text(e256)}, Query{Host: "web"}, e384, Changed, 1, true},
		"revoked for others":      {[]string{"web " + text(a), "@revoked db " + text(a)}, Query{Host: "web"}, a, Known, 1, false},
		"authority is no key":     {[]string{"@cert-authority web " + text(a)}, Query{Host: "web"}, a, Unknown, 0, false},
		"ssh 1":                   {[]string{"web 1024 35 1234567", "web " + text(a)}, Query{Host: "web"}, a, Known, 2, false},
		"tabs, comment, CRLF":     {[]string{"\tweb\t" + strings.ReplaceAll(text(a), " ", "\t") + " me@x y\r"}, Query{Host: "web"}, a, Known, 1, false},
		"a line of 80 kB":         {[]string{long + " " + text(a)}, Query{Host: "web"}, a, Known, 1, false},
		"address differs":         {[]string{"web " + text(a), "10.0.0.1 " + text(b)}, Query{Host: "web", IP: "10.0.0.1", CheckIP: true}, a, Changed, 2, false},
		"address is not asked":    {[]string{"web " + text(a), "10.0.0.1 " + text(b)}, Query{Host: "web", IP: "10.0.0.1"}, a, Known, 1, false},
		"address alone is no key": {[]string{"10.0.0.1 " + text(a)}, Query{Host: "web", IP: "10.0.0.1", CheckIP: true}, a, Unknown, 0, false},
		"bad lines": {[]string{"web", "web ssh-ed25519", "web ssh-ed25519 !!!", "@foo web " + text(b), "|1|x|y " + text(b),
			"web ssh-rsa " + strings.Fields(text(a))[1], "\x00\xff", "web " + text(a)}, Query{Host: "web"}, a, Known, 8, false},
	} {
		c.q.UserFiles = []string{file(t, c.lines...)}
		got, err := Check(c.q, c.key)
		if err != nil || got.State != c.want || got.Line != c.line || got.OtherType != c.other {
			t.Errorf("%s: %v line %d other %v (%v), want %v line %d", name, got.State, got.Line, got.OtherType, err, c.want, c.line)
		}
		if name == "bad lines" && len(got.Problems) != 7 {
			t.Errorf("%d problems: %+v", len(got.Problems), got.Problems)
		}
	}
}

func TestSeveralFiles(t *testing.T) {
	a, b := testKey(t, 1), testKey(t, 2)
	missing := filepath.Join(t.TempDir(), "none")
	q := Query{Host: "web", UserFiles: []string{missing, file(t, "web "+text(b))}, GlobalFiles: []string{file(t, "web "+text(a))}}
	if got, err := Check(q, a); err != nil || got.State != Known || got.File != q.GlobalFiles[0] {
		t.Errorf("%+v %v", got, err)
	}
	q.GlobalFiles = append(q.GlobalFiles, file(t, "@revoked web "+text(a)))
	if got, err := Check(q, a); err != nil || got.State != Revoked {
		t.Errorf("%+v %v", got, err)
	}
}

// What can't be read could hold a revocation.
func TestUnreadableFilesFailClosed(t *testing.T) {
	a := testKey(t, 1)
	good, krl := file(t, "web "+text(a)), file(t, "SSHKRL\n\x00rest")
	for name, c := range map[string]struct {
		q    Query
		code domain.Code
	}{
		"a folder":          {Query{UserFiles: []string{good, t.TempDir()}}, domain.CodeKnownHosts},
		"below a file":      {Query{UserFiles: []string{good, filepath.Join(good, "x")}}, domain.CodeKnownHosts},
		"no revoked keys":   {Query{UserFiles: []string{good}, RevokedFile: filepath.Join(t.TempDir(), "none")}, domain.CodeKnownHosts},
		"bad revoked keys":  {Query{UserFiles: []string{good}, RevokedFile: file(t, "garbage")}, domain.CodeKnownHosts},
		"binary revocation": {Query{UserFiles: []string{good}, RevokedFile: krl}, domain.CodeUnsupported},
	} {
		c.q.Host = "web"
		if _, err := Check(c.q, a); domain.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	revoked := Query{Host: "web", UserFiles: []string{good}, RevokedFile: file(t, "# list", text(a))}
	if got, err := Check(revoked, a); err != nil || got.State != Revoked {
		t.Errorf("%+v %v", got, err)
	}
}

func TestCertificates(t *testing.T) {
	ca, other, host := newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P256()), newECDSA(t, elliptic.P256())
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	cert := func(change func(*ssh.Certificate), by ssh.Signer) ssh.PublicKey {
		c := &ssh.Certificate{
			Key: host.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"web"},
			ValidAfter: uint64(now.Add(-time.Hour).Unix()), ValidBefore: uint64(now.Add(time.Hour).Unix()),
		}
		if change != nil {
			change(c)
		}
		if err := c.SignCert(rand.Reader, by); err != nil {
			t.Fatal(err)
		}
		return c
	}
	good, byCA := cert(nil, ca), "@cert-authority web "+text(ca.PublicKey())
	for name, c := range map[string]struct {
		lines []string
		key   ssh.PublicKey
		want  State
	}{
		"good":                    {[]string{byCA}, good, CertAuthority},
		"wildcard principal":      {[]string{byCA}, cert(func(c *ssh.Certificate) { c.ValidPrincipals = []string{"w*"} }, ca), CertAuthority},
		"another host":            {[]string{byCA}, cert(func(c *ssh.Certificate) { c.ValidPrincipals = []string{"db"} }, ca), BadCert},
		"no host":                 {[]string{byCA}, cert(func(c *ssh.Certificate) { c.ValidPrincipals = nil }, ca), BadCert},
		"expired":                 {[]string{byCA}, cert(func(c *ssh.Certificate) { c.ValidBefore = uint64(now.Add(-time.Minute).Unix()) }, ca), BadCert},
		"not yet":                 {[]string{byCA}, cert(func(c *ssh.Certificate) { c.ValidAfter = uint64(now.Add(time.Minute).Unix()) }, ca), BadCert},
		"for users":               {[]string{byCA}, cert(func(c *ssh.Certificate) { c.CertType = ssh.UserCert }, ca), BadCert},
		"unknown critical option": {[]string{byCA}, cert(func(c *ssh.Certificate) { c.CriticalOptions = map[string]string{"x": "y"} }, ca), BadCert},
		"forged":                  {[]string{byCA}, cert(nil, other), Unknown},
		"other authority's host":  {[]string{"@cert-authority db " + text(ca.PublicKey())}, good, Unknown},
		"plain key inside":        {[]string{"web " + text(host.PublicKey())}, good, Known},
		"other plain key":         {[]string{"web " + text(other.PublicKey())}, good, Changed},
		"authority revoked":       {[]string{byCA, "@revoked * " + text(ca.PublicKey())}, good, Revoked},
		"key inside revoked":      {[]string{byCA, "@revoked * " + text(host.PublicKey())}, good, Revoked},
	} {
		q := Query{Host: "web", UserFiles: []string{file(t, c.lines...)}, Now: func() time.Time { return now }}
		got, err := Check(q, c.key)
		if err != nil || got.State != c.want || (c.want == BadCert) != (got.Reason != "") {
			t.Errorf("%s: %+v %v, want %s", name, got, err, c.want)
		}
	}
	// A signature that doesn't fit is a bad certificate even with the right authority's name on it.
	tampered := *good.(*ssh.Certificate)
	tampered.ValidPrincipals = []string{"web", "db"}
	q := Query{Host: "db", UserFiles: []string{file(t, "@cert-authority * "+text(ca.PublicKey()))}, Now: func() time.Time { return now }}
	if got, err := Check(q, &tampered); err != nil || got.State != BadCert {
		t.Errorf("tampered: %+v %v", got, err)
	}
}

func TestKnownKeyTypes(t *testing.T) {
	a, r := testKey(t, 1), newRSA(t).PublicKey()
	q := Query{Host: "web", UserFiles: []string{file(t, "web "+text(r), "db "+text(a), "@revoked web "+text(a))}}
	if got := fmt.Sprint(KnownKeyTypes(q)); got != "[ssh-rsa]" {
		t.Error(got)
	}
	q.UserFiles = []string{file(t, "@cert-authority *.x,web "+text(a))}
	if got := KnownKeyTypes(q); len(got) != len(certTypes) {
		t.Error(got)
	}
}

// The reader finds what ssh-keygen -F finds, and nothing else.
func TestSameAnswersAsSSHKeygen(t *testing.T) {
	a := testKey(t, 1)
	names := []string{"web", "WEB", "web.example", "[web]:2222", "10.0.0.1", "bad.example", "2001:db8::1", "[2001:db8::1]:99", "w"}
	lines := []string{
		"web", "WEB", "web,db", "*.example", "*.example,!bad.example", "!bad.example,*.example", "!*", "w?b", "w*", "*",
		"[web]:2222", "[web]:*", "[*]:2222", "10.0.0.?", "10.0.0.*,!10.0.0.1", "2001:db8::1", "[2001:db8::1]:99", ",web,", "web,,db", "!web",
		"w**b", "?", "we[b]", `web\`, "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=", "|1|", "|1|a|b", "||", "|2|a|b",
		strings.Fields(Line("web", a, true))[0], strings.Fields(Line("[web]:2222", a, true))[0],
	}
	compared, found := 0, 0
	for _, line := range lines {
		path := file(t, line+" "+text(a))
		for _, name := range names {
			if line[0] == '|' && name != strings.ToLower(name) {
				continue // ssh lowers the name before it hashes it, ssh-keygen does not
			}
			out, err := exec.Command("ssh-keygen", "-F", name, "-f", path).Output()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			want := err == nil && strings.Contains(string(out), "found")
			e, skip, err := parseLine([]byte(line + " " + text(a)))
			got := err == nil && !skip && e.matches([]string{strings.ToLower(name)})
			compared++
			if want {
				found++
			}
			if got != want {
				t.Errorf("%q for %q: %v, ssh-keygen says %v", line, name, got, want)
			}
		}
	}
	if t.Logf("%d answers compared, %d of them found", compared, found); found < 35 {
		t.Error("too few names were found for this to prove anything")
	}
}

// What Append writes is found by ssh-keygen, hashed or not, and is written once.
func TestAppendedLinesAreFoundBySSHKeygen(t *testing.T) {
	for _, hashed := range []bool{false, true} {
		path, locks := filepath.Join(t.TempDir(), "known_hosts"), t.TempDir()
		q := Query{Host: "web", Port: 2222, UserFiles: []string{path}}
		for range 2 {
			if err := Append(context.Background(), path, locks, q, testKey(t, 1), hashed); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := exec.Command("ssh-keygen", "-F", "[web]:2222", "-f", path).Output(); err != nil {
			t.Errorf("ssh-keygen doesn't find it: %s %v", out, err)
		}
		data, err := os.ReadFile(path)
		if err != nil || strings.Count(string(data), "\n") != 1 || strings.Contains(string(data), "web") == hashed {
			t.Errorf("%q %v", data, err)
		}
	}
}

func TestAppendRefusals(t *testing.T) {
	a := testKey(t, 1)
	ctx, locks := context.Background(), t.TempDir()
	revoked := file(t, "@revoked * "+text(a))
	if err := Append(ctx, revoked, locks, Query{Host: "web", UserFiles: []string{revoked}}, a, false); domain.CodeOf(err) != domain.CodeHostKeyRevoked {
		t.Error(err)
	}
	for _, path := range []string{"", os.DevNull, t.TempDir(), filepath.Join(revoked, "x")} {
		err := Append(ctx, path, locks, Query{Host: "web"}, a, false)
		if domain.CodeOf(err) != domain.CodeKnownHosts || domain.AsError(err).Hint == "" {
			t.Errorf("%q: %v", path, err)
		}
	}
	unlock, err := lock(ctx, locks)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := Append(ended, revoked, locks, Query{Host: "x"}, a, false); domain.CodeOf(err) != domain.CodeClosed {
		t.Error(err)
	}
}
