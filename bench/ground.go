package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"vmorchestrator/internal/sshdtest"
)

// hosts is how many hosts there are, each an address of loopback; an sshd listens on at most 16 of them.
const (
	hosts      = 200
	perServer  = 16
	benchHost  = "bench-1"
	masterWait = 30 * time.Second
)

// ground is where the rows are run: servers, a client's configuration and a data folder, all thrown away at the end.
type ground struct {
	dir, config, vmo string
	servers          []*sshdtest.Server
	names            []string
	open             *engine // our engine with its connections open; see engine.go
	masters          bool    // ssh's ControlMasters are up
}

func newGround(vmo string) (_ *ground, err error) {
	dir, err := os.MkdirTemp("", "vmo-bench-")
	if err != nil {
		return nil, err
	}
	g := &ground{dir: dir, config: filepath.Join(dir, "config"), vmo: vmo}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	key, err := sshdtest.NewKey(dir, "id_ed25519", sshdtest.Ed25519, "")
	if err != nil {
		return nil, err
	}
	known := filepath.Join(dir, "known_hosts")
	var config, keys strings.Builder
	for n := 0; n < hosts; n += perServer {
		var addresses []string
		for i := n; i < min(n+perServer, hosts); i++ {
			addresses = append(addresses, fmt.Sprintf("127.0.0.%d", i+1))
		}
		s, err := sshdtest.Launch(sshdtest.Options{MaxSessions: 100, Authorized: []sshdtest.Key{key}, Addresses: addresses})
		if err != nil {
			return nil, err
		}
		g.servers = append(g.servers, s)
		for i, address := range addresses {
			name := fmt.Sprintf("bench-%d", n+i+1)
			g.names = append(g.names, name)
			fmt.Fprintf(&config, "Host %s\n  HostName %s\n  Port %d\n", name, address, s.Port)
			keys.WriteString(sshdtest.KnownHostsLine(&sshdtest.Server{Host: address, Port: s.Port}, s.HostKeys[0].Public))
		}
	}
	fmt.Fprintf(&config, "Host bench-*\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile %s\n"+
		"  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  ControlPath %s/%%n\n", g.servers[0].User, key.Path, known, dir)
	return g, errors.Join(os.WriteFile(known, []byte(keys.String()), 0o600), os.WriteFile(g.config, []byte(config.String()), 0o600))
}

func (g *ground) close() {
	if g.masters {
		for _, name := range g.names {
			_ = exec.Command("ssh", "-F", g.config, "-O", "exit", name).Run()
		}
	}
	if g.open != nil {
		g.open.close()
	}
	for _, s := range g.servers {
		s.Close()
	}
	if err := os.RemoveAll(g.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench: clean up:", err)
	}
}

// vmoRun is one vmo process that runs a command.
func (g *ground) vmoRun(command string) func() (time.Duration, error) {
	return timed(g.vmo, "--data", filepath.Join(g.dir, "data"), "--ssh-config", g.config, "run", "--on", benchHost, "--", command)
}

// ssh is one ssh process that does.
func (g *ground) ssh(command string, options ...string) func() (time.Duration, error) {
	return timed("ssh", append(append([]string{"-F", g.config}, options...), benchHost, command)...)
}

// startMasters opens ssh's own shared connections to all hosts, once.
func (g *ground) startMasters() error {
	if g.masters {
		return nil
	}
	g.masters = true
	fan := exec.Command("xargs", "-P", "8", "-I", "{}", "ssh", "-F", g.config, "-M", "-N", "-f", "{}")
	fan.Stdin = strings.NewReader(strings.Join(g.names, "\n") + "\n")
	if text, err := fan.CombinedOutput(); err != nil {
		return fmt.Errorf("open ControlMasters: %w\n%s", err, text)
	}
	for until := time.Now().Add(masterWait); ; time.Sleep(50 * time.Millisecond) {
		up, err := filepath.Glob(filepath.Join(g.dir, "bench-*"))
		if err == nil && len(up) == hosts {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("%d of %d ControlMasters are up", len(up), hosts)
		}
	}
}

// timed runs a program and tells how long it took.
func timed(name string, args ...string) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		c := exec.Command(name, args...)
		began := time.Now()
		text, err := c.CombinedOutput()
		took := time.Since(began)
		var status *exec.ExitError
		if errors.As(err, &status) {
			return 0, fmt.Errorf("%s: %w\n%s", c, err, text)
		}
		return took, err
	}
}
