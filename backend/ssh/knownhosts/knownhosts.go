// Package knownhosts says whether a host's key is the one known for it, by OpenSSH's rules (sshd(8), SSH_KNOWN_HOSTS
// FILE FORMAT): hashed names, [host]:port, wildcards, negation, @cert-authority, @revoked, several files.
//
// It promises: a line that can't be read is skipped and reported, never fatal; a file that is there and can't be read
// fails the check (a revocation could stand in it); a key that differs from the known one of its type is never
// accepted; a file is only ever appended to, in one write, under a lock.
package knownhosts

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// Query is the host whose key is in question, and where to look.
type Query struct {
	Host         string // as ssh resolved it (HostName), without brackets
	Port         int    // 0 is 22
	HostKeyAlias string // if set it is looked up instead of Host, without the port
	IP           string // the address really connected to, "" if unknown. Looked at only with CheckIP
	CheckIP      bool   // CheckHostIP: the address is looked up too
	UserFiles    []string
	GlobalFiles  []string
	RevokedFile  string // RevokedHostKeys: one public key per line; binary KRLs are refused
	// CASignatureAlgorithms are those a certificate may be signed with; empty: those of x/crypto without SHA-1.
	CASignatureAlgorithms []string
	Now                   func() time.Time // for certificates; nil: time.Now
	Parsed                *Parsed          // lines that were understood before; nil: none
}

// Parsed remembers what a file's bytes mean. The files are read for every check all the same: it only spares
// understanding the same bytes again, which for 500 hosts with a line each took more than their handshakes. It is safe
// for concurrent use; the zero value is ready.
type Parsed struct {
	mu    sync.Mutex
	files map[string]understood
}

// understood is what the bytes of a file mean.
type understood struct {
	data     []byte
	entries  []entry
	problems []Problem
}

// of understands a file's bytes.
func (p *Parsed) of(path string, data []byte) understood {
	if p == nil {
		return understand(path, data)
	}
	p.mu.Lock()
	defer p.mu.Unlock() // held meanwhile: many connections at once want the same file
	if u, ok := p.files[path]; ok && bytes.Equal(u.data, data) {
		return u
	}
	u := understand(path, data)
	if p.files == nil || len(p.files) >= maxParsed {
		p.files = map[string]understood{}
	}
	p.files[path] = u
	return u
}

// State is what the files say about a key.
type State string

const (
	Known         State = "known"    // it is the host's key
	CertAuthority State = "cert"     // it is a valid certificate by an authority of this host
	Unknown       State = "unknown"  // nothing is known about the host
	Changed       State = "changed"  // the host has another key: refuse (see Result.OtherType)
	Revoked       State = "revoked"  // the key, or the authority that signed it, is revoked: refuse
	BadCert       State = "bad_cert" // an invalid certificate by an authority of this host, with a key not known: refuse; Result.Reason says why
)

// Problem is a line that was skipped.
type Problem struct {
	File    string
	Line    int
	Message string
}

// Result is the answer to Check.
type Result struct {
	State    State
	KnownKey ssh.PublicKey // Known: the same key; Changed: the one that was expected
	File     string        // where KnownKey or the revocation stands
	Line     int
	// OtherType is set with Changed if all known keys of the host are of other types than the offered one. OpenSSH refuses
	// here as well (tested with 9.2), having offered the known types first: if that was not done, do it and dial again.
	OtherType bool
	Reason    string // BadCert: why the certificate does not count
	Problems  []Problem
}

// revocation is a revoked key and where that stands.
type revocation struct {
	Key  ssh.PublicKey
	File string
	Line int
}

// Check looks key up. It fails only if a file is there and can't be read (CodeKnownHosts): then nothing is known for
// certain and the caller must not go on.
//
// As in OpenSSH, a certificate counts through a @cert-authority line; if no line has its authority or it is not valid
// (expired, for another host), the key inside is looked up as a plain key. An invalid one whose key nobody knows is
// BadCert: ssh would ask the person here. With CheckIP, a key that differs for the address makes the answer Changed too.
func Check(q Query, key ssh.PublicKey) (Result, error) {
	file, err := load(q)
	if err != nil {
		return Result{}, err
	}
	result := file.check(q, key)
	result.Problems = file.problems
	return result, nil
}

