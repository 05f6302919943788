package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"

	"vmorchestrator/backend/output"
	"vmorchestrator/backend/store"
	"vmorchestrator/bench/corpus"
)

// Rows 7 and 8 have a target print a text that lies there as a file.
const (
	bulkLines = 1_000_000
	manyLines = 20_000
)

// text is such a file. It is open to the account that logs in.
type text struct {
	path  string
	bytes int64
}

func (g *ground) text(lines int) (text, error) {
	name := fmt.Sprint(lines)
	if t, ok := g.texts[name]; ok {
		return t, nil
	}
	// The servers' folders are open to the account that logs in, and go when they do.
	t := text{path: filepath.Join(g.servers[0].Dir, "text-"+name)}
	f, err := os.OpenFile(t.path, os.O_CREATE|os.O_WRONLY, 0o644) // #nosec G302 -- another account reads it
	if err != nil {
		return t, err
	}
	c := corpus.Text{Kind: corpus.Journal, Seed: 7, Lines: lines, Start: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), Took: time.Duration(lines) * time.Millisecond}
	err = c.Write(func(_ time.Time, p []byte) error {
		t.bytes += int64(len(p))
		_, err := f.Write(p)
		return err
	})
	if err = errors.Join(err, f.Close()); err != nil {
		return t, err
	}
	g.texts[name] = t
	return t, nil
}

// program is what prints the text: its arguments, what it needs in its environment, and the file for its output, "" being
// none.
type program struct {
	args, env []string
	out       string
}

// sending measures a program that has the text printed; it is made when the text is there.
func (g *ground) sending(lines int, make func(print string) program) measured {
	return func(ctx context.Context) (sample, error) {
		t, err := g.text(lines)
		if err != nil {
			return sample{}, err
		}
		p := make("cat " + t.path)
		c := exec.CommandContext(ctx, p.args[0], p.args[1:]...) // #nosec G204 -- the peers
		c.Env = append(os.Environ(), p.env...)
		if p.out != "" {
			out, err := os.Create(filepath.Join(g.dir, p.out))
			if err != nil {
				return sample{}, err
			}
			defer out.Close()
			c.Stdout = out
		}
		return once(c)
	}
}

func (g *ground) sendOurs(n, lines int, flags ...string) measured {
	return g.sending(lines, func(print string) program {
		return program{args: g.vmoArgs(g.config, g.some(n), print, flags...)}
	})
}

func (g *ground) sendSSH(lines int) measured {
	return g.sending(lines, func(print string) program {
		return program{args: []string{"ssh", "-F", g.config, "-o", "ControlPath=none", benchHost, print}, out: "ssh.out"}
	})
}

func (g *ground) sendPssh(n, lines int) measured {
	return g.sending(lines, func(print string) program {
		list := g.hostFile(fmt.Sprint(n), g.some(n))
		return program{args: append(g.psshArgs(g.config, list, "-o", filepath.Join(g.dir, "pssh")), print)}
	})
}

func (g *ground) sendClush(n, lines int) measured {
	return g.sending(lines, func(print string) program {
		list := g.hostFile(fmt.Sprint(n), g.some(n))
		return program{args: []string{"clush", "--hostfile=" + list, "-f", "100", "-o", "-F " + g.config + " -o ControlPath=none", print}, out: "clush.out"}
	})
}

func (g *ground) sendAnsible(n, lines int) measured {
	return g.sending(lines, func(print string) program {
		list := g.hostFile(fmt.Sprint(n), g.some(n))
		config := filepath.Join(g.dir, "ansible.cfg")
		if err := os.WriteFile(config, nil, 0o600); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		// Nobody's configuration, and the connections of each round as new as the others'.
		return program{args: []string{"ansible", "all", "-i", list, "-m", "raw", "-f", "100", "-a", print}, out: "ansible.out", env: []string{
			"ANSIBLE_CONFIG=" + config, "ANSIBLE_SSH_ARGS=-F " + g.config + " -o ControlPath=none",
			"ANSIBLE_LOCAL_TEMP=" + filepath.Join(g.dir, "ansible"), "ANSIBLE_HOME=" + filepath.Join(g.dir, "ansible-home"),
		}}
	})
}

// stored is row 7's second figure: what the database of a text alone takes, and what building its signatures costs.
func (g *ground) stored(out *tabwriter.Writer) error {
	t, err := g.text(bulkLines)
	if err != nil {
		return err
	}
	dir := filepath.Join(g.dir, "size")
	args := g.vmoArgs(g.config, g.some(1), "cat "+t.path, "--quiet")
	for i, a := range args {
		if a == g.dataDir() {
			args[i] = dir
		}
	}
	s, err := timed(args...)(g.ctx)
	if err != nil {
		return err
	}
	size := func() float64 {
		total := 0.0
		for _, name := range []string{"vmo.db", "vmo.db-wal"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
				total += float64(info.Size())
			}
		}
		return total / float64(t.bytes)
	}
	before := size()
	fmt.Fprintf(out, "7\tstored size of %.0f MB\traw\t\t\t%.3f\t<= 0.20\t%s\t\n", float64(t.bytes)/1e6, before, verdict(before <= 0.2))
	db, err := store.Open(g.ctx, store.Options{Path: filepath.Join(dir, "vmo.db")})
	if err != nil {
		return err
	}
	hub := output.NewHub(output.Options{Store: db})
	began := time.Now()
	bytes, err := hub.Sign(g.ctx)
	took := time.Since(began)
	if err = errors.Join(err, hub.Close(g.ctx), db.Close()); err != nil {
		return err
	}
	if bytes == 0 {
		fmt.Fprintln(os.Stderr, "row 7: the signatures were built while the text came")
		return nil
	}
	fmt.Fprintf(out, "7\tsignatures of %.0f MB, built behind the stream\tthe stream\t%s\t%s\t%.2f\t\t\t\n", float64(bytes)/1e6, shown(took), shown(s.took), float64(took)/float64(s.took))
	after := size()
	fmt.Fprintf(out, "7\tstored size with signatures\traw\t\t\t%.3f\t\t\t\n", after)
	return nil
}
