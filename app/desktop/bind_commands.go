package desktop

import (
	"context"

	"github.com/wailsapp/wails/v2/pkg/runtime"

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

// Delete forgets a command; Restore brings it back, without what the keychain had for it.
func (c *Commands) Delete(id string) error {
	return do(c.w, func(ctx context.Context, a *app.App) error { return a.Kept.Delete(ctx, id) })
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

// Versions gives what a command was before its edits, the newest first.
func (c *Commands) Versions(id string) ([]domain.CommandVersion, error) {
	return read(c.w, func(ctx context.Context, a *app.App) ([]domain.CommandVersion, error) {
		return a.Commands.Versions(ctx, id)
	})
}

// Arrange gives commands their group and their order in it.
func (c *Commands) Arrange(group string, ids []string) error {
	return do(c.w, func(ctx context.Context, a *app.App) error { return a.Commands.Arrange(ctx, group, ids) })
}

// Results gives for each command the job that ran it last, if there is one.
func (c *Commands) Results() ([]domain.CommandResult, error) {
	return read(c.w, func(ctx context.Context, a *app.App) ([]domain.CommandResult, error) { return a.Commands.Results(ctx) })
}

// Lint gives shellcheck's remarks about a script; none where it isn't installed.
func (c *Commands) Lint(script string) ([]app.LintHint, error) {
	return read(c.w, func(ctx context.Context, a *app.App) ([]app.LintHint, error) { return a.LintScript(ctx, script), nil })
}

// Choices runs the script of a parameter's choices, on a VM or on this computer, and gives its lines.
func (c *Commands) Choices(p domain.Param, vmID string) ([]string, error) {
	return read(c.w, func(ctx context.Context, a *app.App) ([]string, error) { return a.Choices(ctx, p, vmID) })
}

// Suggestions are commands from the histories of this computer's shells.
func (c *Commands) Suggestions() ([]app.Suggestion, error) {
	return read(c.w, func(ctx context.Context, a *app.App) ([]app.Suggestion, error) { return a.Suggestions(ctx) })
}

// Export gives commands as text, in the form "yaml" or, of one command, "ansible"; no ids is all of the person's own.
func (c *Commands) Export(format string, ids []string) (string, error) {
	return read(c.w, func(ctx context.Context, a *app.App) (string, error) { return a.ExportCommands(ctx, format, ids) })
}

// SaveExport asks for a file and writes the export to it. It gives the file's path, or "" when the person changed their mind.
func (c *Commands) SaveExport(format string, ids []string) (string, error) {
	return read(c.w, func(ctx context.Context, a *app.App) (string, error) {
		name := map[string]string{"ansible": "playbook.yml"}[format]
		path, err := runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{Title: "Export commands", DefaultFilename: name})
		if err != nil || path == "" {
			return "", err
		}
		return path, a.WriteCommands(ctx, format, ids, path)
	})
}

// SaveFolder asks for a folder and writes a file for each command into it. It gives the folder, or "".
func (c *Commands) SaveFolder(ids []string) (string, error) {
	return read(c.w, func(ctx context.Context, a *app.App) (string, error) {
		dir, err := runtime.OpenDirectoryDialog(ctx, runtime.OpenDialogOptions{Title: "Export commands into a folder"})
		if err != nil || dir == "" {
			return "", err
		}
		_, err = a.Commands.ExportFolder(ctx, ids, dir)
		return dir, err
	})
}

// ChooseFile asks for a file, or a folder, of this computer; "" when the person changed their mind.
func (c *Commands) ChooseFile(title string, folder bool) (string, error) {
	return read(c.w, func(ctx context.Context, _ *app.App) (string, error) {
		ask := map[bool]func(context.Context, runtime.OpenDialogOptions) (string, error){false: runtime.OpenFileDialog, true: runtime.OpenDirectoryDialog}
		return ask[folder](ctx, runtime.OpenDialogOptions{Title: title})
	})
}

// ReviewImport says what a file of commands, or a folder of such files, would bring. It takes nothing in.
func (c *Commands) ReviewImport(path string) (app.CommandImport, error) {
	return read(c.w, func(ctx context.Context, a *app.App) (app.CommandImport, error) {
		return a.Commands.ReviewImport(ctx, path)
	})
}

// TakeImport takes in the chosen rows of that review, all or none, and gives their number.
func (c *Commands) TakeImport(rows []app.CommandImportRow) (int, error) {
	return write(c.w, func(ctx context.Context, a *app.App) (int, error) { return a.Commands.Import(ctx, rows) })
}

// ReviewShipped compares the commands that came with the app with what is there.
func (c *Commands) ReviewShipped() ([]app.CommandImportRow, error) {
	return read(c.w, func(ctx context.Context, a *app.App) ([]app.CommandImportRow, error) {
		return a.Commands.ReviewShipped(ctx)
	})
}

// TakeShipped brings shipped commands back as they came.
func (c *Commands) TakeShipped(ids []string) (int, error) {
	return write(c.w, func(ctx context.Context, a *app.App) (int, error) { return a.Commands.TakeShipped(ctx, ids) })
}

// Library says what the library folder holds.
func (c *Commands) Library() (app.CommandLibrary, error) {
	return read(c.w, func(ctx context.Context, a *app.App) (app.CommandLibrary, error) { return a.Commands.Library(ctx), nil })
}

// SetLibrary makes a folder the library; "" is none.
func (c *Commands) SetLibrary(folder string) (app.CommandLibrary, error) {
	return write(c.w, func(ctx context.Context, a *app.App) (app.CommandLibrary, error) { return a.SetLibrary(ctx, folder) })
}

// Kept says which secret parameters of a command the keychain has.
func (c *Commands) Kept(id string) (app.Kept, error) {
	return read(c.w, func(ctx context.Context, a *app.App) (app.Kept, error) { return a.Kept.Of(ctx, id) })
}

// Keep puts the value of a secret parameter into the keychain.
func (c *Commands) Keep(id, name, value string) error {
	return do(c.w, func(ctx context.Context, a *app.App) error { return a.Kept.Keep(ctx, id, name, value) })
}

// Forget takes the value of a secret parameter out of the keychain.
func (c *Commands) Forget(id, name string) error {
	return do(c.w, func(ctx context.Context, a *app.App) error { return a.Kept.Forget(ctx, id, name) })
}
