package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"vmorchestrator/backend/domain"
)

func (s *Store) instanceLock(id string) *flock.Flock {
	return flock.New(filepath.Join(s.lockDir, "instance-"+filepath.Base(id)+".lock"),
		flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
}

// RegisterInstance makes this process an owner of jobs and gives its id. It lives as long as the process holds a file
// lock, which the operating system takes away when the process ends in whatever way.
func (s *Store) RegisterInstance(ctx context.Context, origin domain.Origin) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.instance != "" {
		return s.instance, nil
	}
	id := s.newID()
	lock := s.instanceLock(id)
	// The lock comes before the row, so that a row without a held lock is always dead.
	if ok, err := lock.TryLock(); err != nil || !ok {
		return "", folderError(lock.Path(), errors.Join(err, errors.New("lock "+lock.Path())))
	}
	err := s.writeAlways(ctx, "register this process", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO instances (id, origin, pid, started_at) VALUES (?, ?, ?, ?)`, id, origin, os.Getpid(), s.millis())
		return err
	})
	if err != nil {
		_ = os.Remove(lock.Path())
		_ = lock.Close()
		return "", err
	}
	s.instance, s.alive = id, lock
	return id, nil
}

// ReapDead makes the queued and running runs of processes that have ended lost, with CodeAppDied, and gives them.
// It may run in several processes at once: each run is given by one of them.
func (s *Store) ReapDead(ctx context.Context) ([]domain.Run, error) {
	s.mu.Lock()
	self := s.instance
	s.mu.Unlock()
	owners, err := list(ctx, s, "look for dead processes", func(row scanner) (id string, err error) { return id, row.Scan(&id) },
		`SELECT id FROM instances WHERE id <> ?1
			UNION SELECT owner FROM jobs WHERE status IN ('queued', 'running') AND owner <> ?1`, self)
	if err != nil {
		return nil, err
	}
	lost := []domain.Run{}
	for _, owner := range owners {
		runs, err := s.reap(ctx, owner)
		if err != nil {
			return lost, err
		}
		lost = append(lost, runs...)
	}
	return lost, nil
}

// reap ends what owner left, if it is dead. The owner's lock is held meanwhile, so that nobody else does the same.
func (s *Store) reap(ctx context.Context, owner string) ([]domain.Run, error) {
	lock := s.instanceLock(owner)
	if ok, err := lock.TryLock(); err != nil {
		return nil, folderError(lock.Path(), err)
	} else if !ok {
		return nil, nil // alive, or being reaped by another process
	}
	var lost []domain.Run
	err := s.writeAlways(ctx, "end the runs of a dead process", func(tx *sql.Tx) (err error) {
		if lost, err = s.loseRuns(ctx, tx, owner); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM instances WHERE id = ?`, owner)
		return err
	})
	if err == nil {
		_ = os.Remove(lock.Path()) // it may be in use on Windows; an empty file does no harm
	}
	_ = lock.Close()
	return lost, err
}

func (s *Store) loseRuns(ctx context.Context, tx *sql.Tx, owner string) ([]domain.Run, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+runColumns+`, r.stored_at FROM jobs j JOIN runs r ON r.job = j.number
		WHERE j.owner = ? AND j.status IN ('queued', 'running') AND r.status IN ('queued', 'running') ORDER BY j.number, r.position`, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var lost []domain.Run
	for rows.Next() {
		var stored sql.NullInt64
		run, err := scanRun(withExtra{rows, &stored})
		if err != nil {
			return nil, err
		}
		// The last sign of life is nearer to the truth than now, which may be days later.
		end := fromMillis(s.millis())
		if at := fromNullMillis(stored); at != nil {
			end = *at
		} else if run.StartedAt != nil {
			end = *run.StartedAt
		}
		was := run.Status
		run.Status, run.FinishedAt, run.Complete = domain.StatusLost, &end, false
		if was == domain.StatusQueued {
			run.Error = domain.NewError(domain.CodeAppDied, "Run it again on this VM.", "the app ended before this run began")
		} else {
			run.Error = domain.NewError(domain.CodeAppDied, "Look on the VM whether it is still running, then run it again if need be.",
				"the app ended while this run was going on, so how it ended is not known")
		}
		lost = append(lost, run)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, run := range lost {
		if _, err := s.updateRun(ctx, tx, run); err != nil {
			return nil, err
		}
	}
	return lost, nil
}

// withExtra scans one more column after those of scanRun.
type withExtra struct {
	row   scanner
	extra any
}

func (w withExtra) Scan(into ...any) error { return w.row.Scan(append(into, w.extra)...) }

// RequestCancel leaves a wish for the process that owns the job; runID "" is the whole job. CodeNotFound, and
// CodeNotAllowed for what is finished.
func (s *Store) RequestCancel(ctx context.Context, jobID, runID string) error {
	where, key := jobKey(jobID)
	return s.writeAlways(ctx, "ask for a stop", func(tx *sql.Tx) error {
		var number int64
		var status domain.Status
		if err := tx.QueryRowContext(ctx, `SELECT number, status FROM jobs WHERE `+where, key).Scan(&number, &status); err != nil {
			return s.rowError(ctx, "job", jobID, err)
		}
		if runID != "" {
			if err := tx.QueryRowContext(ctx, `SELECT status FROM runs WHERE id = ? AND job = ?`, runID, number).Scan(&status); err != nil {
				return s.rowError(ctx, "run", runID, err)
			}
		}
		if status.Finished() {
			return domain.NewError(domain.CodeNotAllowed, "", "it has ended already: %s", status)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO cancel_requests (job, run_id, at) VALUES (?, ?, ?)`, number, runID, s.millis())
		return err
	})
}

// PendingCancels gives the wishes for jobs of an instance and forgets them. It is cheap when there is none.
func (s *Store) PendingCancels(ctx context.Context, instanceID string) ([]domain.CancelRequest, error) {
	type row struct {
		seq int64
		domain.CancelRequest
	}
	all, err := list(ctx, s, "look for wishes to stop", func(from scanner) (r row, err error) {
		return r, from.Scan(&r.seq, &r.JobID, &r.RunID)
	}, `SELECT c.seq, j.id, c.run_id FROM cancel_requests c JOIN jobs j ON j.number = c.job WHERE j.owner = ? ORDER BY c.seq`, instanceID)
	if err != nil || len(all) == 0 {
		return []domain.CancelRequest{}, err
	}
	taken := make([]domain.CancelRequest, len(all))
	seqs := make([]int64, len(all))
	for i, r := range all {
		taken[i], seqs[i] = r.CancelRequest, r.seq
	}
	err = s.writeAlways(ctx, "take wishes to stop", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM cancel_requests WHERE seq IN (SELECT value FROM json_each(?))`, toJSON(seqs))
		return err
	})
	if err != nil {
		return []domain.CancelRequest{}, err
	}
	return taken, nil
}
