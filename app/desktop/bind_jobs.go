package desktop

import (
	"context"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// Jobs runs commands and keeps their history.
type Jobs struct{ w *window }

// StartJob is one click on Run.
type StartJob struct {
	CommandID      string             `json:"commandId"` // "" is a free command: Script
	Script         string             `json:"script"`
	Name           string             `json:"name"` // "" is the command's name or the script's first line
	Kind           domain.CommandKind `json:"kind"`
	Values         map[string]string  `json:"values"`
	Secrets        map[string]string  `json:"secrets"` // of secret parameters; kept nowhere
	Kept           []string           `json:"kept"`    // the secret parameters that the keychain has, and gives
	VMIDs          []string           `json:"vmIds"`
	AdHoc          []string           `json:"adhoc"` // "user@host[:port]" or an alias of ssh_config
	Parallelism    *int               `json:"parallelism"`
	TimeoutSeconds *int               `json:"timeoutSeconds"` // null: the command's; 0 is none
}

// Start begins a job and gives it as queued; what follows comes by job:changed.
func (j *Jobs) Start(req StartJob) (domain.JobDetail, error) {
	return write(j.w, func(ctx context.Context, a *app.App) (domain.JobDetail, error) {
		targets, err := a.TargetsOf(ctx, req.VMIDs, req.AdHoc)
		if err != nil {
			return domain.JobDetail{}, err
		}
		if req.Secrets, err = a.Kept.With(ctx, req.CommandID, req.Secrets, req.Kept); err != nil {
			return domain.JobDetail{}, err
		}
		return a.Jobs.Start(ctx, req.on(targets))
	})
}

func (req StartJob) on(targets []app.Target) app.StartJob {
	return app.StartJob{
		CommandID: req.CommandID, Script: req.Script, Name: req.Name, Kind: req.Kind, Values: req.Values, Secrets: req.Secrets,
		Targets: targets, Parallelism: req.Parallelism, TimeoutSeconds: req.TimeoutSeconds, Origin: domain.OriginWindow,
	}
}

// Stop ends all runs of a job and returns when the outcome is known.
func (j *Jobs) Stop(jobID string) error {
	return do(j.w, func(ctx context.Context, a *app.App) error {
		_, err := a.Jobs.CancelJob(ctx, jobID)
		return err
	})
}

// StopRun ends one run.
func (j *Jobs) StopRun(runID string) error {
	return do(j.w, func(ctx context.Context, a *app.App) error { return a.Jobs.CancelRun(ctx, runID) })
}

// Retry runs a finished job again, on all its VMs or on those where it did not succeed. secrets are those that the job
// names, without those that the keychain has for the job's command: kept names these.
func (j *Jobs) Retry(jobID string, failedOnly bool, secrets map[string]string, kept []string) (domain.JobDetail, error) {
	return write(j.w, func(ctx context.Context, a *app.App) (domain.JobDetail, error) {
		if len(kept) > 0 {
			d, err := a.History.GetJob(ctx, jobID)
			if err != nil {
				return domain.JobDetail{}, err
			}
			if d.Job.CommandID != nil {
				if secrets, err = a.Kept.With(ctx, *d.Job.CommandID, secrets, kept); err != nil {
					return domain.JobDetail{}, err
				}
			}
		}
		return a.Jobs.Retry(ctx, jobID, failedOnly, domain.OriginWindow, secrets)
	})
}

// Get gives a job by its id or number.
func (j *Jobs) Get(idOrNumber string) (domain.JobDetail, error) {
	return read(j.w, func(ctx context.Context, a *app.App) (domain.JobDetail, error) {
		return a.History.GetJob(ctx, idOrNumber)
	})
}

// List gives one page of the history, newest first.
func (j *Jobs) List(filter domain.JobFilter) (domain.JobPage, error) {
	return read(j.w, func(ctx context.Context, a *app.App) (domain.JobPage, error) { return a.History.JobPage(ctx, filter) })
}

// Stats counts the jobs of a filter by status, whatever its page.
func (j *Jobs) Stats(filter domain.JobFilter) (domain.JobStats, error) {
	return read(j.w, func(ctx context.Context, a *app.App) (domain.JobStats, error) { return a.History.JobStats(ctx, filter) })
}

// SetStarred marks a job to be kept, or takes the mark away.
func (j *Jobs) SetStarred(id string, on bool) error {
	return do(j.w, func(ctx context.Context, a *app.App) error { return a.History.SetStarred(ctx, id, on) })
}

// Delete takes a job out of the history; Restore brings it back.
func (j *Jobs) Delete(id string) error {
	return do(j.w, func(ctx context.Context, a *app.App) error { return a.History.DeleteJob(ctx, id) })
}

// Restore undoes Delete.
func (j *Jobs) Restore(id string) error {
	return do(j.w, func(ctx context.Context, a *app.App) error {
		_, err := a.History.RestoreJob(ctx, id)
		return err
	})
}

// DeleteMany takes several jobs out of the history, all or none; RestoreMany brings them back.
func (j *Jobs) DeleteMany(ids []string) error {
	return do(j.w, func(ctx context.Context, a *app.App) error { return a.History.DeleteJobs(ctx, ids) })
}

// RestoreMany undoes DeleteMany.
func (j *Jobs) RestoreMany(ids []string) error {
	return do(j.w, func(ctx context.Context, a *app.App) error { return a.History.RestoreJobs(ctx, ids) })
}

// Usage says how a command does on a VM or anywhere: last, how often it succeeds, how long it usually takes.
func (j *Jobs) Usage(query domain.UsageQuery) (domain.Usage, error) {
	return read(j.w, func(ctx context.Context, a *app.App) (domain.Usage, error) { return a.History.Usage(ctx, query) })
}

// Compare shows what a run said beside an earlier one; against "" is the one before of the same command on the same VM.
func (j *Jobs) Compare(runID, against string) (domain.Comparison, error) {
	return read(j.w, func(ctx context.Context, a *app.App) (domain.Comparison, error) {
		return a.Compare(ctx, runID, against)
	})
}

// Fold gives the finished runs of a job in groups that ended alike and wrote the same, the biggest first.
func (j *Jobs) Fold(jobID string) ([][]string, error) {
	return read(j.w, func(ctx context.Context, a *app.App) ([][]string, error) { return a.Fold(ctx, jobID) })
}
