package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// query is a filter as SQL: FROM and WHERE.
type query struct {
	from    string
	where   []string
	args    []any
	order   string // the column that is the job's number, in the order of which rows come
	repeats bool   // a job may come more than once, each time behind itself
	text    bool   // the way looks for the text already
}

func (q *query) and(condition string, args ...any) {
	q.where = append(q.where, condition)
	q.args = append(q.args, args...)
}

// wholeHistory is the way from the newest job downwards.
const wholeHistory = "jobs j"

// filterQuery chooses the way to the rows: by the VM's index where one VM is asked for, by the status's where one
// status is, else from the newest job downwards. All give the jobs in order of number, so that a page stops early.
func filterQuery(f domain.JobFilter) (query, error) {
	q := query{from: wholeHistory, order: "j.number"}
	text := strings.TrimSpace(f.Text)
	key := nameKey(text)
	number, numbered := jobNumber(text)
	switch {
	case len(f.VMIDs) == 1:
		q.from, q.repeats, q.order = "runs r INDEXED BY runs_vm CROSS JOIN jobs j ON j.number = r.job", true, "r.job"
		q.and("r.vm_id = ?", f.VMIDs[0])
	case len(f.VMIDs) > 1:
		q.and("EXISTS (SELECT 1 FROM runs v WHERE v.job = j.number AND v.vm_id IN (SELECT value FROM json_each(?)))", toJSON(f.VMIDs))
	case f.VMName != "":
		q.from, q.repeats, q.order = "runs r INDEXED BY runs_vm_name CROSS JOIN jobs j ON j.number = r.job", true, "r.job"
	case f.CommandID != "":
		q.from = "jobs j INDEXED BY jobs_command"
	case f.Starred != nil && *f.Starred:
		q.from = "jobs j INDEXED BY jobs_starred"
	case len(f.Statuses) == 1:
		q.from = "jobs j INDEXED BY jobs_status"
	case inGrams(key) && numbered:
		q.text = true
		q.and("j.number IN (SELECT ? UNION SELECT rowid FROM job_grams WHERE job_grams MATCH ?)", number, phrase(key))
	case inGrams(key):
		q.from, q.order, q.text = "job_grams g CROSS JOIN jobs j ON j.number = g.rowid", "g.rowid", true
		q.and("job_grams MATCH ?", phrase(key))
	case text != "":
		// One walk through the narrow texts, and a look at the job of those alone that have it.
		q.from, q.order, q.text = "job_search s CROSS JOIN jobs j ON j.number = s.number", "s.number", true
		if numbered {
			q.and("(s.number = ? OR instr(s.text, ?) > 0)", number, key)
		} else {
			q.and("instr(s.text, ?) > 0", key)
		}
	}
	if f.Since != nil && (q.text || q.from == wholeHistory) {
		q.and(q.order+" >= (SELECT min(number) FROM jobs INDEXED BY jobs_created WHERE deleted_at IS NULL AND created_at >= ?)", f.Since.UnixMilli())
	}
	if f.VMName != "" {
		if len(f.VMIDs) == 0 {
			q.and("r.vm_name = ?", f.VMName)
		} else {
			q.and("EXISTS (SELECT 1 FROM runs n WHERE n.job = j.number AND n.vm_name = ?)", f.VMName)
		}
	}
	q.and("j.deleted_at IS NULL")
	if f.CommandID != "" {
		q.and("j.command_id = ?", f.CommandID)
	}
	if len(f.Statuses) == 1 {
		q.and("j.status = ?", f.Statuses[0])
	} else if len(f.Statuses) > 1 {
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(f.Statuses)), ", ")
		args := make([]any, len(f.Statuses))
		for i, status := range f.Statuses {
			args[i] = status
		}
		q.and("+j.status IN ("+marks+")", args...)
	}
	if f.Since != nil {
		q.and("j.created_at >= ?", f.Since.UnixMilli())
	}
	if f.Before != nil {
		q.and("j.created_at < ?", f.Before.UnixMilli())
	}
	if f.Origin != "" {
		q.and("j.origin = ?", f.Origin)
	}
	if f.Starred != nil {
		if *f.Starred {
			q.and("j.starred = 1")
		} else {
			q.and("j.starred = 0")
		}
	}
	if text != "" && !q.text {
		found := "EXISTS (SELECT 1 FROM job_search s WHERE s.number = j.number AND instr(s.text, ?) > 0)"
		if numbered {
			q.and("(j.number = ? OR "+found+")", number, key)
		} else {
			q.and(found, key)
		}
	}
	if f.Cursor != "" {
		before, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil {
			return q, domain.FieldError("cursor", "%q is no cursor of a page", f.Cursor)
		}
		q.and(q.order+" < ?", before)
	}
	return q, nil
}

