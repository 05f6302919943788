package main

import (
	"fmt"
	"net"
	"os"
	"strings"

	"vmorchestrator/internal/sshdtest"
)

// trouble writes a second configuration: a good host for each login there is ("box-1", "box-2"), and one host for each
// thing that can go wrong, under the names that the browser tests know.
func (l *lab) trouble(plain, locked, other sshdtest.Key) (file string, err error) {
	var config strings.Builder
	serve := func(alias string, o sshdtest.Options, known func(*sshdtest.Server) string, key, lines string) error {
		s, err := sshdtest.Launch(o)
		if err != nil {
			return err
		}
		l.servers = append(l.servers, s)
		if known != nil {
			l.known.WriteString(known(s))
		}
		l.host(&config, alias, s.Host, s.Port, s.User, key, lines)
		return nil
	}
	mine := func(s *sshdtest.Server) string { return sshdtest.KnownHostsLine(s, s.HostKeys[0].Public) }
	allowed := sshdtest.Options{Authorized: []sshdtest.Key{plain}}
	for n, login := range sshdtest.Logins() {
		o := allowed
		o.User = login
		if err := serve(fmt.Sprintf("box-%d", n+1), o, mine, plain.Path, ""); err != nil {
			return "", err
		}
	}
	for _, h := range []struct {
		alias string
		o     sshdtest.Options
		known func(*sshdtest.Server) string
		key   string
		lines string
	}{
		{"nokey", sshdtest.Options{}, mine, plain.Path, ""},
		{"noagent", allowed, mine, "none", "  IdentityAgent " + l.dir + "/gone.sock\n  IdentitiesOnly no\n"},
		{"nosh", sshdtest.Options{Authorized: allowed.Authorized, ForceCommand: "/bin/echo no commands here"}, mine, plain.Path, ""},
		{"locked", sshdtest.Options{Authorized: []sshdtest.Key{locked}}, mine, locked.Path, ""},
		{"strict", allowed, nil, plain.Path, "  StrictHostKeyChecking yes\n"},
		{"revoked-1", allowed, func(s *sshdtest.Server) string { return "@revoked " + mine(s) }, plain.Path, ""},
		{"changed-1", allowed, func(s *sshdtest.Server) string { return sshdtest.KnownHostsLine(s, other.Public) }, plain.Path, "  StrictHostKeyChecking no\n"},
	} {
		if err := serve(h.alias, h.o, h.known, h.key, h.lines); err != nil {
			return "", err
		}
	}
	refused, err := freePort()
	if err != nil {
		return "", err
	}
	l.silent, err = net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	dead, err := sshdtest.DeadPort()
	if err != nil {
		return "", err
	}
	l.host(&config, "refused", "127.0.0.1", refused, l.user, plain.Path, "")
	l.host(&config, "silent", "127.0.0.1", l.silent.Addr().(*net.TCPAddr).Port, l.user, plain.Path, "  ConnectTimeout 1\n")
	l.host(&config, "dead", "127.0.0.1", dead, l.user, plain.Path, "  ConnectTimeout 1\n")
	l.host(&config, "nowhere", "host.invalid", 22, l.user, plain.Path, "")
	file = l.path("trouble")
	return file, os.WriteFile(file, []byte(config.String()), 0o600)
}
