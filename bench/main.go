// Command bench prints how fast the product is beside its peers: what, ours, peer, ratio, goal. Every ratio comes from
// one run in which ours and the peers take turns on the same sshd, started here on loopback with host keys checked; the
// figure is the median of the rounds. Ours is the real product path, with job, run and every line stored: vmo, or
// the same engine opened here where a row needs one living process.
//
//	go run ./bench [-rounds N] [-vmo bin/vmo] [-window bin/vm-orchestrator] [-data dist/bench-data] [-row 1,7,10]
//
// It installs nothing: a peer that is not there is reported as "not installed", never as a win, and so is a history
// that was not made (make bench-data). A row that fails is told and the others are measured all the same. A row is
// bounded: 5 rounds, more while it took less than rowTime, fewer where it took rowLimit.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

const (
	minRounds = 5
	// rowTime is when a row begins no round more than the least. All rows together then take some ten minutes.
	rowTime = 20 * time.Second
	// rowLimit is when a row begins no round more at all, so that a slow peer or a busy computer doesn't hold up the rest.
	// What was had by then is printed with the number of its rounds.
	rowLimit = 150 * time.Second
	// warmTime is how long a first round may take to be repeated: it finds cold caches and isn't counted. What takes
	// longer isn't measured in caches.
	warmTime = 5 * time.Second
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == serveArg {
		os.Exit(serve(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == floorArg {
		if err := floor(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	o := options{}
	flag.IntVar(&o.rounds, "rounds", 15, "rounds per row, at least 5")
	flag.StringVar(&o.vmo, "vmo", "bin/vmo", "the vmo to measure")
	flag.StringVar(&o.window, "window", "bin/vm-orchestrator", "the window to measure")
	flag.StringVar(&o.data, "data", "dist/bench-data", "a history made by bench-data")
	only := flag.String("row", "", "these rows alone, such as 1,7,10")
	flag.Parse()
	o.rounds = max(o.rounds, minRounds)
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	rounds            int
	vmo, window, data string
	only              []string
}

func (o options) wants(number string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, number)
}

// sample is what one round took.
type sample struct {
	took time.Duration
	cpu  time.Duration // of the programs that were started, as far as they are ours to count
}

type measured func(context.Context) (sample, error)

// side is a peer.
type side struct {
	name    string
	goal    float64 // ours is at most this part of the peer's time; 0: no goal
	cpuGoal float64 // and of its processor time; 0: no goal
	run     measured
}

// row is one comparison. Ours and the peers' are run in turns.
type row struct {
	number, what string
	ours         measured
	peers        []side
	after        func(*tabwriter.Writer) error // more lines; nil: none
}

// table collects what is printed, and which rows failed.
type table struct {
	*tabwriter.Writer
	failed []string
}

func (t *table) try(number, what string, do func() error) {
	fmt.Fprintf(os.Stderr, "row %s: %s\n", number, what)
	if err := do(); err != nil {
		t.failed = append(t.failed, number)
		fmt.Fprintf(os.Stderr, "row %s: %v\n", number, err)
		fmt.Fprintf(t, "%s\t%s\t\t\t\tfailed\t\t\t\n", number, what)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.vmo, err = filepath.Abs(o.vmo); err != nil {
		return err
	}
	if _, err := os.Stat(o.vmo); err != nil {
		return fmt.Errorf("build it first (make vmo): %w", err)
	}
	g, err := newGround(ctx, o)
	if err != nil {
		return err
	}
	defer g.close()
	began := time.Now()
	t := &table{Writer: tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', tabwriter.AlignRight)}
	fmt.Fprintln(t, "row\twhat\tpeer\tours\tpeer's\tratio\tgoal\t\t")
	for _, r := range g.rows() {
		if o.wants(r.number) && ctx.Err() == nil {
			t.try(r.number, r.what, func() error { return measure(ctx, t.Writer, r, o.rounds) })
		}
	}
	for _, alone := range []struct {
		number, what string
		do           func(*tabwriter.Writer) error
	}{
		{"9", "idle pooled connection", g.idle}, {"10", "history of 100,000 jobs", g.history}, {"11", "a rare word over all logs", g.rare},
		{"12", "window", g.atWindow},
	} {
		if o.wants(alone.number) && ctx.Err() == nil {
			t.try(alone.number, alone.what, func() error { return alone.do(t.Writer) })
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Printf("at least %d and at most %d rounds in turns, medians; %d processors, load %s, %.0f s\n",
		minRounds, o.rounds, runtime.NumCPU(), load(), time.Since(began).Seconds())
	if len(t.failed) > 0 {
		return fmt.Errorf("failed: row %s", strings.Join(t.failed, ", "))
	}
	return context.Cause(ctx)
}

// measure runs a row's rounds and prints a line for each peer.
func measure(ctx context.Context, out *tabwriter.Writer, r row, rounds int) error {
	var ours []sample
	theirs := make([][]sample, len(r.peers))
	missing := make([]bool, len(r.peers))
	began, warm := time.Now(), false
	for len(ours) < rounds && (len(ours) < minRounds || time.Since(began) < rowTime) && (len(ours) == 0 || time.Since(began) < rowLimit) {
		round := time.Now()
		a, err := r.ours(ctx)
		if err != nil {
			return err
		}
		ours = append(ours, a)
		for k, p := range r.peers {
			if missing[k] {
				continue
			}
			b, err := p.run(ctx)
			if missing[k] = errors.Is(err, exec.ErrNotFound); missing[k] {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			theirs[k] = append(theirs[k], b)
		}
		if !warm && time.Since(round) < warmTime {
			ours = nil
			clear(theirs)
		}
		warm = true
	}
	if len(ours) < minRounds {
		r.what += fmt.Sprintf(" (%d rounds only)", len(ours))
	}
	for k, p := range r.peers {
		if missing[k] {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t\tnot installed\t%s\t\t\n", r.number, r.what, p.name, shown(median(ours, took)), atMost(p.goal))
			continue
		}
		compare(out, r.number, r.what, p.name, p.goal, median(ours, took), median(theirs[k], took))
		if p.cpuGoal > 0 {
			compare(out, r.number, r.what+": processor time", p.name, p.cpuGoal, median(ours, cpu), median(theirs[k], cpu))
		}
	}
	if r.after != nil {
		return r.after(out)
	}
	return nil
}

func compare(out *tabwriter.Writer, number, what, peer string, goal float64, ours, theirs time.Duration) {
	ratio := float64(ours) / float64(theirs)
	said := ""
	if goal > 0 {
		said = verdict(ratio <= goal)
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%.3f\t%s\t%s\t\n", number, what, peer, shown(ours), shown(theirs), ratio, atMost(goal), said)
}

func atMost(goal float64) string {
	if goal == 0 {
		return ""
	}
	return fmt.Sprintf("<= %.2f", goal)
}

func verdict(reached bool) string {
	if reached {
		return "reached"
	}
	return "missed"
}

func took(s sample) time.Duration { return s.took }
func cpu(s sample) time.Duration  { return s.cpu }

func median(all []sample, of func(sample) time.Duration) time.Duration {
	d := make([]time.Duration, len(all))
	for i, s := range all {
		d[i] = of(s)
	}
	return middle(d)
}

func middle(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

func shown(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// load is how busy the computer was: with others at work only the ratios say something.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}
