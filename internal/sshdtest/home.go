package sshdtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gossh "golang.org/x/crypto/ssh"
)

// Home is the client's side of a test: a folder with .ssh/config, .ssh/known_hosts and one key. Every path in the
// files is absolute, because OpenSSH takes ~ from the password database and not from HOME.
type Home struct {
	Dir        string
	ConfigFile string
	KnownHosts string
	Key        Key

	t testing.TB
}

// NewHome makes a home with a new ed25519 key, an empty known_hosts and a config that keeps everything of the
// computer's own set-up out (no agent, no global known_hosts).
func NewHome(t testing.TB) *Home {
	t.Helper()
	dir := t.TempDir()
	h := &Home{
		Dir: dir, ConfigFile: filepath.Join(dir, ".ssh", "config"), KnownHosts: filepath.Join(dir, ".ssh", "known_hosts"), t: t,
	}
	if err := os.MkdirAll(filepath.Join(dir, ".ssh"), 0o700); err != nil {
		t.Fatalf("sshdtest: %v", err)
	}
	key, err := NewKey(filepath.Join(dir, ".ssh"), "id_ed25519", Ed25519, "")
	if err != nil {
		t.Fatalf("sshdtest: %v", err)
	}
	h.Key = key
	h.write(h.KnownHosts, "", 0o600)
	h.write(h.ConfigFile, "", 0o600)
	return h
}

// Host appends a Host block for s under alias: address, port, user, this home's key and known_hosts, no agent.
// More lines stand before those and win. The server is neither trusted nor told of the key: see Trust, Authorize.
func (h *Home) Host(alias string, s *Server, lines ...string) {
	h.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "Host %s\n", alias)
	for _, l := range lines {
		fmt.Fprintf(&b, "  %s\n", l)
	}
	fmt.Fprintf(&b, "  HostName %s\n  Port %d\n  User %s\n", s.Host, s.Port, s.User)
	fmt.Fprintf(&b, "  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n", h.Key.Path)
	fmt.Fprintf(&b, "  UserKnownHostsFile %s\n  GlobalKnownHostsFile none\n\n", h.KnownHosts)
	h.AppendConfig(b.String())
}

// Ready is Host, Trust and Authorize in one: `ssh -F ConfigFile alias` works afterwards without a question.
func (h *Home) Ready(alias string, s *Server, lines ...string) {
	h.t.Helper()
	h.Host(alias, s, lines...)
	h.Trust(s)
	if err := s.Authorize(h.Key.Public); err != nil {
		h.t.Fatalf("sshdtest: %v", err)
	}
}

// AppendConfig appends text to the config file.
func (h *Home) AppendConfig(text string) {
	h.t.Helper()
	h.append(h.ConfigFile, text)
}

// Trust appends the server's host keys to known_hosts.
func (h *Home) Trust(s *Server) {
	h.t.Helper()
	for _, k := range s.HostKeys {
		h.TrustKey(s, k.Public, "")
	}
}

// TrustKey appends any key for the server's address; marker is "", "@revoked" or "@cert-authority".
func (h *Home) TrustKey(s *Server, key gossh.PublicKey, marker string) {
	h.t.Helper()
	line := KnownHostsLine(s, key)
	if marker != "" {
		line = marker + " " + line
	}
	h.append(h.KnownHosts, line)
}

// KnownHostsLine is the line, with its newline, that known_hosts has for key at the server's address.
func KnownHostsLine(s *Server, key gossh.PublicKey) string {
	return fmt.Sprintf("[%s]:%d %s", s.Host, s.Port, gossh.MarshalAuthorizedKey(key))
}

func (h *Home) append(path, text string) {
	h.t.Helper()
	old, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatalf("sshdtest: %v", err)
	}
	h.write(path, string(old)+text, 0o600)
}

func (h *Home) write(path, text string, mode os.FileMode) {
	h.t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		h.t.Fatalf("sshdtest: %v", err)
	}
}
