package discovery

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// Each rule names the field at fault, on create and on edit alike, and a refused VM is not stored.
func TestInvalidFieldsAreNamed(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	vm := must[domain.VM](t)(w.Create(ctx, manual("box", "10.0.0.1")))
	for name, c := range map[string]struct {
		field string
		edit  func(vm *domain.VM)
	}{
		"name of 65":        {"name", func(vm *domain.VM) { vm.Name = strings.Repeat("é", 65) }},
		"blank at the end":  {"name", func(vm *domain.VM) { vm.Name = "x " }},
		"line break":        {"name", func(vm *domain.VM) { vm.Name = "x\ny" }},
		"host with a blank": {"host", func(vm *domain.VM) { vm.Host = "a b" }},
		"half an IPv6":      {"host", func(vm *domain.VM) { vm.Host = "2001:db8:" }},
		"user of 33":        {"user", func(vm *domain.VM) { vm.User = strings.Repeat("u", 33) }},
		"user as an option": {"user", func(vm *domain.VM) { vm.User = "-l" }},
		"port":              {"port", func(vm *domain.VM) { vm.Port = 65536 }},
		"negative port":     {"port", func(vm *domain.VM) { vm.Port = -1 }},
		"tag with a comma":  {"tags", func(vm *domain.VM) { vm.Tags = []string{"a,b"} }},
		"environment":       {"environment", func(vm *domain.VM) { vm.Environment = "moon" }},
	} {
		bad := manual("new", "10.0.0.2")
		c.edit(&bad)
		_, created := w.Create(ctx, bad)
		bad = vm
		c.edit(&bad)
		_, updated := w.Update(ctx, bad)
		for _, err := range []error{created, updated} {
			if err == nil || domain.CodeOf(err) != domain.CodeInvalid || domain.AsError(err).Field != c.field {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if len(w.store.vms) != 1 || w.store.vms[0].Host != vm.Host || w.store.vms[0].Name != "box" {
		t.Errorf("%+v", w.store.vms)
	}
	edge := manual(strings.Repeat("é", 64), "2001:db8::1")
	edge.User, edge.Port = strings.Repeat("u", 32), 65535
	must[domain.VM](t)(w.Create(ctx, edge))
}

// A VM whose alias was taken in anew can't come back beside it, under whatever name, and stays restorable.
func TestRestoreOfAnAliasTakenInAnew(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("web"))
	d := take("web")
	d.Take[0].Name = "old"
	old := must[[]domain.VM](t)(w.Apply(ctx, d))[0]
	if err := w.Delete(ctx, []string{old.ID}); err != nil {
		t.Fatal(err)
	}
	anew := must[[]domain.VM](t)(w.Apply(ctx, take("web")))[0]
	if _, err := w.Restore(ctx, []string{old.ID}); err == nil || domain.CodeOf(err) != domain.CodeConflict || len(w.store.vms) != 1 {
		t.Errorf("%v, %+v", err, w.store.vms)
	}
	if err := w.Delete(ctx, []string{anew.ID}); err != nil {
		t.Fatal(err)
	}
	if back := must[[]domain.VM](t)(w.Restore(ctx, []string{old.ID})); back[0].Name != "old" {
		t.Errorf("%+v", back)
	}
	if _, err := w.Restore(ctx, []string{old.ID}); err == nil || domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("restored twice: %v", err)
	}
}

// broken is a store that can't be read, and a source that can't be listed.
type broken struct {
	memory
	source
}

var errBroken = errors.New("the disk is gone")

func (*broken) ListVMs(context.Context) ([]domain.VM, error) { return nil, errBroken }

func (*broken) List(context.Context) ([]domain.FoundHost, []domain.LookedAt, []domain.ConfigProblem, error) {
	return nil, nil, nil, errBroken
}

// What can't be read is told, never taken for "nothing there".
func TestErrorsOfStoreAndSourceAreTold(t *testing.T) {
	ctx := t.Context()
	b := &broken{}
	store, source := newWorld(t, found("web")), newWorld(t)
	store.opt.Store = b
	source.askers = []*asker{{source: b}}
	_, review := store.Review(ctx)
	_, apply := store.Apply(ctx, take("web"))
	_, targets := store.ResolveTargets(ctx, []string{"web"}, nil, false)
	_, inSource := source.ResolveTargets(ctx, []string{"web"}, nil, false)
	for what, err := range map[string]error{"review": review, "apply": apply, "targets": targets, "targets of the source": inSource} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", what, err)
		}
	}
	r := must[domain.Review](t)(source.Review(ctx))
	if len(r.Sources) != 1 || r.Sources[0].State != domain.AskFailed || r.Sources[0].Error == nil || r.Sources[0].Error.Message != errBroken.Error() {
		t.Errorf("%+v", r.Sources)
	}
	_, list := store.List(ctx)
	_, create := store.Create(ctx, manual("x", "10.0.0.1"))
	if !errors.Is(list, errBroken) || !errors.Is(create, errBroken) || len(b.vms) != 0 {
		t.Errorf("%v, %v, %d VMs", list, create, len(b.vms))
	}
}
