package app

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/inventory"
)

// ExportFormat is a form of an export.
type ExportFormat = inventory.Format

// ReviewImport reads a file of machines (inventory.Read says which) and compares it with what is known; it changes nothing.
func (a *App) ReviewImport(ctx context.Context, name, text string) (domain.ImportReview, error) {
	file, err := inventory.Read(name, []byte(text))
	if err != nil {
		return domain.ImportReview{}, err
	}
	return a.VMs.ReviewImport(ctx, file)
}

// TakeImport takes in what was ticked in the review of the same file.
func (a *App) TakeImport(ctx context.Context, name, text string, decision domain.ReviewDecision) ([]domain.VM, error) {
	file, err := inventory.Read(name, []byte(text))
	if err != nil {
		return nil, err
	}
	return a.VMs.TakeImport(ctx, file, decision)
}

// ImportAll takes in what of a file is new and no double, and gives the review beside what was taken.
func (a *App) ImportAll(ctx context.Context, name, text string) (domain.ImportReview, []domain.VM, error) {
	review, err := a.ReviewImport(ctx, name, text)
	if err != nil {
		return review, nil, err
	}
	var take []domain.TakeHost
	for _, host := range review.New {
		if !slices.ContainsFunc(review.Doubles, func(d domain.ImportDouble) bool { return d.Alias == host.Alias }) {
			take = append(take, domain.TakeHost{Source: host.Source, Alias: host.Alias, Name: host.Name})
		}
	}
	vms, err := a.TakeImport(ctx, name, text, domain.ReviewDecision{Take: take})
	return review, vms, err
}

// ExportVMs writes VMs in a form of another tool, by name; no ids is all that are not hidden.
func (a *App) ExportVMs(ctx context.Context, format ExportFormat, ids []string) (string, error) {
	vms, err := a.VMs.List(ctx)
	if err != nil {
		return "", err
	}
	vms = slices.DeleteFunc(vms, func(vm domain.VM) bool {
		return len(ids) == 0 && vm.Hidden || len(ids) > 0 && !slices.Contains(ids, vm.ID)
	})
	slices.SortStableFunc(vms, func(a, b domain.VM) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return inventory.Write(format, vms)
}

// WriteExport is ExportVMs into a file, which appears only when it is whole. The machines of a company are nobody else's.
func (a *App) WriteExport(ctx context.Context, format ExportFormat, ids []string, path string) error {
	text, err := a.ExportVMs(ctx, format, ids)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".vmo-*")
	if err != nil {
		return exportFailed(err)
	}
	_, err = part.WriteString(text)
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		_ = os.Remove(part.Name()) // what is left of a failed export is of no use; the failure is told
		return exportFailed(err)
	}
	return nil
}
