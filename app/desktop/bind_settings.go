package desktop

import (
	"context"
	"time"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// Settings are the person's choices.
type Settings struct{ w *window }

// Get gives them, with defaults where nothing was chosen.
func (s *Settings) Get() (domain.Settings, error) {
	return read(s.w, func(ctx context.Context, a *app.App) (domain.Settings, error) { return a.History.GetSettings(ctx) })
}

// Put keeps them and gives them as kept. Size and place of the window are not the frontend's: they stay as they are.
func (s *Settings) Put(settings domain.Settings) (domain.Settings, error) {
	return write(s.w, func(ctx context.Context, a *app.App) (domain.Settings, error) {
		kept, err := a.History.GetSettings(ctx)
		if err != nil {
			return settings, err
		}
		settings = keepPlace(settings, kept)
		return settings, a.PutSettings(ctx, settings)
	})
}

func keepPlace(settings, kept domain.Settings) domain.Settings {
	settings.WindowWidth, settings.WindowHeight = kept.WindowWidth, kept.WindowHeight
	settings.WindowX, settings.WindowY = kept.WindowX, kept.WindowY
	settings.WindowMaximised = kept.WindowMaximised
	return settings
}

// Storage says what takes how much room.
func (s *Settings) Storage() (domain.Storage, error) {
	return read(s.w, func(ctx context.Context, a *app.App) (domain.Storage, error) { return a.Storage(ctx) })
}

// RemoveNow removes at once what the settings don't keep, as a task.
func (s *Settings) RemoveNow() (string, error) {
	return read(s.w, func(ctx context.Context, a *app.App) (string, error) { return a.StartPrune(ctx), nil })
}

// Backup asks for a file and begins to copy all data into it. It gives the task, or "" after a change of mind.
func (s *Settings) Backup() (string, error) {
	return read(s.w, func(ctx context.Context, a *app.App) (string, error) {
		path, err := saveFile(ctx, "Back up all data", "vmo-backup-"+time.Now().Format("2006-01-02")+".db")
		if err != nil || path == "" {
			return "", err
		}
		return a.StartBackup(ctx, path), nil
	})
}

// CheckData begins to look at every page of the database, as a task.
func (s *Settings) CheckData() (string, error) {
	return read(s.w, func(ctx context.Context, a *app.App) (string, error) { return a.StartCheck(ctx), nil })
}

// Restore asks for a backup and puts it in the place of the data, as a task; app:reset follows. It also works while the
// data can't be opened. CodeNotAllowed while jobs run. "" after a change of mind.
func (s *Settings) Restore() (string, error) {
	if s.w.running() > 0 {
		return "", domain.NewError(domain.CodeNotAllowed, "Stop them, or wait for their end.", "jobs are running")
	}
	path, err := openFile(s.w.context(), "Restore a backup")
	if err != nil || path == "" {
		return "", err
	}
	return s.w.replaceData(func(ctx context.Context, c app.Config, progress app.Progress) (string, error) {
		done, err := app.RestoreData(ctx, c, path, progress)
		return app.RestoredText(done), err
	}), nil
}

// Repair saves what can be read of a damaged database, as a task. It is for data that can't be opened.
func (s *Settings) Repair() (string, error) {
	return s.w.replaceData(func(ctx context.Context, c app.Config, _ app.Progress) (string, error) {
		done, err := app.RepairData(ctx, c)
		return app.SalvageText(done), err
	}), nil
}
