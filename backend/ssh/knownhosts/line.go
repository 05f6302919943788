package knownhosts

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

type marker int

const (
	markNone marker = iota
	markAuthority
	markRevoked
)

// entry is one usable line.
type entry struct {
	marker marker
	hosts  string // the first field, as written
	key    ssh.PublicKey
	file   string
	line   int
}

// parseLine reads one line. skip is true for an empty line, a comment, and a key type that no SSH 2 server has.
func parseLine(line []byte) (e entry, skip bool, err error) {
	line = bytes.TrimLeft(bytes.TrimRight(line, "\r\n"), " \t")
	if len(line) == 0 || line[0] == '#' {
		return entry{}, true, nil
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return entry{}, false, errors.New("the line holds a NUL")
	}
	word, rest := field(line)
	if word[0] == '@' {
		switch string(word) {
		case "@cert-authority":
			e.marker = markAuthority
		case "@revoked":
			e.marker = markRevoked
		default:
			return entry{}, false, fmt.Errorf("the marker %q is unknown", clip(word))
		}
		word, rest = field(rest)
	}
	e.hosts = string(word)
	keyType, rest := field(rest)
	blob, _ := field(rest)
	if len(word) == 0 || len(keyType) == 0 {
		return entry{}, false, errors.New("the line has no key")
	}
	if len(keyType) < 5 && isDigits(keyType) {
		return entry{}, true, nil // an SSH 1 key: bits, exponent, modulus
	}
	if len(blob) == 0 {
		return entry{}, false, errors.New("the line has no key")
	}
	raw, err := base64.StdEncoding.DecodeString(string(blob))
	if err != nil {
		return entry{}, false, errors.New("the key is not in base64")
	}
	key, err := ssh.ParsePublicKey(raw)
	if err != nil {
		return entry{}, false, fmt.Errorf("the key can't be read: %w", err)
	}
	if key.Type() != string(keyType) {
		return entry{}, false, fmt.Errorf("the line says %s and holds a key of type %s", clip(keyType), key.Type())
	}
	if strings.HasPrefix(e.hosts, "|") {
		if _, _, ok := splitHash(e.hosts); !ok {
			return entry{}, false, errors.New("the hashed name can't be read")
		}
	}
	e.key = key
	return e, false, nil
}

// field cuts the next word, as OpenSSH does: blanks and tabs.
func field(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, " \t")
	end := bytes.IndexAny(line, " \t")
	if end < 0 {
		return line, nil
	}
	return line[:end], line[end:]
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func clip(b []byte) string {
	const most = 60 // characters of a foreign line in a message
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}

// matches says whether the line speaks of one of names (in lower case).
func (e *entry) matches(names []string) bool {
	for _, name := range names {
		if strings.HasPrefix(e.hosts, "|") {
			if salt, sum, ok := splitHash(e.hosts); ok && hmac.Equal(sum, hashName(salt, name)) {
				return true
			}
			continue
		}
		if matchList(e.hosts, name) {
			return true
		}
	}
	return false
}

// matchList is match_hostname: a comma list of patterns, in which one negated match refuses whatever else fits.
func matchList(patterns, name string) bool {
	found := false
	for pattern := range strings.SplitSeq(patterns, ",") {
		inner, negated := strings.CutPrefix(pattern, "!")
		if inner == "" || !wildcard(strings.ToLower(inner), name) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// wildcard matches '*' and '?', nothing else, in time linear in both for the usual and len*len in the worst case.
func wildcard(pattern, name string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// splitHash takes |1|salt|hash| apart.
func splitHash(hosts string) (salt, sum []byte, ok bool) {
	parts := strings.Split(hosts, "|")
	if len(parts) != 4 || parts[0] != "" || parts[1] != "1" {
		return nil, nil, false
	}
	salt, err1 := base64.StdEncoding.DecodeString(parts[2])
	sum, err2 := base64.StdEncoding.DecodeString(parts[3])
	return salt, sum, err1 == nil && err2 == nil && len(salt) == sha1.Size && len(sum) == sha1.Size
}

// hashName is OpenSSH's host_hash: HMAC-SHA1 keyed with the salt. It hides names; it protects nothing.
func hashName(salt []byte, name string) []byte {
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(name))
	return mac.Sum(nil)
}
