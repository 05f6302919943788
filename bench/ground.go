package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vmorchestrator/internal/sshdtest"
)

// hosts is how many hosts the rows have, each an address of loopback (all, for row 4: each address twice); an sshd
// listens on at most 16 of them.
const (
	hosts      = 200
	all        = 500
	perServer  = 16
	addresses  = 250
	benchHost  = "bench-1"
	masterWait = 30 * time.Second
	// knownHosts ends the name of the known hosts of a configuration.
	knownHosts = ".known_hosts"
)

// ground is where the rows are run: servers, a client's configuration and a data folder, all thrown away at the end.
type ground struct {
	options
	ctx         context.Context //nolint:containedctx // of the whole run
	dir, config string
	key         sshdtest.Key
	servers     []*sshdtest.Server
	names       []string        // the first hosts
	every       []string        // all of them, where row 4 is asked for
	endpoints   []string        // their addresses with ports
	open        *engine         // our engine with its connections open; see engine.go
	masters     bool            // ssh's ControlMasters are up
	bare        *bareServer     // row 2's
	texts       map[string]text // what rows 7 and 8 send; see bulk.go
}

func newGround(ctx context.Context, o options) (_ *ground, err error) {
	dir, err := os.MkdirTemp("", "vmo-bench-")
	if err != nil {
		return nil, err
	}
	g := &ground{options: o, ctx: ctx, dir: dir, config: filepath.Join(dir, "config"), texts: map[string]text{}}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if g.key, err = sshdtest.NewKey(dir, "id_ed25519", sshdtest.Ed25519, ""); err != nil {
		return nil, err
	}
	count := 0
	for _, number := range []string{"1", "2", "3", "5", "6", "7", "8", "9"} {
		if o.wants(number) {
			count = hosts
		}
	}
	if o.wants("4") {
		count = all
	}
	var config, keys strings.Builder
	for n := 0; n < count; {
		var listen []string
		for i := n; i < min(n+perServer, count, (n/addresses+1)*addresses); i++ {
			listen = append(listen, fmt.Sprintf("127.0.0.%d", i%addresses+1))
		}
		s, err := sshdtest.Launch(sshdtest.Options{MaxSessions: 100, Authorized: []sshdtest.Key{g.key}, Addresses: listen})
		if err != nil {
			return nil, err
		}
		g.servers = append(g.servers, s)
		for i, address := range listen {
			name := fmt.Sprintf("bench-%d", n+i+1)
			g.every = append(g.every, name)
			g.endpoints = append(g.endpoints, net.JoinHostPort(address, strconv.Itoa(s.Port)))
			fmt.Fprintf(&config, "Host %s\n  HostName %s\n  Port %d\n", name, address, s.Port)
			keys.WriteString(sshdtest.KnownHostsLine(&sshdtest.Server{Host: address, Port: s.Port}, s.HostKeys[0].Public))
		}
		n += len(listen)
	}
	if count == 0 {
		return g, nil
	}
	g.names = g.every[:hosts]
	return g, g.writeConfig(g.config, g.servers[0].User, config.String(), keys.String())
}

// writeConfig writes a client's configuration for hosts that have their lines.
func (g *ground) writeConfig(path, user, hosts, keys string) error {
	known := path + knownHosts
	common := fmt.Sprintf("Host *\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile %s\n"+
		"  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  ControlPath %s/%%n\n", user, g.key.Path, known, g.dir)
	return errors.Join(os.WriteFile(known, []byte(keys), 0o600), os.WriteFile(path, []byte(hosts+common), 0o600))
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
	if g.bare != nil {
		g.bare.close()
	}
	for _, s := range g.servers {
		s.Close()
	}
	if err := os.RemoveAll(g.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench: clean up:", err)
	}
}

// vmoArgs is a vmo process that runs a command, with what it needs to find its hosts.
func (g *ground) vmoArgs(config string, names []string, command string, flags ...string) []string {
	args := append([]string{g.vmo, "--data", filepath.Join(g.dir, "data"), "--ssh-config", config, "run"}, flags...)
	for _, name := range names {
		args = append(args, "--on", name)
	}
	return append(args, "--", command)
}

// vmoRun is one vmo process that runs a command on one host.
func (g *ground) vmoRun(command string) measured {
	return timed(g.vmoArgs(g.config, []string{benchHost}, command)...)
}

// ssh is one ssh process that does.
func (g *ground) ssh(command string, options ...string) measured {
	return timed(append(append([]string{"ssh", "-F", g.config}, options...), benchHost, command)...)
}

// hostFile lists names for a peer.
func (g *ground) hostFile(label string, names []string) string {
	path := filepath.Join(g.dir, "hosts-"+label)
	if err := os.WriteFile(path, []byte(strings.Join(names, "\n")+"\n"), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	return path
}

// startMasters opens ssh's own shared connections to the hosts, once.
func (g *ground) startMasters() error {
	if g.masters {
		return nil
	}
	g.masters = true
	fan := exec.CommandContext(g.ctx, "xargs", "-P", "8", "-I", "{}", "ssh", "-F", g.config, "-M", "-N", "-f", "{}")
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

// timed runs a program and tells how long it took. What it prints goes to a file that is thrown away, as output does
// whose reader isn't measured.
func timed(args ...string) measured {
	return func(ctx context.Context) (sample, error) {
		return once(exec.CommandContext(ctx, args[0], args[1:]...)) // #nosec G204 -- the peers
	}
}

func once(c *exec.Cmd) (sample, error) {
	out, err := os.CreateTemp("", "vmo-bench-out-")
	if err != nil {
		return sample{}, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	if c.Stdout == nil {
		c.Stdout = out
	}
	var errs bytes.Buffer
	c.Stderr = &errs
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // vmo and the peers end what they started
	c.WaitDelay = 10 * time.Second
	began := time.Now()
	err = c.Run()
	s := sample{took: time.Since(began)}
	if err != nil {
		if c.ProcessState == nil {
			return s, err
		}
		said := errs.String()
		if tail, _ := os.ReadFile(out.Name()); said == "" && len(tail) < 4096 {
			said = string(tail)
		}
		return s, fmt.Errorf("%s: %w\n%.2000s", filepath.Base(c.Path), err, said)
	}
	s.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	return s, nil
}
