package discovery

import (
	"context"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// hypervisor is a source as a local hypervisor is one: it has power states and details, says itself when something
// changed, and takes its time.
type hypervisor struct {
	hosts   []domain.FoundHost
	answers chan struct{} // List waits for one; nil: it is quick
	asked   chan struct{}
	changed chan struct{}
	power   map[string]domain.PowerAction
}

const sourceFake domain.Source = "fake"

func (h *hypervisor) Name() domain.Source { return sourceFake }

func (h *hypervisor) List(ctx context.Context) ([]domain.FoundHost, []domain.LookedAt, []domain.ConfigProblem, error) {
	if h.asked != nil {
		h.asked <- struct{}{}
	}
	if h.answers != nil {
		select {
		case <-h.answers:
		case <-ctx.Done():
			return nil, nil, nil, ctx.Err()
		}
	}
	return h.hosts, nil, nil, nil
}

func (h *hypervisor) Watch(ctx context.Context, changed func()) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.changed:
			changed()
		}
	}
}

func (h *hypervisor) Details(_ context.Context, key string) ([]domain.Detail, error) {
	return []domain.Detail{{Name: "Memory", Value: "2 GiB of " + key}}, nil
}

func (h *hypervisor) SetPower(_ context.Context, key string, action domain.PowerAction) error {
	h.power[key] = action
	return nil
}

func machine(key, name string, power domain.Power) domain.FoundHost {
	return domain.FoundHost{Alias: key, Name: name, Host: "192.168.122.10", Power: power}
}

// A source with power states and details fits without anything else knowing of it.
func TestSourceWithPower(t *testing.T) {
	ctx := t.Context()
	h := &hypervisor{hosts: []domain.FoundHost{machine("uuid-1", "dev", domain.PowerStopped)}, power: map[string]domain.PowerAction{}}
	w := newWorld(t, found("web"))
	w.askers = append(w.askers, &asker{source: h})
	r := must[domain.Review](t)(w.Review(ctx))
	if len(r.New) != 2 || r.New[1].Source != sourceFake || r.New[1].Name != "dev" || r.New[1].Power != domain.PowerStopped {
		t.Fatalf("%+v", r.New)
	}
	vm := must[[]domain.VM](t)(w.Apply(ctx, domain.ReviewDecision{Take: []domain.TakeHost{{Source: sourceFake, Alias: "uuid-1"}}}))[0]
	if vm.Name != "dev" || vm.Source != sourceFake || vm.SourceKey != "uuid-1" {
		t.Errorf("%+v", vm)
	}
	r = must[domain.Review](t)(w.Review(ctx))
	if len(r.Notes) != 1 || r.Notes[0].VMID != vm.ID || r.Notes[0].Power != domain.PowerStopped || r.Known != 1 {
		t.Errorf("%+v", r.Notes)
	}
	if err := w.SetPower(ctx, vm.ID, domain.PowerStart); err != nil || h.power["uuid-1"] != domain.PowerStart {
		t.Errorf("%v, %v", err, h.power)
	}
	if d := must[[]domain.Detail](t)(w.Details(ctx, vm.ID)); len(d) != 1 || d[0].Value != "2 GiB of uuid-1" {
		t.Errorf("%+v", d)
	}
	own := must[domain.VM](t)(w.Create(ctx, manual("own", "10.0.0.1")))
	if err := w.SetPower(ctx, own.ID, domain.PowerStart); domain.CodeOf(err) != domain.CodeUnsupported {
		t.Error(err)
	}
	if d := must[[]domain.Detail](t)(w.Details(ctx, own.ID)); d == nil || len(d) != 0 {
		t.Errorf("%+v", d)
	}
	// An alias that two sources have is told apart.
	h.hosts = append(h.hosts, machine("web", "web-vm", domain.PowerRunning))
	if vms := must[[]domain.VM](t)(w.Apply(ctx, domain.ReviewDecision{Take: []domain.TakeHost{{Source: sourceFake, Alias: "web"}, {Source: domain.SourceSSHConfig, Alias: "web"}}})); len(vms) != 2 || vms[0].Name != "web-vm" || vms[1].Name != "web" {
		t.Errorf("%+v", vms)
	}
}

// A slow source holds nobody up: what it has is shown as being asked for, nothing of it is called gone, and its answer is
// told when it comes and used without asking again.
func TestSlowSource(t *testing.T) {
	ctx := t.Context()
	h := &hypervisor{hosts: []domain.FoundHost{machine("uuid-1", "dev", domain.PowerRunning)}}
	w := newWorld(t, found("web"))
	w.askers = append(w.askers, &asker{source: h})
	w.opt.Patience = 5 * time.Second
	dev := must[[]domain.VM](t)(w.Apply(ctx, domain.ReviewDecision{Take: []domain.TakeHost{{Alias: "uuid-1"}}}))[0]

	h.answers, h.asked, h.changed = make(chan struct{}), make(chan struct{}, 10), make(chan struct{})
	w.askers[1] = &asker{source: h}
	w.opt.Patience = 20 * time.Millisecond
	told := make(chan struct{}, 10)
	w.StartWatch(time.Hour, func() { told <- struct{}{} })
	defer w.Close()

	r := must[domain.Review](t)(w.Review(ctx))
	if len(r.New) != 1 || r.New[0].Alias != "web" || len(r.Gone) != 0 || r.Sources[0].State != domain.AskReady || r.Sources[1].State != domain.AskAsking {
		t.Fatalf("%+v", r)
	}
	must[domain.Review](t)(w.Review(ctx)) // joins the question that is under way
	h.answers <- struct{}{}
	wait(t, "the late answer", told)
	r = must[domain.Review](t)(w.Review(ctx)) // would wait in vain if it asked anew
	if r.Sources[1].State != domain.AskReady || r.Known != 1 || len(r.Notes) != 1 || r.Notes[0].VMID != dev.ID || len(h.asked) != 1 {
		t.Errorf("%+v, asked %d times", r, len(h.asked))
	}
	// Asked again, it says what it said until there is news.
	r = must[domain.Review](t)(w.Review(ctx))
	if r.Sources[1].State != domain.AskAsking || r.Known != 1 || len(h.asked) != 2 {
		t.Errorf("%+v, asked %d times", r, len(h.asked))
	}
	h.changed <- struct{}{}
	wait(t, "what the source says itself", told)
	// Closing ends a question that nobody answers.
	w.Close()
}

func wait(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		t.Fatalf("waited in vain for %s", what)
	}
}
