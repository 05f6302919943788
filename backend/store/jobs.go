package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

const (
	jobColumns = `j.number, j.id, j.status, j.created_at, j.started_at, j.finished_at, j.starred, j.origin, j.command_id, j.retry_of,
		j.name, j.kind, j.parallelism, j.timeout_seconds, j.work_dir, j.counts, j.vm_names, j.run_count, j.vals, j.env, j.options, j.secrets, j.script`
	runColumns = `r.id, j.id, r.position, r.vm_id, r.vm_name, r.target, r.status, r.exit_code, r.signal, r.error, r.note, r.stop_result,
		r.started_at, r.finished_at, max(r.bytes, r.stored_bytes), max(r.lines, r.stored_lines), r.complete, r.remote`
)

func scanJob(row scanner) (domain.Job, error) {
	var (
		j                        domain.Job
		created                  int64
		started, finished        sql.NullInt64
		command, retry           sql.NullString
		counts, names, vals, env string
		options, secrets         string
	)
	err := row.Scan(&j.Number, &j.ID, &j.Status, &created, &started, &finished, &j.Starred, &j.Origin, &command, &retry,
		&j.Name, &j.Kind, &j.Parallelism, &j.TimeoutSeconds, &j.WorkDir, &counts, &names, &j.RunCount, &vals, &env, &options, &secrets, &j.Script)
	if err != nil {
		return j, err
	}
	j.CreatedAt, j.StartedAt, j.FinishedAt = fromMillis(created), fromNullMillis(started), fromNullMillis(finished)
	j.CommandID, j.RetryOf = nullString(command), nullString(retry)
	j.Counts, j.VMNames, j.Values, j.Env = map[domain.Status]int{}, []string{}, map[string]string{}, map[string]string{}
	j.Secrets = []domain.Param{}
	for _, column := range []struct {
		name, text string
		into       any
	}{{"jobs.counts", counts, &j.Counts}, {"jobs.vm_names", names, &j.VMNames}, {"jobs.vals", vals, &j.Values}, {"jobs.env", env, &j.Env}, {"jobs.options", options, &j.Options}, {"jobs.secrets", secrets, &j.Secrets}} {
		if column.text == "{}" || column.text == "[]" {
			continue // as most are, and as they are here already
		}
		if err := fromJSON(column.name, column.text, column.into); err != nil {
			return j, err
		}
	}
	return j, nil
}

func nullString(s sql.NullString) *string {
	if !s.Valid {
		return nil
	}
	return &s.String
}

func scanRun(row scanner) (domain.Run, error) {
	var (
		r                         domain.Run
		vm, failure, stop, remote sql.NullString
		exit, started, finished   sql.NullInt64
		target                    string
	)
	err := row.Scan(&r.ID, &r.JobID, &r.Position, &vm, &r.VMName, &target, &r.Status, &exit, &r.Signal, &failure, &r.Note, &stop,
		&started, &finished, &r.Bytes, &r.Lines, &r.Complete, &remote)
	if err != nil {
		return r, err
	}
	r.VMID, r.StartedAt, r.FinishedAt = nullString(vm), fromNullMillis(started), fromNullMillis(finished)
	if exit.Valid {
		code := int(exit.Int64)
		r.ExitCode = &code
	}
	if err := fromJSON("runs.target", target, &r.Target); err != nil {
		return r, err
	}
	if r.Error, err = fromNullJSON[domain.Error]("runs.error", failure); err != nil {
		return r, err
	}
	if r.StopResult, err = fromNullJSON[domain.StopResult]("runs.stop_result", stop); err != nil {
		return r, err
	}
	if r.StopResult != nil && r.StopResult.PIDs == nil {
		r.StopResult.PIDs = []int{}
	}
	r.Remote, err = fromNullJSON[domain.RemoteProcess]("runs.remote", remote)
	return r, err
}