func (l *loaded) check(q Query, key ssh.PublicKey) Result {
	for _, revoked := range l.revoked {
		if equal(revoked.Key, key) || equal(revoked.Key, plain(key)) || equal(revoked.Key, signer(key)) {
			return Result{State: Revoked, KnownKey: revoked.Key, File: revoked.File, Line: revoked.Line}
		}
	}
	cert, ok := key.(*ssh.Certificate)
	if !ok {
		return l.withAddress(q, key)
	}
	ca := l.authority(q, cert)
	if ca == nil {
		return l.withAddress(q, cert.Key)
	}
	reason := certificate(q, cert)
	if reason == "" {
		return Result{State: CertAuthority, KnownKey: ca.key, File: ca.file, Line: ca.line}
	}
	if result := l.withAddress(q, cert.Key); result.State != Unknown {
		return result
	}
	return Result{State: BadCert, KnownKey: ca.key, File: ca.file, Line: ca.line, Reason: reason}
}

// withAddress is the verdict on a plain key, for the host and with CheckIP for its address.
func (l *loaded) withAddress(q Query, key ssh.PublicKey) Result {
	result := l.plain(q.names(), key)
	if q.CheckIP && q.HostKeyAlias == "" && q.IP != "" && q.IP != q.Host && result.State == Known {
		if byIP := l.plain([]string{hostPort(q.IP, q.Port)}, key); byIP.State == Changed {
			return byIP
		}
	}
	return result
}

// plain is the verdict of OpenSSH's check_hostkeys_by_key_type_or: a line with this very key wins, wherever it stands;
// else any other key of the host makes it a change, one of the same type being the better one to show.
func (l *loaded) plain(names []string, key ssh.PublicKey) Result {
	result := Result{State: Unknown}
	for i := range l.entries {
		e := &l.entries[i]
		if e.marker != markNone || !e.matches(names) {
			continue
		}
		if equal(e.key, key) {
			return Result{State: Known, KnownKey: e.key, File: e.file, Line: e.line}
		}
		same := e.key.Type() == key.Type()
		if result.State == Unknown || (result.OtherType && same) {
			result = Result{State: Changed, KnownKey: e.key, File: e.file, Line: e.line, OtherType: !same}
		}
	}
	return result
}

// KnownKeyTypes gives the types under which the host has keys or authorities ("ssh-ed25519", "ssh-rsa",
// "ssh-ed25519-cert-v01@openssh.com"), in the order of the files, so that the algorithms of these are offered first and
// a server with several keys shows the known one. Nothing where a file can't be read: Check tells that.
func KnownKeyTypes(q Query) []string {
	l, err := load(q)
	if err != nil {
		return nil
	}
	var types []string
	add := func(names ...string) {
		for _, t := range names {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	names := q.names()
	for i := range l.entries {
		switch e := &l.entries[i]; {
		case e.marker == markRevoked || !e.matches(names):
		case e.marker == markAuthority:
			add(certTypes...)
		default:
			add(e.key.Type())
		}
	}
	return types
}

// certTypes are the host certificate types, in OpenSSH's order of preference.
var certTypes = []string{
	ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
	ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01, ssh.CertAlgoRSAv01,
}

// names are the words a line must have to speak of this host: the alias alone, or host, with the port unless it is 22.
func (q Query) names() []string {
	if q.HostKeyAlias != "" {
		return []string{strings.ToLower(q.HostKeyAlias)}
	}
	return []string{hostPort(q.Host, q.Port)}
}

// Name is the word under which Append writes the host and which "ssh-keygen -R" takes.
func (q Query) Name() string { return q.names()[0] }

func hostPort(host string, port int) string {
	host = strings.ToLower(host)
	if port == 0 || port == 22 {
		return host
	}
	return "[" + host + "]:" + strconv.Itoa(port)
}

func equal(a, b ssh.PublicKey) bool {
	return a != nil && b != nil && subtle.ConstantTimeCompare(a.Marshal(), b.Marshal()) == 1
}

func plain(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.Key
	}
	return key
}

func signer(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.SignatureKey
	}
	return nil
}

// loaded is what all files of a query say, in their order.
type loaded struct {
	entries  []entry
	revoked  []revocation // of this host
	problems []Problem
}

