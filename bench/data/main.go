// Command data fills a folder with the history of a busy team, for figures and for trying the window out at scale: by
// default 100,000 jobs with 20 million lines of output on 1,000 VMs, and 2,000 commands, over 90 days. Everything is
// written by the product's own store and output hub, with the real migrations, so that what is measured is the product's.
//
//	go run ./bench/data [-dir dist/bench-data] [-jobs N] [-lines N] [-vms N] [-commands N] [-huge N] [-files runs,days]
//
// It never touches the person's own data: a folder that it didn't make itself is refused. What is there already, with
// the same parameters, is not made again; what was interrupted is begun anew only with -again.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"vmorchestrator/bench/corpus"
)

// stateFile says what a folder holds; it is what tells our folders from a person's.
const stateFile = corpus.StateFile

func main() {
	p := corpus.Params{}
	dir := flag.String("dir", "dist/bench-data", "the data folder to fill; open it with VMO_DATA_DIR and VMO_SSH_CONFIG=DIR/ssh_config")
	flag.IntVar(&p.Jobs, "jobs", 100_000, "jobs")
	flag.IntVar(&p.Lines, "lines", 20_000_000, "lines of output, of all runs together")
	flag.IntVar(&p.VMs, "vms", 1000, "VMs")
	flag.IntVar(&p.Commands, "commands", 2000, "saved commands")
	flag.IntVar(&p.Long, "long", 1_000_000, "lines of the longest log; at most half of -lines")
	flag.IntVar(&p.Huge, "huge", 0, "lines of one more log, such as 10000000")
	flag.IntVar(&p.Days, "days", 90, "days over which the jobs are spread")
	flag.Uint64Var(&p.Seed, "seed", 1, "another seed is another history")
	until := flag.String("until", "", "time of the newest job, RFC 3339 (default: now, or what the folder has)")
	files := flag.String("files", "", "write the same text as plain files too, for grep: runs (a file each), days, or both")
	again := flag.Bool("again", false, "throw away what was made in the folder before")
	flag.Parse()
	p.Long = min(p.Long, p.Lines/2)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, p, *until, *files, *again); err != nil {
		fmt.Fprintln(os.Stderr, "bench-data:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, p corpus.Params, until, files string, again bool) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("%q is no option; the folder is named with -dir", flag.Arg(0))
	}
	state, err := claim(dir, again)
	if err != nil {
		return err
	}
	p.Until = state.Params.Until
	if until != "" {
		if p.Until, err = time.Parse(time.RFC3339, until); err != nil {
			return fmt.Errorf("-until: %w", err)
		}
	}
	if p.Until.IsZero() {
		p.Until = time.Now()
	}
	p.Until = p.Until.UTC().Truncate(time.Second)
	if err := p.Validate(); err != nil {
		return err
	}
	if state.Complete && state.Params != p {
		return fmt.Errorf("%s holds another history (%d jobs, %d lines, %d VMs, %d commands): choose another -dir, or -again to throw it away",
			dir, state.Params.Jobs, state.Params.Lines, state.Params.VMs, state.Params.Commands)
	}
	jobs := p.Plan()
	if state.Complete {
		fmt.Fprintf(os.Stderr, "%s is there already: %d jobs, %d lines\n", dir, state.Params.Jobs, state.Lines)
	} else if err := fill(ctx, dir, p, jobs); err != nil {
		return err
	}
	for _, layout := range strings.FieldsFunc(files, func(r rune) bool { return r == ',' }) {
		if err := writeFiles(ctx, dir, layout, p, jobs); err != nil {
			return err
		}
	}
	return nil
}

// claim makes the folder ours, or says why it can't be.
func claim(dir string, again bool) (corpus.State, error) {
	var s corpus.State
	s, err := corpus.ReadState(dir)
	switch {
	case err == nil && again:
		if err := os.RemoveAll(dir); err != nil {
			return s, err
		}
		s = corpus.State{}
	case err == nil && s.Complete:
		return s, nil
	case err == nil:
		return s, fmt.Errorf("%s was not finished: -again begins anew", dir)
	case !errors.Is(err, os.ErrNotExist):
		return s, err
	}
	there, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return s, err
	}
	if len(there) > 0 {
		return s, fmt.Errorf("%s holds something that bench-data didn't make: choose another -dir", dir)
	}
	return s, nil
}

func writeState(dir string, s corpus.State) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, stateFile), append(text, '\n'), 0o600)
}

// progress tells on stderr how far something is, a few times a minute.
type progress struct {
	what        string
	began, last time.Time
}

func (p *progress) tell(format string, args ...any) {
	if now := time.Now(); now.Sub(p.last) >= 3*time.Second {
		p.last = now
		fmt.Fprintf(os.Stderr, "%s: "+format+", %.0f s\n", append(append([]any{p.what}, args...), now.Sub(p.began).Seconds())...)
	}
}
