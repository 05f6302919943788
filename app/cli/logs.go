package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

type logsOptions struct {
	vm, stream string
	raw        bool
	from       int64
	count      int64
	follow     bool
}

func (c *cli) logsCommand() *cobra.Command {
	var o logsOptions
	cmd := &cobra.Command{
		Use: "logs JOB", Short: "Print the stored output of a job", Args: exactly("a JOB"),
		Long: `Print the stored output of a job, also while it runs, in this or another process.
With several runs every line is "VM | line". --raw gives the exact bytes.`,
		Example: `  vmo logs 12
  vmo logs 12 --vm web-1 --from -100
  vmo logs 12 --raw --stream stdout > out.bin
  vmo logs 12 --follow`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.stream != "" && o.stream != string(domain.Stdout) && o.stream != string(domain.Stderr) {
				return usage("--stream stdout or --stream stderr", "%q is no stream", o.stream)
			}
			if o.raw && (cmd.Flags().Changed("from") || cmd.Flags().Changed("count")) {
				return usage("Leave --raw out to choose lines.", "--raw gives all bytes: --from and --count don't go with it")
			}
			if o.count < 0 || (o.count > 0 && o.follow) {
				return usage("", "--count is a number from 1, and doesn't go with --follow")
			}
			if !cmd.Flags().Changed("from") {
				o.from = 1
			}
			return c.with(cmd.Context(), false, func(a *app.App) error { return c.logs(cmd.Context(), a, jobRef(args[0]), o) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.vm, "vm", "", "only the run on this VM")
	f.StringVar(&o.stream, "stream", "", "only stdout or stderr")
	f.BoolVar(&o.raw, "raw", false, "the exact bytes, of one run")
	f.Int64Var(&o.from, "from", 1, "first line; -100 is the last hundred")
	f.Int64Var(&o.count, "count", 0, "how many lines (default all)")
	f.BoolVarP(&o.follow, "follow", "f", false, "go on until the run has ended")
	return cmd
}

func (c *cli) logs(ctx context.Context, a *app.App, job string, o logsOptions) error {
	d, err := a.History.GetJob(ctx, job)
	if err != nil {
		return err
	}
	runs := d.Runs
	if o.vm != "" {
		runs = nil
		for _, r := range d.Runs {
			if r.VMName == o.vm || r.ID == o.vm {
				runs = append(runs, r)
			}
		}
		if len(runs) == 0 {
			return domain.NewError(domain.CodeNotFound, "See 'vmo jobs' for its VMs.", "job %d has no run on %s", d.Job.Number, o.vm)
		}
	}
	if o.raw && len(runs) > 1 {
		return usage("Choose one with --vm.", "job %d has %d runs, and --raw gives the bytes of one", d.Job.Number, len(runs))
	}
	p := newPrinter(c.streams.out, c.streams.err, c.tty, nil)
	err = c.printLogs(ctx, a, p, runs, o)
	if closeErr := p.close(); err == nil {
		err = closeErr
	}
	return err
}

func (c *cli) printLogs(ctx context.Context, a *app.App, p *printer, runs []domain.Run, o logsOptions) error {
	if o.raw {
		return c.rawLog(ctx, a, p, runs[0].ID, o)
	}
	readers := make([]*logReader, len(runs))
	for i, r := range runs {
		readers[i] = &logReader{a: a, p: p, id: r.ID, next: o.from, left: o.count, stream: domain.Stream(o.stream)}
		if len(runs) > 1 {
			readers[i].prefix = prefixOf(r.VMName)
		}
	}
	// One run after the other; those that still go on are visited in turn.
	for {
		live := false
		for _, r := range readers {
			done, err := r.catchUp(ctx)
			if err != nil {
				return err
			}
			live = live || !done
		}
		if !o.follow || !live {
			return nil
		}
		if err := pause(ctx, followEvery); err != nil {
			return err
		}
	}
}

func prefixOf(vm string) string { return vm + " | " }

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// logReader prints one run's lines from a cursor.
type logReader struct {
	a      *app.App
	p      *printer
	id     string
	prefix string
	stream domain.Stream // "" both
	next   int64
	left   int64 // lines to print; 0 all
	ended  bool
}

// catchUp prints what is there and says whether no more will come.
func (r *logReader) catchUp(ctx context.Context) (bool, error) {
	for !r.ended {
		count := int64(readLines)
		if r.left > 0 {
			count = min(count, r.left)
		}
		page, err := r.a.Logs.Read(ctx, r.id, r.next, int(count))
		if err != nil {
			return false, err
		}
		for _, line := range page.Lines {
			if err := r.print(ctx, line); err != nil {
				return false, err
			}
		}
		n := int64(len(page.Lines))
		r.next = page.From + n
		if r.left > 0 {
			if r.left -= n; r.left == 0 {
				r.ended = true
				break
			}
		}
		if n == 0 {
			r.ended = page.Done
			break
		}
	}
	return r.ended, nil
}

// print prints a line; what a page cut off is fetched.
func (r *logReader) print(ctx context.Context, line domain.Line) error {
	if r.stream != "" && line.Stream != r.stream {
		return nil
	}
	s := streamNo(line.Stream)
	tee := &lineTee{p: r.p, prefix: r.prefix, ctx: ctx}
	text := line.Text
	for offset := int64(0); ; {
		if line.Len > int64(len(line.Text)) {
			part, total, err := r.a.Logs.Line(ctx, r.id, line.N, offset)
			if err != nil {
				return err
			}
			line.Len, text = total, part
		}
		last := offset+int64(len(text)) >= line.Len || text == ""
		offset += int64(len(text))
		buf := tee.line(r.p.buffer(), s, []byte(text))
		if err := r.p.send(ctx, s, buf); err != nil || last {
			return err
		}
	}
}

// rawLog gives the exact bytes of one run.
func (c *cli) rawLog(ctx context.Context, a *app.App, p *printer, id string, o logsOptions) error {
	out := rawWriter{ctx: ctx, p: p}
	for from := int64(0); ; {
		page, err := a.Logs.Read(ctx, id, -1, 1)
		if err != nil {
			return err
		}
		n, err := a.Logs.Raw(ctx, id, domain.Stream(o.stream), from, out)
		from += n
		if err != nil || page.Done || !o.follow {
			return err
		}
		if n == 0 {
			if err := pause(ctx, followEvery); err != nil {
				return err
			}
		}
	}
}

// rawWriter writes all bytes to stdout, whatever stream they came from.
type rawWriter struct {
	ctx context.Context
	p   *printer
}

var _ io.Writer = rawWriter{}

func (w rawWriter) Write(b []byte) (int, error) {
	return len(b), rawTee{w.p}.Write(w.ctx, domain.Stdout, b)
}
