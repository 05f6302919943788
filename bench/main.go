// Command bench prints how fast the product is beside its peers: what, ours, peer, ratio, goal. Every ratio comes from
// one run in which ours and the peer take turns on the same sshd, started here on loopback with host keys checked; the
// figure is the median of the rounds. Ours is the real product path: vmo, with job, run and every line stored.
//
//	go run ./bench [-rounds N] [-vmo bin/vmo]
//
// It installs nothing: a peer that is not there is reported as "not installed", never as a win.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"vmorchestrator/internal/sshdtest"
)

func main() {
	rounds := flag.Int("rounds", 15, "rounds per row, at least 5")
	vmo := flag.String("vmo", "bin/vmo", "the vmo to measure")
	flag.Parse()
	if err := run(max(*rounds, 5), *vmo); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// row is one comparison. Peer and ours are run in turns.
type row struct {
	number, what, peer string
	goal               float64 // ours is at most this part of the peer's time
	ours, theirs       func() *exec.Cmd
}

func run(rounds int, vmo string) error {
	vmo, err := filepath.Abs(vmo)
	if err != nil {
		return err
	}
	if _, err := os.Stat(vmo); err != nil {
		return fmt.Errorf("build it first (make vmo): %w", err)
	}
	g, err := newGround(vmo)
	if err != nil {
		return err
	}
	defer g.close()
	out := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "row\twhat\tpeer\tours\tpeer's\tratio\tgoal\t\t")
	for _, r := range g.rows() {
		if err := measure(out, r, rounds); err != nil {
			return fmt.Errorf("row %s: %w", r.number, err)
		}
	}
	fmt.Fprintf(out, "%d rounds in turns, medians\n", rounds)
	return out.Flush()
}

func measure(out *tabwriter.Writer, r row, rounds int) error {
	if errors.Is(r.theirs().Err, exec.ErrNotFound) {
		fmt.Fprintf(out, "%s\t%s\t%s\t\t\tnot installed\t<= %.2f\t\t\n", r.number, r.what, r.peer, r.goal)
		return nil
	}
	var ours, theirs []time.Duration
	for i := range rounds + 1 {
		a, err := timed(r.ours())
		if err != nil {
			return err
		}
		b, err := timed(r.theirs())
		if err != nil {
			return err
		}
		if i == 0 {
			continue // both find a cold cache in the first round
		}
		ours, theirs = append(ours, a), append(theirs, b)
	}
	o, p := median(ours), median(theirs)
	ratio, verdict := float64(o)/float64(p), "reached"
	if ratio > r.goal {
		verdict = "missed"
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%.1f ms\t%.1f ms\t%.2f\t<= %.2f\t%s\t\n", r.number, r.what, r.peer, ms(o), ms(p), ratio, r.goal, verdict)
	return nil
}

func timed(c *exec.Cmd) (time.Duration, error) {
	began := time.Now()
	text, err := c.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		var status *exec.ExitError
		if errors.As(err, &status) {
			return 0, fmt.Errorf("%s: %w\n%s", c, err, text)
		}
		return 0, err
	}
	return took, nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ground is where the rows are run: a server, a client's configuration and a data folder, all thrown away at the end.
type ground struct {
	dir, config, vmo string
	server           *sshdtest.Server
}

func newGround(vmo string) (*ground, error) {
	dir, err := os.MkdirTemp("", "vmo-bench-")
	if err != nil {
		return nil, err
	}
	g := &ground{dir: dir, config: filepath.Join(dir, "config"), vmo: vmo}
	key, err := sshdtest.NewKey(dir, "id_ed25519", sshdtest.Ed25519, "")
	if err == nil {
		g.server, err = sshdtest.Launch(sshdtest.Options{MaxSessions: 100, Authorized: []sshdtest.Key{key}})
	}
	if err != nil {
		g.close()
		return nil, err
	}
	known := filepath.Join(dir, "known_hosts")
	config := fmt.Sprintf("Host bench\n  HostName %s\n  Port %d\n  User %s\n  IdentityFile %s\n  IdentitiesOnly yes\n  IdentityAgent none\n"+
		"  UserKnownHostsFile %s\n  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n", g.server.Host, g.server.Port, g.server.User, key.Path, known)
	err = errors.Join(
		os.WriteFile(known, []byte(sshdtest.KnownHostsLine(g.server, g.server.HostKeys[0].Public)), 0o600),
		os.WriteFile(g.config, []byte(config), 0o600),
	)
	if err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *ground) close() {
	if g.server != nil {
		g.server.Close()
	}
	if err := os.RemoveAll(g.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench: clean up:", err)
	}
}

func (g *ground) ours(command string) func() *exec.Cmd {
	return func() *exec.Cmd {
		return exec.Command(g.vmo, "--data", filepath.Join(g.dir, "data"), "--ssh-config", g.config, "run", "--on", "bench", "--", command)
	}
}

func (g *ground) ssh(command string, options ...string) func() *exec.Cmd {
	args := append([]string{"-F", g.config}, options...)
	return func() *exec.Cmd { return exec.Command("ssh", append(args, "bench", command)...) }
}

func (g *ground) rows() []row {
	const what = "one `true`, new connection"
	return []row{
		{"6", what, "ssh", 0.25, g.ours("true"), g.ssh("true")},
		{"6", what, "ssh curve25519", 0.35, g.ours("true"), g.ssh("true", "-o", "KexAlgorithms=curve25519-sha256")},
	}
}
