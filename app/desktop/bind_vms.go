package desktop

import (
	"context"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// VMs are the machines that are taken in, and those that ssh_config offers.
type VMs struct{ w *window }

// Address is what a person typed into Host, taken apart.
type Address struct {
	User string `json:"user"`
	Host string `json:"host"`
	Port int    `json:"port"` // 0: not given
}

// List gives all VMs.
func (v *VMs) List() ([]domain.VM, error) {
	return read(v.w, func(ctx context.Context, a *app.App) ([]domain.VM, error) { return a.VMs.List(ctx) })
}

// Create takes a VM in; id and times are made here. Field errors name the field.
func (v *VMs) Create(vm domain.VM) (domain.VM, error) {
	return write(v.w, func(ctx context.Context, a *app.App) (domain.VM, error) { return a.VMs.Create(ctx, vm) })
}

// Update changes a VM. CodeNotFound if it is gone.
func (v *VMs) Update(vm domain.VM) (domain.VM, error) {
	return write(v.w, func(ctx context.Context, a *app.App) (domain.VM, error) { return a.VMs.Update(ctx, vm) })
}

// Edit changes many VMs at once, all or none.
func (v *VMs) Edit(ids []string, edit domain.VMEdit) ([]domain.VM, error) {
	return write(v.w, func(ctx context.Context, a *app.App) ([]domain.VM, error) { return a.VMs.Edit(ctx, ids, edit) })
}

// Delete forgets VMs; their history stays, and Restore brings them back.
func (v *VMs) Delete(ids []string) error {
	return do(v.w, func(ctx context.Context, a *app.App) error { return a.VMs.Delete(ctx, ids) })
}

// Restore undoes Delete.
func (v *VMs) Restore(ids []string) ([]domain.VM, error) {
	return write(v.w, func(ctx context.Context, a *app.App) ([]domain.VM, error) { return a.VMs.Restore(ctx, ids) })
}

// ParseAddress takes "user@host:port", "[::1]:22" or a whole ssh line apart.
func (v *VMs) ParseAddress(text string) (Address, error) {
	user, host, port, err := app.ParseAddress(text)
	return Address{User: user, Host: host, Port: port}, err
}

// Discover looks at the sources and says what is new, changed and gone. It takes nothing in.
func (v *VMs) Discover() (domain.Review, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (domain.Review, error) { return a.VMs.Review(ctx) })
}

// Apply does what was ticked in the review and gives all VMs.
func (v *VMs) Apply(decision domain.ReviewDecision) ([]domain.VM, error) {
	return write(v.w, func(ctx context.Context, a *app.App) ([]domain.VM, error) { return a.VMs.Apply(ctx, decision) })
}

// Test logs in to a VM and runs a trivial command.
func (v *VMs) Test(id string) (domain.ConnectionTest, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (domain.ConnectionTest, error) { return a.TestVM(ctx, id) })
}

// TestUnsaved is Test for what stands in a form.
func (v *VMs) TestUnsaved(vm domain.VM) (domain.ConnectionTest, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (domain.ConnectionTest, error) { return a.TestUnsaved(ctx, vm) })
}

// Explain says what ssh_config comes to for a VM, and which line says so.
func (v *VMs) Explain(id string) (domain.Explanation, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (domain.Explanation, error) { return a.ExplainVM(ctx, id) })
}

// Check connects to a VM step by step. It changes nothing, and asks nothing.
func (v *VMs) Check(id string) (domain.ConnectionCheck, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (domain.ConnectionCheck, error) { return a.CheckVM(ctx, id) })
}

// Reach looks at VMs whether an SSH server answers there: a TCP connection and its banner, never a login.
func (v *VMs) Reach(ids []string) ([]domain.Reach, error) {
	return read(v.w, func(ctx context.Context, a *app.App) ([]domain.Reach, error) { return a.ReachVMs(ctx, ids) })
}

// SetPower has a VM's source turn it on or off.
func (v *VMs) SetPower(id string, action domain.PowerAction) error {
	return do(v.w, func(ctx context.Context, a *app.App) error { return a.VMs.SetPower(ctx, id, action) })
}

// ReviewImport reads a file of machines, or pasted text, and says what is in it. It takes nothing in.
func (v *VMs) ReviewImport(name, text string) (domain.ImportReview, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (domain.ImportReview, error) {
		return a.ReviewImport(ctx, name, text)
	})
}

// TakeImport does what was ticked in that review.
func (v *VMs) TakeImport(name, text string, decision domain.ReviewDecision) ([]domain.VM, error) {
	return write(v.w, func(ctx context.Context, a *app.App) ([]domain.VM, error) {
		return a.TakeImport(ctx, name, text, decision)
	})
}

// Export writes VMs in a form of another tool ("json", "ssh_config", "ansible"); no ids is all that are not hidden.
func (v *VMs) Export(format string, ids []string) (string, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (string, error) {
		return a.ExportVMs(ctx, app.ExportFormat(format), ids)
	})
}

// SaveExport asks for a file and writes the export to it. It gives the file's path, or "" when the person changed their mind.
func (v *VMs) SaveExport(format string, ids []string) (string, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (string, error) {
		form := app.ExportFormat(format)
		path, err := runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{Title: "Export VMs", DefaultFilename: form.FileName()})
		if err != nil || path == "" {
			return "", err
		}
		return path, a.WriteExport(ctx, form, ids, path)
	})
}

// SSHLine is what one types into a terminal to reach the VM.
func (v *VMs) SSHLine(id string) (string, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (string, error) { return a.VMs.SSHLine(ctx, id) })
}

// OpenTerminal opens the person's terminal with ssh to the VM in it, and a command there unless commandID is "".
func (v *VMs) OpenTerminal(id, commandID string, values map[string]string) error {
	return do(v.w, func(ctx context.Context, a *app.App) error { return a.OpenTerminal(ctx, id, commandID, values) })
}
