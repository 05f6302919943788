package desktop

import (
	"context"

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

// Delete forgets a VM; its history stays, and Restore brings it back.
func (v *VMs) Delete(id string) error {
	return do(v.w, func(ctx context.Context, a *app.App) error { return a.VMs.Delete(ctx, id) })
}

// Restore undoes Delete.
func (v *VMs) Restore(id string) (domain.VM, error) {
	return write(v.w, func(ctx context.Context, a *app.App) (domain.VM, error) { return a.VMs.Restore(ctx, id) })
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

// SetFavourite puts a VM among the favourites or takes it out.
func (v *VMs) SetFavourite(id string, on bool) (domain.VM, error) {
	return write(v.w, func(ctx context.Context, a *app.App) (domain.VM, error) { return a.VMs.SetFavourite(ctx, id, on) })
}

// SSHLine is what one types into a terminal to reach the VM.
func (v *VMs) SSHLine(id string) (string, error) {
	return read(v.w, func(ctx context.Context, a *app.App) (string, error) { return a.VMs.SSHLine(ctx, id) })
}

// OpenTerminal opens the person's terminal with ssh to the VM in it, and a command there unless commandID is "".
func (v *VMs) OpenTerminal(id, commandID string, values map[string]string) error {
	return do(v.w, func(ctx context.Context, a *app.App) error { return a.OpenTerminal(ctx, id, commandID, values) })
}
