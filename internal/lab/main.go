// Command lab is a small set of real SSH servers for trying the product and for its browser tests: a bastion, a web
// server behind it whose alias stands in an Included file, a database, a stranger whose key nobody knows, a host whose
// key has changed, one that wants a key with a passphrase, and one that is dead. It writes an ssh_config for them below
// the folder it is given, prints what there is as one JSON object, and ends when its standard input does.
//
//	go run ./internal/lab DIR
//	vmo --ssh-config DIR/.ssh/config vms
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"vmorchestrator/internal/sshdtest"
)

// passphrase of the key that "locked" wants.
const passphrase = "correct horse"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: lab DIR")
		os.Exit(2)
	}
	l := &lab{dir: os.Args[1]}
	err := l.start()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(map[string]string{
			"config": l.path("config"), "knownHosts": l.path("known_hosts"), "passphrase": passphrase,
			"trouble": l.troubled, "strangerFingerprint": l.stranger, "changedFingerprint": l.changed, "user": l.user,
		})
	}
	if err == nil {
		wait()
	}
	for _, s := range l.servers {
		s.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

// wait returns at the end of standard input or at a signal.
func wait() {
	done := make(chan os.Signal, 2)
	signal.Notify(done, os.Interrupt, syscall.SIGTERM)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		done <- os.Interrupt
	}()
	<-done
}

type lab struct {
	dir                     string
	servers                 []*sshdtest.Server
	config, included, known strings.Builder
	user, stranger, changed string
	troubled                string // the second configuration
	silent                  net.Listener
}

func (l *lab) path(name string) string { return filepath.Join(l.dir, ".ssh", name) }

func (l *lab) start() error {
	if err := os.MkdirAll(l.path("conf.d"), 0o700); err != nil {
		return err
	}
	plain, err := sshdtest.NewKey(l.path(""), "id_ed25519", sshdtest.Ed25519, "")
	if err != nil {
		return err
	}
	locked, err := sshdtest.NewKey(l.path(""), "id_locked", sshdtest.Ed25519, passphrase)
	if err != nil {
		return err
	}
	other, err := sshdtest.NewKey(l.path(""), "old_host_key", sshdtest.Ed25519, "")
	if err != nil {
		return err
	}
	fmt.Fprintf(&l.config, "Include %s/*.conf\n\n", l.path("conf.d"))
	for _, h := range []struct {
		alias string
		key   sshdtest.Key
		in    *strings.Builder
		lines string
		known string // "this", "other" or ""
	}{
		{"bastion", plain, &l.config, "", "this"},
		{"web-1", plain, &l.included, "  ProxyJump bastion\n", "this"},
		{"db-1-prod", plain, &l.config, "", "this"},
		{"stranger", plain, &l.config, "", ""},
		{"changed", plain, &l.config, "  StrictHostKeyChecking no\n", "other"},
		{"locked", locked, &l.config, "", "this"},
	} {
		s, err := sshdtest.Launch(sshdtest.Options{Authorized: []sshdtest.Key{h.key}})
		if err != nil {
			return err
		}
		l.servers = append(l.servers, s)
		l.user = s.User
		switch h.known {
		case "this":
			l.known.WriteString(sshdtest.KnownHostsLine(s, s.HostKeys[0].Public))
		case "other":
			l.known.WriteString(sshdtest.KnownHostsLine(s, other.Public))
			l.changed = s.HostKeys[0].Fingerprint
		default:
			l.stranger = s.HostKeys[0].Fingerprint
		}
		l.host(h.in, h.alias, s.Host, s.Port, s.User, h.key.Path, h.lines)
	}
	dead, err := freePort()
	if err != nil {
		return err
	}
	l.host(&l.config, "dead", "127.0.0.1", dead, l.user, plain.Path, "")
	l.config.WriteString("Host github.com\n  User git\n")
	if l.troubled, err = l.trouble(plain, locked, other); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"config": l.config.String(), "conf.d/web.conf": l.included.String(), "known_hosts": l.known.String(),
	} {
		if err := os.WriteFile(l.path(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) host(in *strings.Builder, alias, host string, port int, user, key, more string) {
	fmt.Fprintf(in, "Host %s\n%s  HostName %s\n  Port %d\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile %s\n  GlobalKnownHostsFile none\n\n",
		alias, more, host, port, user, key, l.path("known_hosts"))
}

// freePort is a port on which nothing listens at the moment.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
