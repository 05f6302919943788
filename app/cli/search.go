package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

type searchOptions struct {
	query        domain.TextQuery
	filter       domain.SearchFilter
	statuses     []string
	exit         int
	stream       string
	since, until string
	limit        int64
	around       int64
	json         bool
}

func (c *cli) searchCommand() *cobra.Command {
	var o searchOptions
	cmd := &cobra.Command{
		Use: "search TEXT", Short: "Find a text in every line ever kept, newest output first", Args: exactly("a TEXT"),
		Long: `Find a text in every line that a command ever printed, also in jobs that still run.
A line found is printed as "JOB VM:LINE: text"; 'vmo logs JOB --vm VM --from LINE'
goes on from there. Upper and lower case are the same unless --case says otherwise.
Colours don't hide anything, and of a progress line only the last state counts.

Exit status: 0 something was found, 1 nothing was, 2 wrong use.`,
		Example: `  vmo search 'address already in use'
  vmo search --regex 'error: .* (refused|reset)' --since 2d --context 2
  vmo search OutOfMemory --case --vm db-1 --stream stderr --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.read(args[0], cmd.Flags().Changed("exit"), time.Now()); err != nil {
				return err
			}
			return c.with(cmd.Context(), false, func(a *app.App) error { return c.search(cmd.Context(), a, o) })
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.query.Regex, "regex", false, "TEXT is a regular expression (RE2), within one line")
	f.BoolVar(&o.query.Case, "case", false, "upper and lower case differ")
	f.StringArrayVar(&o.filter.VMNames, "vm", nil, "only on the VM of this name; may be repeated")
	f.StringArrayVar(&o.filter.Commands, "command", nil, "only from the command or job of this name; may be repeated")
	f.StringArrayVar(&o.statuses, "status", nil, "only from runs in this state: "+statusWords())
	f.IntVar(&o.exit, "exit", 0, "only from runs with this exit status")
	f.StringVar(&o.stream, "stream", "", "only stdout or stderr")
	f.StringVar(&o.since, "since", "", "only lines since then: 90m, 12h, 7d, 2026-11-24 or '2026-11-24 08:30'")
	f.StringVar(&o.until, "until", "", "only lines before then, in the same forms")
	f.Int64Var(&o.limit, "limit", 0, "stop after so many lines (default all)")
	f.Int64Var(&o.around, "context", 0, "print so many lines around each one, too")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line")
	return cmd
}

// read checks what was asked for.
func (o *searchOptions) read(text string, exit bool, now time.Time) error {
	o.query.Text = text
	if err := app.CheckQuery(o.query); err != nil {
		return err
	}
	for _, word := range o.statuses {
		status := domain.Status(word)
		if !status.Valid() {
			return usage("One of "+statusWords()+".", "%q is no status", word)
		}
		o.filter.Statuses = append(o.filter.Statuses, status)
	}
	if o.filter.Stream = domain.Stream(o.stream); o.stream != "" && o.filter.Stream != domain.Stdout && o.filter.Stream != domain.Stderr {
		return usage("--stream stdout or --stream stderr", "%q is no stream", o.stream)
	}
	if exit {
		o.filter.ExitCode = &o.exit
	}
	if o.limit < 0 || o.around < 0 || o.around > maxContext {
		return usage("", "--limit is a number from 1, --context one from 1 to %d", maxContext)
	}
	var err error
	if o.filter.Since, err = moment("--since", o.since, now); err != nil {
		return err
	}
	o.filter.Before, err = moment("--until", o.until, now)
	return err
}

// moment reads a time: a length of time before now, a day, or a day and a time of it, as the person's clock has it.
func moment(flag, text string, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			at := now.AddDate(0, 0, -n)
			return &at, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		at := now.Add(-d)
		return &at, nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly, "2006-01-02 15:04", time.DateTime} {
		if at, err := time.ParseInLocation(form, text, time.Local); err == nil {
			return &at, nil
		}
	}
	return nil, usage("As in 90m, 12h, 7d, 2026-11-24 or '2026-11-24 08:30'.", "%s %q is no time", flag, text)
}

var errEnough = errors.New("as many lines as were asked for")

func (c *cli) search(ctx context.Context, a *app.App, o searchOptions) error {
	p := newPrinter(c.streams.out, c.streams.err, c.tty, nil)
	s := &searchPrinter{a: a, p: p, o: o}
	err := a.Search(ctx, o.query, o.filter, func(hits []domain.Hit, _ domain.SearchProgress) error {
		for _, hit := range hits {
			if err := s.hit(ctx, hit); err != nil {
				return err
			}
			if s.found++; s.found == o.limit {
				return errEnough
			}
		}
		return s.flush(ctx)
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil {
		err = s.after(ctx, nil)
	}
	if flushErr := s.flush(ctx); err == nil {
		err = flushErr
	}
	if closeErr := p.close(); err == nil {
		err = closeErr
	}
	if s.found == 0 {
		c.status = exitSome
	}
	if err == nil {
		a.Logs.SignSome(ctx, signAfter)
	}
	return err
}

// searchPrinter prints lines that were found, and those around them, each once.
type searchPrinter struct {
	a     *app.App
	p     *printer
	o     searchOptions
	found int64
	buf   []byte
	last  *domain.Hit // the last one printed, its lines behind it not yet
	shown int64       // the newest line printed of its run
}

func (s *searchPrinter) hit(ctx context.Context, hit domain.Hit) error {
	if s.o.json {
		return s.hitJSON(ctx, hit)
	}
	if err := s.after(ctx, &hit); err != nil {
		return err
	}
	if s.o.around > 0 {
		if err := s.lines(ctx, hit, max(s.shown+1, hit.Line-s.o.around), hit.Line-1); err != nil {
			return err
		}
	}
	s.buf = s.prefix(s.buf, hit.Run, hit.Line, ':')
	if hit.Before {
		s.buf = append(s.buf, "..."...)
	}
	s.marked(hit)
	if hit.After {
		s.buf = append(s.buf, "..."...)
	}
	s.buf = append(s.buf, '\n')
	s.last, s.shown = &hit, hit.Line
	if len(s.buf) >= blockBytes {
		return s.flush(ctx)
	}
	return nil
}

// after prints the lines behind the last hit, as far as the next one has not shown them.
func (s *searchPrinter) after(ctx context.Context, next *domain.Hit) error {
	if s.last == nil || s.o.around == 0 || s.o.json {
		s.shown = 0
		return nil
	}
	last, to := *s.last, s.last.Line+s.o.around
	if next != nil && next.Run.ID == last.Run.ID && next.Line > last.Line {
		if to = min(to, next.Line-1); to+1 < next.Line-s.o.around {
			defer func() { s.buf = append(s.buf, "--\n"...) }()
		}
		return s.lines(ctx, last, last.Line+1, to)
	}
	if err := s.lines(ctx, last, last.Line+1, to); err != nil {
		return err
	}
	if s.shown = 0; next != nil {
		s.buf = append(s.buf, "--\n"...)
	}
	return nil
}

// lines prints lines of a hit's run.
func (s *searchPrinter) lines(ctx context.Context, hit domain.Hit, from, to int64) error {
	for from = max(from, 1); from <= to; {
		page, err := s.a.ReadLog(ctx, hit.Run.ID, from, int(to-from+1))
		if err != nil || len(page.Lines) == 0 {
			return err
		}
		for _, line := range page.Lines {
			s.buf = s.prefix(s.buf, hit.Run, line.N, '-')
			s.buf = append(s.safe(s.buf, line.Text), '\n')
			from, s.shown = line.N+1, line.N
		}
	}
	return nil
}

func (s *searchPrinter) prefix(dst []byte, run domain.SearchRun, line int64, mark byte) []byte {
	dst = fmt.Appendf(dst, "%d ", run.JobNumber)
	return fmt.Appendf(s.safe(dst, run.VMName), ":%d%c ", line, mark)
}

// safe appends text as the terminal may have it.
func (s *searchPrinter) safe(dst []byte, text string) []byte {
	if s.p.tty[0] {
		return appendSafe(dst, []byte(text))
	}
	return append(dst, text...)
}

// marked appends the hit's text, on a terminal with the matches in another colour.
func (s *searchPrinter) marked(hit domain.Hit) {
	at := 0
	if s.p.tty[0] {
		for _, m := range hit.Matches {
			s.buf = append(s.safe(s.buf, hit.Text[at:m[0]]), "\x1b[1;31m"...)
			s.buf = append(s.safe(s.buf, hit.Text[m[0]:m[1]]), "\x1b[0m"...)
			at = m[1]
		}
	}
	s.buf = s.safe(s.buf, hit.Text[at:])
}

func (s *searchPrinter) flush(ctx context.Context) error {
	if len(s.buf) == 0 {
		return nil
	}
	buf := append(s.p.buffer(), s.buf...)
	s.buf = s.buf[:0]
	return s.p.send(ctx, 0, buf)
}

type jsonMatch struct {
	Type     string        `json:"type"` // "match"
	Job      int64         `json:"job"`
	JobID    string        `json:"jobId"`
	RunID    string        `json:"runId"`
	Name     string        `json:"name"`
	VM       string        `json:"vm"`
	Status   domain.Status `json:"status"`
	ExitCode *int          `json:"exitCode"`
	Stream   domain.Stream `json:"stream"`
	N        int64         `json:"n"`
	At       stamp         `json:"at"`
	Text     string        `json:"text"`
	Whole    bool          `json:"whole"`
	Matches  [][2]int      `json:"matches"`
	Before   []string      `json:"before"`
	After    []string      `json:"after"`
}

func (s *searchPrinter) hitJSON(ctx context.Context, hit domain.Hit) error {
	out := jsonMatch{
		Type: "match", Job: hit.Run.JobNumber, JobID: hit.Run.JobID, RunID: hit.Run.ID, Name: hit.Run.JobName, VM: hit.Run.VMName,
		Status: hit.Run.Status, ExitCode: hit.Run.ExitCode, Stream: hit.Stream, N: hit.Line, At: stamp(hit.At), Text: hit.Text,
		Whole: !hit.Before && !hit.After, Matches: [][2]int{}, Before: []string{}, After: []string{},
	}
	for _, m := range hit.Matches {
		begin := utf8.RuneCountInString(hit.Text[:m[0]])
		out.Matches = append(out.Matches, [2]int{begin, begin + utf8.RuneCountInString(hit.Text[m[0]:m[1]])})
	}
	if s.o.around > 0 {
		for from := max(1, hit.Line-s.o.around); from <= hit.Line+s.o.around; {
			page, err := s.a.ReadLog(ctx, hit.Run.ID, from, int(hit.Line+s.o.around-from+1))
			if err != nil {
				return err
			}
			if len(page.Lines) == 0 {
				break
			}
			for _, line := range page.Lines {
				switch from = line.N + 1; {
				case line.N < hit.Line:
					out.Before = append(out.Before, line.Text)
				case line.N > hit.Line:
					out.After = append(out.After, line.Text)
				}
			}
		}
	}
	s.buf = appendJSON(s.buf, out)
	if len(s.buf) >= blockBytes {
		return s.flush(ctx)
	}
	return nil
}
