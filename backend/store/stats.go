package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"vmorchestrator/backend/domain"
)

// sameCommand is the condition that a job j ran the same as another one, and where to look: a saved command by its id,
// whatever its values were, and a free one by its script, among the newest jobs.
func (q *query) sameCommand(commandID, script string) {
	if commandID != "" {
		q.from += " JOIN jobs j INDEXED BY jobs_command"
		q.and("j.command_id = ?", commandID)
	} else {
		q.from += " JOIN jobs j"
		q.and("j.number > (SELECT max(number) FROM jobs) - ?", freeLookback)
		q.and("j.command_id IS NULL AND j.script = ?", script)
	}
	q.and("j.deleted_at IS NULL")
	q.and("r.job = j.number")
}

// Usage says how a command does, on one VM or anywhere, or how a VM does: by the newest usageRuns finished runs.
func (s *Store) Usage(ctx context.Context, uq domain.UsageQuery) (domain.Usage, error) {
	q := query{from: "runs r"}
	switch {
	case uq.CommandID != "" || uq.Script != "":
		q.sameCommand(uq.CommandID, uq.Script)
		if uq.VMID != "" {
			q.and("r.vm_id = ?", uq.VMID)
		} else if uq.VMName != "" {
			q.and("r.vm_name = ?", uq.VMName)
		}
	case uq.VMID != "":
		q.from = "runs r INDEXED BY runs_vm JOIN jobs j ON j.number = r.job AND j.deleted_at IS NULL"
		q.and("r.vm_id = ?", uq.VMID)
	case uq.VMName != "":
		q.from = "runs r INDEXED BY runs_vm_name JOIN jobs j ON j.number = r.job AND j.deleted_at IS NULL"
		q.and("r.vm_name = ?", uq.VMName)
	default:
		return domain.Usage{}, domain.FieldError("commandId", "a command or a VM is needed")
	}
	q.and("r.status NOT IN ('queued', 'running')")
	type past struct {
		number            int64
		status            domain.Status
		started, finished sql.NullInt64
	}
	order := "j.number DESC"
	if uq.CommandID == "" && uq.Script == "" {
		order = "r.job DESC"
	}
	runs, err := list(ctx, s, "read how a command does", func(row scanner) (p past, err error) {
		return p, row.Scan(&p.number, &p.status, &p.started, &p.finished)
	}, q.sql("j.number, r.status, r.started_at, r.finished_at")+" ORDER BY "+order+" LIMIT ?", append(q.args, usageRuns)...)
	if err != nil || len(runs) == 0 {
		return domain.Usage{}, err
	}
	u := domain.Usage{Runs: len(runs), LastAt: fromNullMillis(runs[0].finished), LastStatus: runs[0].status, LastJob: runs[0].number}
	var took []int64
	for _, p := range runs {
		if p.status != domain.StatusSucceeded {
			continue
		}
		u.Succeeded++
		if p.started.Valid && p.finished.Valid && len(took) < usualOf {
			took = append(took, p.finished.Int64-p.started.Int64)
		}
	}
	if len(took) > 0 {
		slices.Sort(took)
		u.UsualMillis = max(1, took[len(took)/2])
	}
	return u, nil
}

// PreviousRun is the newest finished run with output before this one of the same command on the same VM; CodeNotFound
// if there is none.
func (s *Store) PreviousRun(ctx context.Context, runID string) (domain.Run, error) {
	var number int64
	var command, vm sql.NullString
	var script, name string
	err := s.reader.QueryRowContext(ctx, `SELECT j.number, j.command_id, j.script, r.vm_id, r.vm_name FROM runs r JOIN jobs j ON j.number = r.job WHERE r.id = ?`, runID).
		Scan(&number, &command, &script, &vm, &name)
	if err != nil {
		return domain.Run{}, s.rowError(ctx, "run", runID, err)
	}
	q := query{from: "runs r"}
	q.sameCommand(command.String, script)
	q.and("j.number < ?", number)
	if vm.Valid {
		q.and("r.vm_id = ?", vm.String)
	} else {
		q.and("r.vm_name = ?", name)
	}
	q.and("r.started_at IS NOT NULL AND r.status NOT IN ('queued', 'running')")
	run, err := scanRun(s.reader.QueryRowContext(ctx, q.sql(runColumns)+" ORDER BY j.number DESC LIMIT 1", q.args...))
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Run{}, domain.NewError(domain.CodeNotFound, "Run it once more, and there are two to compare.", "this command did not run on %s before", name)
	}
	return run, s.rowError(ctx, "run", runID, err)
}
