package desktop

import (
	"context"

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
		return settings, a.History.PutSettings(ctx, settings)
	})
}

func keepPlace(settings, kept domain.Settings) domain.Settings {
	settings.WindowWidth, settings.WindowHeight = kept.WindowWidth, kept.WindowHeight
	settings.WindowX, settings.WindowY = kept.WindowX, kept.WindowY
	settings.WindowMaximised = kept.WindowMaximised
	return settings
}
