package desktop

import (
	"context"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// Commands are the saved, parameterised scripts.
type Commands struct{ w *window }

// Preview is what a command would run.
type Preview struct {
	Script string          `json:"script"` // rendered, with values quoted
	Params []domain.Param  `json:"params"` // those of the script in order; what is known of them is kept
	Errors []*domain.Error `json:"errors"` // what keeps it from being run
}

// List gives all commands.
func (c *Commands) List() ([]domain.Command, error) {
	return read(c.w, func(ctx context.Context, a *app.App) ([]domain.Command, error) { return a.Commands.List(ctx) })
}

// Create keeps a new command; id and times are made here.
func (c *Commands) Create(cmd domain.Command) (domain.Command, error) {
	return write(c.w, func(ctx context.Context, a *app.App) (domain.Command, error) { return a.Commands.Create(ctx, cmd) })
}

// Update changes a command. CodeNotFound if it is gone.
func (c *Commands) Update(cmd domain.Command) (domain.Command, error) {
	return write(c.w, func(ctx context.Context, a *app.App) (domain.Command, error) { return a.Commands.Update(ctx, cmd) })
}

// Delete forgets a command; Restore brings it back.
func (c *Commands) Delete(id string) error {
	return do(c.w, func(ctx context.Context, a *app.App) error { return a.Commands.Delete(ctx, id) })
}

// Restore undoes Delete.
func (c *Commands) Restore(id string) (domain.Command, error) {
	return write(c.w, func(ctx context.Context, a *app.App) (domain.Command, error) { return a.Commands.Restore(ctx, id) })
}

// Preview renders a command that need not be saved. What is wrong with it is in Errors, not an error of the call.
func (c *Commands) Preview(cmd domain.Command, values map[string]string) (Preview, error) {
	return read(c.w, func(_ context.Context, a *app.App) (Preview, error) {
		return Preview(a.Commands.Preview(cmd, values)), nil
	})
}
