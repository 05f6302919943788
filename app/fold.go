package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"

	"vmorchestrator/backend/domain"
)

// outcome is what runs that are folded have in common.
type outcome struct {
	status   domain.Status
	exit     int // -1 for none
	signal   string
	failure  string
	note     string
	bytes    int64
	complete bool
	digest   [sha256.Size]byte
}

// Fold puts the finished runs of a job together that ended alike and wrote the same, to the byte: the ids of each group,
// in the job's order, the biggest group first. Output is read only where there are runs that it may tell apart.
func (a *App) Fold(ctx context.Context, jobID string) ([][]string, error) {
	d, err := a.History.GetJob(ctx, jobID)
	if err != nil {
		return nil, err
	}
	alike := map[outcome]int{}
	for _, r := range d.Runs {
		alike[outcomeOf(r)]++
	}
	groups, index := [][]string{}, map[outcome]int{}
	for _, r := range d.Runs {
		if !r.Status.Finished() {
			continue
		}
		o := outcomeOf(r)
		if alike[o] > 1 {
			if o.digest, err = a.Logs.Digest(ctx, r.ID); err != nil {
				return nil, err
			}
		}
		i, ok := index[o]
		if !ok {
			i = len(groups)
			groups, index[o] = append(groups, nil), i
		}
		groups[i] = append(groups[i], r.ID)
	}
	slices.SortStableFunc(groups, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	return groups, nil
}

// outcomeOf is the outcome of a run, but for what it wrote.
func outcomeOf(r domain.Run) outcome {
	o := outcome{status: r.Status, exit: -1, signal: r.Signal, note: r.Note, bytes: r.Bytes, complete: r.Complete}
	if r.ExitCode != nil {
		o.exit = *r.ExitCode
	}
	if r.Error != nil {
		o.failure = r.Error.Message
	}
	return o
}
