package store

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

// Storage says what takes how much room in the data folder. It reads columns and the heads of rows, never output.
func (s *Store) Storage(ctx context.Context) (domain.Storage, error) {
	out := domain.Storage{Path: s.path, FreeBytes: -1, Copies: s.asides()}
	for _, side := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(s.path + side); err == nil {
			out.FileBytes += info.Size()
		}
	}
	if info, err := os.Stat(s.ballast.path); err == nil {
		out.SpareBytes = info.Size()
	}
	if free, ok := freeBytes(s.path); ok {
		out.FreeBytes = free
	}
	var err error
	if out.UsedBytes, err = s.usedBytes(ctx); err != nil {
		return out, err
	}
	var oldest *int64
	if err := s.reader.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(starred), 0), min(created_at) FROM jobs WHERE deleted_at IS NULL`).
		Scan(&out.Jobs, &out.Starred, &oldest); err != nil {
		return out, s.mapError(ctx, "measure the history", err)
	}
	if oldest != nil {
		at := fromMillis(*oldest)
		out.Oldest = &at
	}
	if err := s.reader.QueryRowContext(ctx, `SELECT
		(SELECT coalesce(sum(stored_bytes), 0) FROM runs),
		(SELECT coalesce(sum(length(data) + length(header)), 0) FROM log_chunks) + (SELECT coalesce(sum(length(data) + length(header)), 0) FROM log_tails),
		(SELECT coalesce(sum(length(data)), 0) FROM log_slices)`).
		Scan(&out.OutputRaw, &out.OutputKept, &out.IndexBytes); err != nil {
		return out, s.mapError(ctx, "measure output", err)
	}
	share := func(row scanner) (one domain.Share, err error) {
		return one, row.Scan(&one.Name, &one.Jobs, &one.Bytes)
	}
	if out.VMs, err = list(ctx, s, "measure output by VM", share, `SELECT r.vm_name, count(*), sum(r.stored_bytes) FROM runs r
		GROUP BY r.vm_name ORDER BY 3 DESC LIMIT ?`, shares); err != nil {
		return out, err
	}
	if out.Commands, err = list(ctx, s, "measure output by command", share, `SELECT j.name, count(DISTINCT j.number), sum(r.stored_bytes)
		FROM runs r JOIN jobs j ON j.number = r.job GROUP BY j.name ORDER BY 3 DESC LIMIT ?`, shares); err != nil {
		return out, err
	}
	out.Removals, err = s.removals(ctx)
	return out, err
}

// removals are what was taken out, the latest first.
func (s *Store) removals(ctx context.Context) ([]domain.Removal, error) {
	return list(ctx, s, "read what was removed", func(row scanner) (r domain.Removal, err error) {
		var at int64
		err = row.Scan(&at, &r.Jobs, &r.Bytes, &r.Why)
		r.At = fromMillis(at)
		return r, err
	}, `SELECT at, jobs, bytes, why FROM removals ORDER BY seq DESC LIMIT ?`, removalsKept)
}

// lastRemoval is what retention took out last; nil if it took nothing. What the person deleted is no news to them.
func (s *Store) lastRemoval(ctx context.Context) (*domain.Removal, error) {
	all, err := s.removals(ctx)
	i := slices.IndexFunc(all, func(r domain.Removal) bool { return r.Why != domain.RemovedDeleted })
	if i < 0 {
		return nil, err
	}
	return &all[i], err
}

// asides are the older databases beside this one, the newest first.
func (s *Store) asides() []domain.Copy {
	all := []domain.Copy{}
	for _, why := range []string{"before", "replaced", "damaged"} {
		found, err := filepath.Glob(s.path + "." + why + "-*")
		if err != nil {
			continue
		}
		for _, path := range found {
			if strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, ballastSuffix) {
				continue
			}
			if info, err := os.Stat(path); err == nil {
				all = append(all, domain.Copy{Path: path, Bytes: info.Size(), At: info.ModTime().UTC()})
			}
		}
	}
	slices.SortFunc(all, func(a, b domain.Copy) int { return b.At.Compare(a.At) })
	return all
}