// InsertJob adds a job with its runs, owned by this process's instance, and gives it with number, status and counts.
// RegisterInstance must have been called.
func (s *Store) InsertJob(ctx context.Context, job domain.Job, runs []domain.Run) (domain.Job, error) {
	s.mu.Lock()
	owner := s.instance
	s.mu.Unlock()
	if owner == "" {
		return domain.Job{}, domain.NewError(domain.CodeInternal, "", "a job needs a registered instance")
	}
	job.Counts, job.VMNames, job.RunCount = map[domain.Status]int{}, []string{}, len(runs)
	statuses := make([]domain.Status, 0, len(runs))
	search := []string{job.Name, cut(job.Script, searchedScript)}
	for _, r := range runs {
		job.Counts[r.Status]++
		statuses = append(statuses, r.Status)
		if len(job.VMNames) < listedNames {
			job.VMNames = append(job.VMNames, r.VMName)
		}
		search = append(search, r.VMName)
	}
	job.Status = domain.JobStatus(statuses)
	job.CreatedAt = fromMillis(job.CreatedAt.UnixMilli())
	if job.Values == nil {
		job.Values = map[string]string{}
	}
	if job.Env == nil {
		job.Env = map[string]string{}
	}
	if job.Secrets == nil {
		job.Secrets = []domain.Param{}
	}
	err := s.write(ctx, "add a job", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO jobs (id, status, created_at, started_at, finished_at, starred, origin, owner, command_id, retry_of,
				name, kind, parallelism, timeout_seconds, work_dir, counts, vm_names, run_count, vals, env, options, secrets, script)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			job.ID, job.Status, job.CreatedAt.UnixMilli(), nullMillis(job.StartedAt), nullMillis(job.FinishedAt), job.Starred, job.Origin, owner,
			job.CommandID, job.RetryOf, job.Name, job.Kind, job.Parallelism, job.TimeoutSeconds, job.WorkDir,
			toJSON(job.Counts), toJSON(job.VMNames), job.RunCount, toJSON(job.Values), toJSON(job.Env), toJSON(job.Options), toJSON(job.Secrets), job.Script)
		if err != nil {
			return err
		}
		if job.Number, err = res.LastInsertId(); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO job_search (number, text) VALUES (?, ?)`, job.Number, nameKey(strings.Join(search, "\n"))); err != nil {
			return err
		}
		return insertRuns(ctx, tx, job.Number, runs)
	})
	return job, err
}

func insertRuns(ctx context.Context, tx *sql.Tx, number int64, runs []domain.Run) error {
	insert, err := tx.PrepareContext(ctx, `INSERT INTO runs (id, job, position, vm_id, vm_name, target, status, exit_code, signal, error, note,
			stop_result, started_at, finished_at, bytes, lines, complete, remote)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, r := range runs {
		_, err := insert.ExecContext(ctx, r.ID, number, r.Position, r.VMID, r.VMName, toJSON(r.Target), r.Status, r.ExitCode, r.Signal,
			nullJSON(r.Error), r.Note, nullJSON(r.StopResult), nullMillis(r.StartedAt), nullMillis(r.FinishedAt), r.Bytes, r.Lines,
			r.Complete, nullJSON(r.Remote))
		if err != nil {
			return err
		}
	}
	return nil
}

// cut is the first at most n bytes of s, without a torn character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// jobKey is the WHERE of a job by id or number; the number may be written as people do ("1,204", "#12").
func jobKey(idOrNumber string) (string, any) {
	if n, ok := jobNumber(idOrNumber); ok {
		return `number = ?`, n
	}
	return `id = ?`, idOrNumber
}

