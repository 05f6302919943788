package app

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/paths"
	"vmorchestrator/backend/store"
)

// What a backup, a restore and a repair come to.
type (
	Backup   = domain.Backup
	Restored = domain.Restored
	Salvage  = domain.Salvage
)

// StartBackup is a backup as a task; see store.Backup.
func (a *App) StartBackup(ctx context.Context, path string) string {
	return a.Tasks.Start(ctx, path, func(ctx context.Context, progress Progress) (string, error) {
		b, err := a.History.Backup(ctx, path, progress)
		return "Backed up to " + path + ": " + BackupText(b), err
	})
}

// StartCheck is a check of every page of the database as a task; what is wrong is its error.
func (a *App) StartCheck(ctx context.Context) string {
	return a.Tasks.Start(ctx, "", func(ctx context.Context, _ Progress) (string, error) {
		return "The database is sound.", a.History.Check(ctx)
	})
}

// BackupText is what a backup holds.
func BackupText(b Backup) string {
	return many(b.Jobs, "job") + ", " + many(b.VMs, "VM") + ", " + many(b.Commands, "command")
}

func many(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// RestoreData puts a backup in the place of the data that c names, which nobody may have open; see store.Restore.
func RestoreData(ctx context.Context, c Config, from string, progress Progress) (Restored, error) {
	o, err := c.storeOptions()
	if err != nil {
		return Restored{}, err
	}
	return store.Restore(ctx, o, from, progress)
}

// RepairData saves what can be read of a damaged database; see store.Repair.
func RepairData(ctx context.Context, c Config) (Salvage, error) {
	o, err := c.storeOptions()
	if err != nil {
		return Salvage{}, err
	}
	return store.Repair(ctx, o)
}

func (c Config) storeOptions() (store.Options, error) {
	p, err := paths.Resolve(paths.Env{DataDir: c.DataDir, SSHConfig: c.SSHConfig, Demo: c.Demo})
	return store.Options{Path: p.Database, LockDir: p.Locks}, err
}

// PutSettings keeps settings. Programs that they name must be there: CodeInvalid with the field.
func (a *App) PutSettings(ctx context.Context, s domain.Settings) error {
	kept, err := a.History.GetSettings(ctx)
	if err != nil {
		return err
	}
	if s.SSHPath != kept.SSHPath && s.SSHPath != "" {
		if _, err := exec.LookPath(s.SSHPath); err != nil {
			return domain.FieldError("sshPath", "there is no program %q to start", s.SSHPath)
		}
	}
	if words := strings.Fields(s.Terminal); s.Terminal != kept.Terminal && len(words) > 0 {
		if _, err := exec.LookPath(words[0]); err != nil {
			return domain.FieldError("terminal", "there is no program %q to start", words[0])
		}
	}
	return a.History.PutSettings(ctx, s)
}

// PruneNow removes at once what the settings don't keep.
func (a *App) PruneNow(ctx context.Context) ([]domain.Removal, error) {
	s, err := a.History.GetSettings(ctx)
	if err != nil {
		return nil, err
	}
	removed, err := a.History.Prune(ctx, s.Retention(), a.pruneRest)
	if len(removed) > 0 {
		a.Changed()
		a.storage.forget()
	}
	return removed, err
}

// pruneRest lets others to the database between two steps.
func (a *App) pruneRest(ctx context.Context) error {
	rest := prunePause
	if a.Jobs.Busy() {
		rest = prunePauseBusy
	}
	return sleep(ctx, rest)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// prune removes now and then what is older or more than the person wants to keep, and what was deleted.
func (a *App) prune(ctx context.Context) {
	changed := make(chan struct{}, 1)
	defer a.OnChange(func(list []domain.Change) {
		if slices.ContainsFunc(list, func(c domain.Change) bool { return c.Entity == domain.EntitySettings }) {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
	})()
	var last domain.Retention
	looked := false
	next := time.NewTimer(pruneAfter)
	defer next.Stop()
	for {
		due := false
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			due = true
		case <-changed:
		}
		s, err := a.History.GetSettings(ctx)
		if err == nil && (due || looked && s.Retention() != last) {
			_, err = a.PruneNow(ctx)
		}
		if err != nil && ctx.Err() == nil {
			a.log.Warn("remove old jobs", "error", err)
		}
		last, looked = s.Retention(), looked || due
		if due {
			next.Reset(pruneEvery)
		}
	}
}

// SalvageText is what a repair came to, in sentences.
func SalvageText(s Salvage) string {
	if s.Sound {
		return "The database is sound; nothing was changed."
	}
	text := fmt.Sprintf("Saved %s, %s, %s and their output.", many(s.Rows["jobs"], "job"), many(s.Rows["vms"], "VM"), many(s.Rows["commands"], "command"))
	if s.Skipped > 0 {
		text += fmt.Sprintf(" %s could not be read.", many(s.Skipped, "place"))
	}
	if s.Cut > 0 {
		text += fmt.Sprintf(" The output of %s ends at the damage.", many(s.Cut, "run"))
	}
	return text + " The damaged database is kept as " + s.Kept + "."
}

// RestoredText is what a restore came to.
func RestoredText(r Restored) string {
	text := "Restored: " + BackupText(r.Backup) + "."
	if r.Replaced != "" {
		text += " What was there is kept as " + r.Replaced + "."
	}
	return text
}

// StartPrune is PruneNow as a task.
func (a *App) StartPrune(ctx context.Context) string {
	return a.Tasks.Start(ctx, "", func(ctx context.Context, _ Progress) (string, error) {
		removed, err := a.PruneNow(ctx)
		jobs := 0
		for _, r := range removed {
			jobs += r.Jobs
		}
		if jobs == 0 {
			return "Nothing is to be removed.", err
		}
		return many(jobs, "job") + " removed.", err
	})
}
