// Command bench prints how fast the product is beside its peers: what, ours, peer, ratio, goal. Every ratio comes from
// one run in which ours and the peer take turns on the same sshd, started here on loopback with host keys checked; the
// figure is the median of the rounds. Ours is the real product path, with job, run and every line stored: vmo, or
// the same engine opened here where a row needs one living process.
//
//	go run ./bench [-rounds N] [-vmo bin/vmo] [-row N]
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
)

func main() {
	rounds := flag.Int("rounds", 15, "rounds per row, at least 5")
	vmo := flag.String("vmo", "bin/vmo", "the vmo to measure")
	only := flag.String("row", "", "this row alone")
	flag.Parse()
	if err := run(max(*rounds, 5), *vmo, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// row is one comparison. Ours and the peer's are run in turns; each gives what one round took.
type row struct {
	number, what, peer string
	goal               float64 // ours is at most this part of the peer's time
	ours, theirs       func() (time.Duration, error)
}

func run(rounds int, vmo, only string) error {
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
		if only != "" && r.number != only {
			continue
		}
		if err := measure(out, r, rounds); err != nil {
			return fmt.Errorf("row %s: %w", r.number, err)
		}
	}
	if only == "" || only == "9" {
		if err := g.idle(out); err != nil {
			return fmt.Errorf("row 9: %w", err)
		}
	}
	fmt.Fprintf(out, "%d rounds in turns, medians\n", rounds)
	return out.Flush()
}

func measure(out *tabwriter.Writer, r row, rounds int) error {
	var ours, theirs []time.Duration
	for i := range rounds + 1 {
		a, err := r.ours()
		if err != nil {
			return err
		}
		b, err := r.theirs()
		if errors.Is(err, exec.ErrNotFound) {
			fmt.Fprintf(out, "%s\t%s\t%s\t\t\tnot installed\t<= %.2f\t\t\n", r.number, r.what, r.peer, r.goal)
			return nil
		}
		if err != nil {
			return err
		}
		if i == 0 {
			continue // both find a cold cache in the first round
		}
		ours, theirs = append(ours, a), append(theirs, b)
	}
	o, p := median(ours), median(theirs)
	fmt.Fprintf(out, "%s\t%s\t%s\t%.1f ms\t%.1f ms\t%.2f\t<= %.2f\t%s\t\n",
		r.number, r.what, r.peer, ms(o), ms(p), float64(o)/float64(p), r.goal, verdict(float64(o)/float64(p) <= r.goal))
	return nil
}

func verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "missed"
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