// jobNumber reads a job's number as people write it.
func jobNumber(text string) (int64, bool) {
	text = strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(text), "#"), ",", "")
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// GetJob gives a job with its runs in order, all as of one moment; CodeNotFound for one that is not there or deleted.
func (s *Store) GetJob(ctx context.Context, idOrNumber string) (domain.JobDetail, error) {
	where, key := jobKey(idOrNumber)
	detail := domain.JobDetail{Runs: []domain.Run{}}
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return detail, s.mapError(ctx, "read a job", err)
	}
	defer tx.Rollback() //nolint:errcheck // it only reads
	if detail.Job, err = scanJob(tx.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM jobs j WHERE j.`+where+` AND j.deleted_at IS NULL`, key)); err != nil {
		return detail, s.rowError(ctx, "job", idOrNumber, err)
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+runColumns+` FROM runs r JOIN jobs j ON j.number = r.job WHERE r.job = ? ORDER BY r.position`, detail.Job.Number)
	if err != nil {
		return detail, s.mapError(ctx, "read a job", err)
	}
	defer rows.Close()
	for rows.Next() {
		run, err := scanRun(rows)
		if err != nil {
			return detail, s.mapError(ctx, "read a job", err)
		}
		detail.Runs = append(detail.Runs, run)
	}
	return detail, s.mapError(ctx, "read a job", rows.Err())
}

// GetRun gives one run, of a deleted job too: its log may still be open.
func (s *Store) GetRun(ctx context.Context, id string) (domain.Run, error) {
	run, err := scanRun(s.reader.QueryRowContext(ctx, `SELECT `+runColumns+` FROM runs r JOIN jobs j ON j.number = r.job WHERE r.id = ?`, id))
	return run, s.rowError(ctx, "run", id, err)
}

// What writing a run takes.
const (
	runStatus = `SELECT job, status FROM runs WHERE id = ?`
	amendRun  = `UPDATE runs SET stop_result = ?, note = ?, bytes = max(bytes, ?), lines = max(lines, ?), complete = ? WHERE id = ?`
	writeRun  = `UPDATE runs SET status = ?, exit_code = ?, signal = ?, error = ?, note = ?, stop_result = ?,
		started_at = ?, finished_at = ?, bytes = max(bytes, ?), lines = max(lines, ?), complete = ?, remote = ? WHERE id = ?`
	jobOfRun = `SELECT ` + jobColumns + ` FROM jobs j WHERE j.number = ?`
	writeJob = `UPDATE jobs SET status = ?, counts = ?, started_at = ?, finished_at = ? WHERE number = ?`
)

// UpdateRun writes a run and what follows from it for the job, which it gives as it is then. A finished status never
// changes: CodeNotAllowed for a transition that the state machine doesn't have. Of a finished run only stop result,
// note and what is stored of the output can still change. Bytes and lines never go down. It works on a full disk.
func (s *Store) UpdateRun(ctx context.Context, run domain.Run) (domain.Job, error) {
	var job domain.Job
	const what = "write a run"
	if err := s.prepare(ctx, runStatus, amendRun, writeRun, jobOfRun, writeJob); err != nil {
		return job, s.mapError(ctx, what, err)
	}
	err := s.writeAlways(ctx, what, func(tx *sql.Tx) (err error) {
		job, err = s.updateRun(ctx, tx, run)
		return err
	})
	return job, err
}

func (s *Store) updateRun(ctx context.Context, tx *sql.Tx, run domain.Run) (domain.Job, error) {
	var number int64
	var old domain.Status
	if err := s.row(ctx, tx, runStatus, run.ID).Scan(&number, &old); err != nil {
		return domain.Job{}, s.rowError(ctx, "run", run.ID, err)
	}
	if old != run.Status && !old.CanBecome(run.Status) {
		return domain.Job{}, domain.NewError(domain.CodeNotAllowed, "", "a run that is %s can't become %s", old, run.Status)
	}
	if old.Finished() {
		if err := s.exec(ctx, tx, amendRun,
			nullJSON(run.StopResult), run.Note, run.Bytes, run.Lines, run.Complete, run.ID); err != nil {
			return domain.Job{}, err
		}
	} else if err := s.exec(ctx, tx, writeRun,
		run.Status, run.ExitCode, run.Signal, nullJSON(run.Error), run.Note, nullJSON(run.StopResult), nullMillis(run.StartedAt),
		nullMillis(run.FinishedAt), run.Bytes, run.Lines, run.Complete, nullJSON(run.Remote), run.ID); err != nil {
		return domain.Job{}, err
	}
	job, err := scanJob(s.row(ctx, tx, jobOfRun, number))
	if err != nil {
		return job, err
	}
	if old == run.Status && (run.StartedAt == nil || job.StartedAt != nil) {
		return job, nil
	}
	if old != run.Status {
		if job.Counts[old]--; job.Counts[old] <= 0 {
			delete(job.Counts, old)
		}
		job.Counts[run.Status]++
	}
	if job.StartedAt == nil && run.StartedAt != nil {
		at := fromMillis(run.StartedAt.UnixMilli())
		job.StartedAt = &at
	}
	seen := make([]domain.Status, 0, len(job.Counts))
	for status := range job.Counts {
		seen = append(seen, status)
	}
	if job.Status = domain.JobStatus(seen); job.Status.Finished() && job.FinishedAt == nil {
		if job.FinishedAt, err = lastFinish(ctx, tx, number); err != nil {
			return job, err
		}
		if job.FinishedAt == nil {
			at := fromMillis(s.millis())
			job.FinishedAt = &at
		}
	}
	err = s.exec(ctx, tx, writeJob,
		job.Status, toJSON(job.Counts), nullMillis(job.StartedAt), nullMillis(job.FinishedAt), number)
	return job, err
}

func lastFinish(ctx context.Context, tx *sql.Tx, number int64) (*time.Time, error) {
	var last sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT max(finished_at) FROM runs WHERE job = ?`, number).Scan(&last)
	return fromNullMillis(last), err
}

