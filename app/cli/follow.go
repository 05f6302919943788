package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// follow starts the job, prints its output and says how it ended. Interrupts stop it.
func (c *cli) follow(ctx context.Context, a *app.App, o runOptions, req app.StartJob) error {
	// Output goes on being printed while the job is being stopped, until the second interrupt.
	ends, unread := context.WithCancelCause(ctx)
	defer unread(nil)
	p := newPrinter(c.out, c.streams.err, c.tty, unread)
	printing, err := c.tee(a, o, &req, p)
	if err != nil {
		return err
	}
	d, err := a.Jobs.Start(context.WithoutCancel(ctx), req)
	if err != nil {
		return errors.Join(err, p.close())
	}
	stopped := false
	result, err := a.Jobs.Wait(ends, d.Job.ID)
	if err != nil && ends.Err() != nil {
		stopped = true
		if ctx.Err() != nil {
			fmt.Fprintf(c.streams.err, "vmo: stopping job %d; Ctrl-C again leaves it to its lease\n", d.Job.Number)
		}
		result, err = c.stop(a, d.Job.ID)
	}
	if err != nil {
		return err
	}
	printing(result)
	if o.json {
		_ = p.send(c.hurry, 0, appendJSON(nil, jobJSON(result)))
	}
	if writeErr := p.close(); writeErr != nil && ctx.Err() == nil {
		// Nobody reads any more (vmo ... | head): the job was stopped, and that is what was wanted.
		c.status = exitSome
		return nil
	}
	if !o.json {
		c.summary(result, o, stopped)
	}
	if result.Job.Status != domain.StatusSucceeded {
		c.status = exitSome
	}
	return nil
}

// stop cancels the job and waits for what becomes of it, at most until the second interrupt.
func (c *cli) stop(a *app.App, id string) (domain.JobDetail, error) {
	if _, err := a.Jobs.CancelJob(c.hurry, id); err != nil && domain.CodeOf(err) != domain.CodeNotAllowed {
		return domain.JobDetail{}, err
	}
	return a.Jobs.Wait(c.hurry, id)
}

// tee sets up how output is printed; the function it gives is called after the last run has ended.
func (c *cli) tee(a *app.App, o runOptions, req *app.StartJob, p *printer) (func(domain.JobDetail), error) {
	nothing := func(domain.JobDetail) {}
	switch {
	case o.quiet:
	case o.raw:
		req.Tee = func(domain.Run) app.Tee { return rawTee{p} }
	case o.json:
		req.Tee = func(r domain.Run) app.Tee { return &jsonTee{p: p, vm: r.VMName, ctx: c.hurry} }
	case o.group:
		g := newGrouped(c, a, p)
		return g.finish, nil
	default:
		req.Tee = func(r domain.Run) app.Tee { return &lineTee{p: p, prefix: prefixOf(r.VMName), ctx: c.hurry} }
	}
	return nothing, nil
}

// summary says on stderr what a person can't see from the output: what failed and why, and what a stop came to.
func (c *cli) summary(d domain.JobDetail, o runOptions, stopped bool) {
	var text strings.Builder
	for _, r := range d.Runs {
		switch {
		case r.Status == domain.StatusSucceeded:
		case notBegun(r) && stopped:
			// Nothing ran there, which the counts say.
		case stopped, r.Status == domain.StatusCanceled: // by this process, or by another one
			line, _ := stopLine(r)
			fmt.Fprintf(&text, "%s: %s\n", r.VMName, line)
		case o.raw && r.Status == domain.StatusFailed && r.Error == nil && r.ExitCode != nil:
			// As with ssh, the exit status says it.
		default:
			fmt.Fprintf(&text, "%s: %s\n", r.VMName, failure(r))
			if r.Error != nil && r.Error.Hint != "" {
				fmt.Fprintf(&text, "  %s\n", indent(r.Error.Hint))
			}
		}
		if r.Status == domain.StatusSucceeded && r.Note != "" {
			fmt.Fprintf(&text, "%s: %s\n", r.VMName, r.Note)
		}
	}
	if len(d.Runs) > 1 && !o.raw {
		fmt.Fprintf(&text, "job %d: %s\n", d.Job.Number, counts(d.Runs))
	}
	fmt.Fprint(c.streams.err, c.clean(text.String()))
}

func notBegun(r domain.Run) bool { return r.Status == domain.StatusCanceled && r.StartedAt == nil }

// failure is why a run did not succeed, in one line.
func failure(r domain.Run) string {
	text := string(r.Status)
	switch {
	case r.Error != nil:
		text += ", " + indent(r.Error.Message)
	case r.Signal != "":
		text += ", ended by signal " + r.Signal
	case r.ExitCode != nil:
		text += fmt.Sprintf(", exit status %d", *r.ExitCode)
	}
	if r.StopResult != nil && r.Status == domain.StatusLost && (r.Error == nil || r.Error.Code != domain.CodeStopUnproved) {
		text += "; " + app.StopText(*r.StopResult)
	}
	if r.Note != "" {
		text += "; " + r.Note
	}
	return text
}

func counts(runs []domain.Run) string {
	n := map[domain.Status]int{}
	for _, r := range runs {
		n[r.Status]++
	}
	var parts []string
	for _, s := range domain.Statuses {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], strings.ReplaceAll(string(s), "_", " ")))
		}
	}
	return strings.Join(parts, ", ")
}