// inGrams says whether a text can be looked for in job_grams, which knows runs of three letters.
func inGrams(text string) bool {
	return utf8.RuneCountInString(text) >= 3 && utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// phrase is a text as FTS5 takes it literally.
func phrase(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

func (q query) sql(columns string) string {
	return "SELECT " + columns + " FROM " + q.from + " WHERE " + strings.Join(q.where, " AND ")
}

// ListJobs gives a page of jobs, newest first, and the cursor of the next page, "" at the end. Of a long script a list
// has the beginning; GetJob has all.
func (s *Store) ListJobs(ctx context.Context, f domain.JobFilter) ([]domain.Job, string, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = domain.DefaultJobPage
	}
	limit = min(limit, domain.MaxJobPage)
	q, err := filterQuery(f)
	if err != nil {
		return nil, "", err
	}
	columns := strings.Replace(jobColumns, "j.script", fmt.Sprintf("substr(j.script, 1, %d)", listedScript), 1)
	text := q.sql(columns) + " ORDER BY " + q.order + " DESC LIMIT "
	var jobs []domain.Job
	for rows := limit + 1; ; rows *= 2 {
		if jobs, err = list(ctx, s, "list jobs", scanJob, text+strconv.Itoa(rows), q.args...); err != nil {
			return nil, "", err
		}
		found := len(jobs)
		if q.repeats { // leaving that to SQLite's GROUP BY takes half as long again
			jobs = slices.CompactFunc(jobs, func(a, b domain.Job) bool { return a.Number == b.Number })
		}
		if found < rows || len(jobs) > limit {
			break
		}
	}
	if len(jobs) <= limit {
		return jobs, "", nil
	}
	return jobs[:limit], strconv.FormatInt(jobs[limit-1].Number, 10), nil
}

// JobStats counts the jobs of a filter by status, whatever its cursor and limit.
func (s *Store) JobStats(ctx context.Context, f domain.JobFilter) (domain.JobStats, error) {
	stats := domain.JobStats{Counts: map[domain.Status]int{}}
	f.Cursor = ""
	q, err := filterQuery(f)
	if err != nil {
		return stats, err
	}
	count := "count(*)"
	switch {
	case q.repeats:
		count = "count(DISTINCT r.job)"
	case q.from == wholeHistory:
		q.from += " INDEXED BY jobs_status" // has all that is filtered by, in the order of what is counted
	}
	type counted struct {
		status domain.Status
		n      int
	}
	rows, err := list(ctx, s, "count jobs", func(row scanner) (c counted, err error) {
		return c, row.Scan(&c.status, &c.n)
	}, q.sql("j.status, "+count)+" GROUP BY j.status", q.args...)
	if err != nil {
		return stats, err
	}
	for _, c := range rows {
		stats.Counts[c.status] = c.n
		stats.Total += c.n
	}
	return stats, nil
}

// JobPage is ListJobs, with the counts where the page is all there is (JobStats has them for every other one), and at the
// end of the history with what was before it.
func (s *Store) JobPage(ctx context.Context, f domain.JobFilter) (domain.JobPage, error) {
	jobs, next, err := s.ListJobs(ctx, f)
	if err != nil {
		return domain.JobPage{}, err
	}
	page := domain.JobPage{Jobs: jobs, Next: next}
	if next == "" && f.Cursor == "" {
		page.Stats = &domain.JobStats{Total: len(jobs), Counts: map[domain.Status]int{}}
		for _, j := range jobs {
			page.Stats.Counts[j.Status]++
		}
	}
	if next == "" {
		page.Removed, err = s.lastRemoval(ctx)
	}
	return page, err
}