// SetStarred marks a job as one to keep, or not.
func (s *Store) SetStarred(ctx context.Context, idOrNumber string, on bool) error {
	where, key := jobKey(idOrNumber)
	return s.write(ctx, "star a job", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE jobs SET starred = ? WHERE `+where+` AND deleted_at IS NULL`, on, key)
		return oneRow(res, err, "job", idOrNumber)
	})
}

// DeleteJob takes a finished job out of sight; CodeNotAllowed for one that isn't finished.
func (s *Store) DeleteJob(ctx context.Context, idOrNumber string) error {
	where, key := jobKey(idOrNumber)
	return s.writeAlways(ctx, "delete a job", func(tx *sql.Tx) error {
		var status domain.Status
		if err := tx.QueryRowContext(ctx, `SELECT status FROM jobs WHERE `+where+` AND deleted_at IS NULL`, key).Scan(&status); err != nil {
			return s.rowError(ctx, "job", idOrNumber, err)
		}
		if !status.Finished() {
			return domain.NewError(domain.CodeNotAllowed, "Stop it first.", "a job that is %s can't be deleted", status)
		}
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET deleted_at = ? WHERE `+where, s.millis(), key)
		return err
	})
}

// DeleteJobs takes finished jobs out of sight, all or none: CodeNotAllowed when one isn't finished.
func (s *Store) DeleteJobs(ctx context.Context, ids []string) error {
	return s.writeAlways(ctx, "delete jobs", func(tx *sql.Tx) error {
		var going int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND status IN ('queued', 'running')`, toJSON(ids)).Scan(&going); err != nil {
			return err
		}
		if going > 0 {
			return domain.NewError(domain.CodeNotAllowed, "Stop them first, or leave them out.", "%d of these jobs still run", going)
		}
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET deleted_at = ? WHERE id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL`, s.millis(), toJSON(ids))
		return err
	})
}

// RestoreJobs undoes DeleteJobs, of those that are still there.
func (s *Store) RestoreJobs(ctx context.Context, ids []string) error {
	return s.writeAlways(ctx, "restore jobs", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE jobs SET deleted_at = NULL WHERE id IN (SELECT value FROM json_each(?))`, toJSON(ids))
		return err
	})
}

// RestoreJob undoes DeleteJob.
func (s *Store) RestoreJob(ctx context.Context, idOrNumber string) (domain.Job, error) {
	where, key := jobKey(idOrNumber)
	var job domain.Job
	err := s.writeAlways(ctx, "restore a job", func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE jobs SET deleted_at = NULL WHERE `+where, key)
		if err := oneRow(res, err, "job", idOrNumber); err != nil {
			return err
		}
		job, err = scanJob(tx.QueryRowContext(ctx, `SELECT `+jobColumns+` FROM jobs j WHERE j.`+where, key))
		return err
	})
	return job, err
}
