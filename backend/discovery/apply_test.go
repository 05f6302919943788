package discovery

import (
	"testing"

	"vmorchestrator/backend/domain"
)

// What may be removed is what the review calls gone, looked at once more when the decision is carried out.
func TestApplyRemovesOnlyWhatIsGone(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("web"), found("db"))
	vms := must[[]domain.VM](t)(w.Apply(ctx, take("web", "db")))
	own := must[domain.VM](t)(w.Create(ctx, manual("own", "10.0.0.1")))
	refused := func(what, id string) {
		t.Helper()
		before := len(w.store.vms)
		_, err := w.Apply(ctx, domain.ReviewDecision{Remove: []string{id}})
		if err == nil || domain.CodeOf(err) != domain.CodeConflict || len(w.store.vms) != before {
			t.Errorf("%s: %v, %d VMs of %d", what, err, len(w.store.vms), before)
		}
	}
	refused("typed by the person", own.ID)

	w.source.hosts = nil
	w.source.files = []domain.LookedAt{{Path: "/x", State: "unreadable"}}
	refused("its file can't be read at the moment", vms[0].ID)

	w.source.files = nil
	out := must[[]domain.VM](t)(w.Apply(ctx, domain.ReviewDecision{Remove: []string{vms[0].ID, vms[1].ID, vms[0].ID}})) // one is ticked twice
	if out == nil || len(out) != 0 || len(w.store.vms) != 1 || w.store.vms[0].ID != own.ID {
		t.Errorf("%+v, left %+v", out, w.store.vms)
	}
}

// The name of a VM that goes is free for one that comes in the same decision.
func TestApplyFreesNamesBeforeItTakes(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("old"))
	d := take("old")
	d.Take[0].Name = "Web"
	old := must[[]domain.VM](t)(w.Apply(ctx, d))[0]
	w.source.hosts = []domain.FoundHost{found("web")}
	d = take("web")
	d.Remove = []string{old.ID}
	out := must[[]domain.VM](t)(w.Apply(ctx, d))
	if len(out) != 1 || out[0].Name != "web" || out[0].ID == old.ID || len(w.store.vms) != 1 {
		t.Errorf("%+v, stored %+v", out, w.store.vms)
	}
}

func TestApplyAcknowledgesOnce(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("web"))
	vm := must[[]domain.VM](t)(w.Apply(ctx, take("web")))[0]
	vm.Name, vm.Tags, vm.Environment = "Front", []string{"mine"}, domain.EnvStaging
	vm = must[domain.VM](t)(w.Update(ctx, vm))
	w.source.hosts[0].Host, w.source.hosts[0].Jump, w.source.hosts[0].IdentityFile = "new.example", "hop", "~/.ssh/there"
	r := must[domain.Review](t)(w.Review(ctx))
	if len(r.Changed) != 1 || len(r.Changed[0].Changes) != 3 {
		t.Fatalf("%+v", r.Changed)
	}
	out := must[[]domain.VM](t)(w.Apply(ctx, domain.ReviewDecision{Acknowledge: []string{vm.ID, vm.ID}}))
	if len(out) != 1 || out[0].Host != "new.example" || out[0].Jump != "hop" || out[0].IdentityFile != "~/.ssh/there" ||
		out[0].Name != "Front" || len(out[0].Tags) != 1 || out[0].Environment != domain.EnvStaging || !out[0].UpdatedAt.After(vm.UpdatedAt) {
		t.Errorf("%+v", out)
	}
	if r = must[domain.Review](t)(w.Review(ctx)); len(r.Changed) != 0 || r.Known != 1 {
		t.Errorf("%+v", r)
	}
}

// A host that a source names twice is one host, and known when it was taken in.
func TestReviewCountsAHostOnce(t *testing.T) {
	w := newWorld(t, found("web"), found("web"))
	if r := must[domain.Review](t)(w.Review(t.Context())); len(r.New) != 1 {
		t.Errorf("%+v", r.New)
	}
	must[[]domain.VM](t)(w.Apply(t.Context(), take("web")))
	if r := must[domain.Review](t)(w.Review(t.Context())); len(r.New) != 0 || r.Known != 1 {
		t.Errorf("%+v", r)
	}
}