func load(q Query) (*loaded, error) {
	l := &loaded{}
	names := q.names()
	if q.CheckIP && q.IP != "" && q.HostKeyAlias == "" {
		names = append(names, hostPort(q.IP, q.Port))
	}
	for _, path := range slices.Concat(q.UserFiles, q.GlobalFiles) {
		data, err := read(path)
		if err != nil {
			return nil, err
		}
		l.add(q.Parsed.of(path, data))
	}
	for i := range l.entries {
		if e := &l.entries[i]; e.marker == markRevoked && e.matches(names) {
			l.revoked = append(l.revoked, revocation{Key: e.key, File: e.file, Line: e.line})
		}
	}
	if q.RevokedFile != "" {
		if err := l.addRevoked(q.RevokedFile); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// add takes a file's lines. Those of Parsed are shared and never changed.
func (l *loaded) add(u understood) {
	if len(l.entries) == 0 {
		l.entries = slices.Clip(u.entries)
	} else {
		l.entries = append(l.entries, u.entries...)
	}
	l.problems = append(l.problems, u.problems[:min(len(u.problems), maxProblems-len(l.problems))]...)
}

func understand(path string, data []byte) understood {
	u := understood{data: data}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		e, skip, err := parseLine(line)
		switch {
		case err != nil && len(u.problems) < maxProblems:
			u.problems = append(u.problems, Problem{File: path, Line: number, Message: err.Error()})
		case err == nil && !skip:
			e.file, e.line = path, number
			u.entries = append(u.entries, e)
		}
	}
	return u
}

// addRevoked reads RevokedHostKeys. As in ssh, a file that is missing or can't be understood refuses every host.
func (l *loaded) addRevoked(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return unreadable(path, err)
	}
	if bytes.HasPrefix(data, []byte("SSHKRL\n\x00")) {
		return domain.NewError(domain.CodeUnsupported, "List the revoked keys as text, one public key per line.",
			"RevokedHostKeys %s is a binary revocation list, which this version can't read", path)
	}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey(line)
		if err != nil {
			return domain.NewError(domain.CodeKnownHosts, "Correct this line of the file that RevokedHostKeys names.",
				"%s:%d is no public key: %w", path, number, err)
		}
		l.revoked = append(l.revoked, revocation{Key: key, File: path, Line: number})
	}
	return nil
}

// read gives a file's bytes; a missing one is empty. A folder or a pipe is not read: it is no known_hosts file.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && os.DevNull == path {
		return nil, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return data, nil
}

func unreadable(path string, err error) error {
	return domain.NewError(domain.CodeKnownHosts, "Make the file readable for you (ls -l "+path+"); no host is trusted until then.",
		"the known host keys in %s can't be read: %w", path, err)
}

// certificate says why cert, signed by an authority of the host, doesn't count for it, or "".
func certificate(q Query, cert *ssh.Certificate) string {
	if cert.CertType != ssh.HostCert {
		return "the certificate is one for users, not for hosts"
	}
	algorithms := q.CASignatureAlgorithms
	if len(algorithms) == 0 {
		algorithms = []string{
			ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
			ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
		}
	}
	if cert.Signature == nil || !slices.Contains(algorithms, cert.Signature.Format) {
		return "the certificate is signed in a way that CASignatureAlgorithms does not allow"
	}
	principal := q.Host
	if q.HostKeyAlias != "" {
		principal = q.HostKeyAlias
	}
	if len(cert.ValidPrincipals) == 0 {
		// x/crypto takes a certificate without principals for any host; OpenSSH does not for hosts.
		return "the certificate names no host"
	}
	// ssh lowers the host, not the certificate: a principal in upper case fits no host.
	checker := ssh.CertChecker{Clock: q.Now, IsHostAuthority: func(ssh.PublicKey, string) bool { return true }}
	if !slices.ContainsFunc(cert.ValidPrincipals, func(p string) bool { return wildcard(p, strings.ToLower(principal)) }) {
		return "the certificate is for " + strings.Join(cert.ValidPrincipals, ", ") + ", not for " + principal
	}
	if err := checker.CheckCert(cert.ValidPrincipals[0], cert); err != nil {
		return err.Error()
	}
	return ""
}

func (l *loaded) authority(q Query, cert *ssh.Certificate) *entry {
	names := q.names()
	for i := range l.entries {
		if e := &l.entries[i]; e.marker == markAuthority && equal(e.key, cert.SignatureKey) && e.matches(names) {
			return e
		}
	}
	return nil
}

// IPOf gives the address of a connection's remote end without its port, or "".
func IPOf(addr net.Addr) string {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return ""
	}
	return host
}
