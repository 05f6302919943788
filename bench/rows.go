package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

const curve25519 = "KexAlgorithms=curve25519-sha256"

// rows are those of performance.md that compare; 9, 10, 11 and 12 stand in files of their own.
func (g *ground) rows() []row {
	const (
		fresh = "one `true`, new connection"
		fan   = "`true` on 200 hosts, cold"
		bulk  = "1 M lines streamed and stored"
		many  = "50 hosts x 20,000 lines streamed and stored"
	)
	return []row{
		{number: "1", what: fan, ours: g.fan(200), peers: []side{
			{"pssh -p 100", 0.20, 0.03, g.pssh(200)}, {"pssh, curve25519", 0.70, 0, g.pssh(200, "-O", curve25519)},
		}},
		{number: "2", what: "the same, server without cost", ours: g.bareFan(), peers: []side{{"pssh -p 100", 0.12, 0, g.barePssh()}}},
		{number: "3", what: "`true` on 200 hosts, connections open", ours: g.onAll("true"), peers: []side{{"xargs + ControlMaster", 0.37, 0, g.xargs("true")}}},
		{
			number: "4", what: "`true` on 500 hosts, cold", ours: g.fan(all), peers: []side{{"pssh -p 100", 0.20, 0, g.pssh(all)}},
			after: func(out *tabwriter.Writer) error { return g.memory(out, all) },
		},
		{number: "5", what: "one `true`, open connection", ours: g.onOne("true"), peers: []side{{"ssh ControlMaster", 0.36, 0, g.master("true")}}},
		{number: "6", what: fresh, ours: g.vmoRun("true"), peers: []side{
			{"ssh", 0.25, 0, g.ssh("true", "-o", "ControlPath=none")},
			{"ssh curve25519", 0.35, 0, g.ssh("true", "-o", "ControlPath=none", "-o", curve25519)},
		}},
		{number: "7", what: bulk, ours: g.sendOurs(1, bulkLines, "--quiet"), peers: []side{
			{"ssh host cmd > file", 1.1, 0, g.sendSSH(bulkLines)}, {"floor: a bare client in Go", 0, 0, g.sendFloor(1, bulkLines)},
		}, after: g.stored},
		{number: "8", what: many, ours: g.sendOurs(50, manyLines, "--quiet", "--parallel", "50"), peers: []side{
			{"pssh -o", 0.28, 0, g.sendPssh(50, manyLines)}, {"clush", 0.1, 0, g.sendClush(50, manyLines)}, {"ansible raw", 0.1, 0, g.sendAnsible(50, manyLines)},
			{"floor: a bare client in Go", 0, 0, g.sendFloor(50, manyLines)},
		}},
	}
}

// some are the first n hosts; they are there if a row that wants them is.
func (g *ground) some(n int) []string { return g.every[:min(n, len(g.every))] }

// fan is vmo on n hosts that it has no connection to, as many at once as pssh is told.
func (g *ground) fan(n int) measured {
	return timed(g.vmoArgs(g.config, g.some(n), "true", "--quiet", "--parallel", "100")...)
}

func (g *ground) psshArgs(config, list string, more ...string) []string {
	return append([]string{"parallel-ssh", "-h", list, "-p", "100", "-t", "0", "-x", "-F " + config + " -o ControlPath=none"}, more...)
}

func (g *ground) pssh(n int, more ...string) measured {
	return timed(append(g.psshArgs(g.config, g.hostFile(fmt.Sprint(n), g.some(n)), more...), "true")...)
}

func (g *ground) onAll(command string) measured {
	return func(ctx context.Context) (sample, error) {
		took, err := g.run(ctx, command, g.names)
		return sample{took: took}, err
	}
}

func (g *ground) onOne(command string) measured {
	return func(ctx context.Context) (sample, error) {
		took, err := g.run(ctx, command, []string{benchHost})
		return sample{took: took}, err
	}
}

// mastered is a peer that goes by ssh's shared connections.
func (g *ground) mastered(peer measured) measured {
	return func(ctx context.Context) (sample, error) {
		if err := g.startMasters(); err != nil {
			return sample{}, err
		}
		return peer(ctx)
	}
}

func (g *ground) master(command string) measured { return g.mastered(g.ssh(command)) }

func (g *ground) xargs(command string) measured {
	list := strings.Join(g.names, "\n") + "\n"
	return g.mastered(func(ctx context.Context) (sample, error) {
		return once(exec.CommandContext(ctx, "sh", "-c", "printf %s \"$1\" | xargs -P 100 -I {} ssh -F \"$2\" {} "+command, "sh", list, g.config)) // #nosec G204
	})
}

// bareFan and barePssh are row 1 on a server that costs as good as nothing; see serve.go.
func (g *ground) bareFan() measured {
	return g.onBare(func(b *bareServer) []string {
		return g.vmoArgs(b.config, b.names, "true", "--quiet", "--parallel", "100")
	})
}

func (g *ground) barePssh() measured {
	return g.onBare(func(b *bareServer) []string {
		return append(g.psshArgs(b.config, g.hostFile("bare", b.names)), "true")
	})
}

func (g *ground) onBare(args func(*bareServer) []string) measured {
	return func(ctx context.Context) (sample, error) {
		if g.bare == nil {
			b, err := g.newBare()
			if err != nil {
				return sample{}, err
			}
			g.bare = b
		}
		return timed(args(g.bare)...)(ctx)
	}
}

// memory is row 4's second figure: the most that a whole tree of processes takes at once, shared pages counted by share.
func (g *ground) memory(out *tabwriter.Writer, n int) error {
	const rounds = 3
	var ours, theirs []time.Duration // KB
	list := g.hostFile(fmt.Sprint(n), g.some(n))
	for range rounds {
		a, err := peak(exec.CommandContext(g.ctx, g.vmo, g.vmoArgs(g.config, g.some(n), "true", "--quiet", "--parallel", "100")[1:]...)) // #nosec G204
		if err != nil {
			return err
		}
		pssh := append(g.psshArgs(g.config, list), "true")
		b, err := peak(exec.CommandContext(g.ctx, pssh[0], pssh[1:]...)) // #nosec G204
		if errors.Is(err, exec.ErrNotFound) {
			return nil // told above
		}
		if err != nil {
			return err
		}
		ours, theirs = append(ours, time.Duration(a)), append(theirs, time.Duration(b))
	}
	a, b := middle(ours), middle(theirs)
	ratio := float64(a) / float64(b)
	fmt.Fprintf(out, "4\t`true` on %d hosts, cold: peak memory (PSS)\tpssh's tree\t%d MB\t%d MB\t%.2f\t<= 0.50\t%s\t\n", n, a/1024, b/1024, ratio, verdict(ratio <= 0.5))
	return nil
}

func (g *ground) dataDir() string { return filepath.Join(g.dir, "data") }
