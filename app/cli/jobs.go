package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

func (c *cli) jobsCommand() *cobra.Command {
	var o struct {
		limit      int
		vm, status string
		json       bool
	}
	cmd := &cobra.Command{
		Use: "jobs", Short: "Show the history, newest first", Args: cobra.NoArgs,
		Example: "  vmo jobs\n  vmo jobs --vm web-1 --status failed --limit 5",
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter := domain.JobFilter{VMName: o.vm, Limit: o.limit}
			if o.limit < 1 || o.limit > domain.MaxJobPage {
				return usage("", "--limit is a number from 1 to %d", domain.MaxJobPage)
			}
			if o.status != "" {
				if filter.Statuses = []domain.Status{domain.Status(o.status)}; !filter.Statuses[0].Valid() {
					return usage("One of "+statusWords()+".", "%q is no status", o.status)
				}
			}
			return c.with(cmd.Context(), false, func(a *app.App) error {
				jobs, _, err := a.History.ListJobs(cmd.Context(), filter)
				if err != nil {
					return err
				}
				return c.jobs(jobs, o.json)
			})
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.limit, "limit", defaultJobs, "how many jobs at most")
	f.StringVar(&o.vm, "vm", "", "only jobs with a run on the VM of this name")
	f.StringVar(&o.status, "status", "", "only jobs in this state: "+statusWords())
	f.BoolVar(&o.json, "json", false, "print one JSON object a line")
	return cmd
}

func statusWords() string {
	words := make([]string, len(domain.Statuses))
	for i, s := range domain.Statuses {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

func (c *cli) jobs(jobs []domain.Job, asJSON bool) error {
	if asJSON {
		var out []byte
		for _, j := range jobs {
			out = appendJSON(out, jobJSON(domain.JobDetail{Job: j}))
		}
		_, err := c.out.Write(out)
		return err
	}
	if len(jobs) == 0 {
		fmt.Fprintln(c.err, "No jobs.")
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "JOB\tSTATUS\tVMS\tCREATED\tTOOK\tCOMMAND")
	for _, j := range jobs {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", j.Number, j.Status, c.clean(vmList(j)), j.CreatedAt.Local().Format("2006-01-02 15:04:05"), took(j), c.clean(j.Name))
	}
	return w.Flush()
}

func vmList(j domain.Job) string {
	text := strings.Join(j.VMNames, ", ")
	if more := j.RunCount - len(j.VMNames); more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return dash(text)
}

func took(j domain.Job) string {
	if j.StartedAt == nil || j.FinishedAt == nil {
		return "-"
	}
	return duration(j.FinishedAt.Sub(*j.StartedAt))
}

// duration is a length of time in at most two units.
func duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// jobRef is what a person may call a job by: its number, also as "#12" or "1,204", or its id.
func jobRef(arg string) string {
	return strings.ReplaceAll(strings.TrimPrefix(arg, "#"), ",", "")
}
