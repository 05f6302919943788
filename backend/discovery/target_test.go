package discovery

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"vmorchestrator/backend/domain"
)

// A machine that was not taken in runs with no VM behind it, and its snapshot says all.
func TestAdHocTargets(t *testing.T) {
	w := newWorld(t, found("db"))
	for word, want := range map[string]domain.Target{
		"db":                        {Kind: domain.TargetSSH, Alias: "db", Host: "db.example"},
		"me@web":                    {Kind: domain.TargetSSH, User: "me", Host: "web"},
		"me@web:2222":               {Kind: domain.TargetSSH, User: "me", Host: "web", Port: 2222},
		"web:22":                    {Kind: domain.TargetSSH, Host: "web", Port: 22},
		"2001:db8::1":               {Kind: domain.TargetSSH, Host: "2001:db8::1"},
		"[2001:db8::1]:99":          {Kind: domain.TargetSSH, Host: "2001:db8::1", Port: 99},
		"me@[fe80::1%eth0]:99":      {Kind: domain.TargetSSH, User: "me", Host: "fe80::1%eth0", Port: 99},
		"ssh://me@[2001:db8::1]:99": {Kind: domain.TargetSSH, User: "me", Host: "2001:db8::1", Port: 99},
	} {
		out, err := w.ResolveTargets(t.Context(), []string{word, word}, nil, false)
		if err != nil || len(out) != 1 || out[0].VMID != nil || out[0].Name != word || out[0].Target != want {
			t.Errorf("%q: %+v %v", word, out, err)
		}
	}
	for word, code := range map[string]domain.Code{
		"DB": domain.CodeNotFound, // ssh tells cases apart in Host patterns
		"":   domain.CodeNotFound, "no where": domain.CodeNotFound, "me@": domain.CodeInvalid, "@web": domain.CodeInvalid,
		"me@web:0": domain.CodeInvalid, "me@web:x": domain.CodeInvalid, "[2001:db8::1": domain.CodeInvalid, "me@-oProxyCommand=x": domain.CodeInvalid,
	} {
		out, err := w.ResolveTargets(t.Context(), []string{"db", word}, nil, false)
		if err == nil || domain.CodeOf(err) != code || out != nil {
			t.Errorf("%q: %+v %v, want %s", word, out, err, code)
		}
	}
}

// Targets come in the order they were asked for, each machine once, however it was named.
func TestTargetsComeOnceInOrder(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("a"), found("b"))
	d := take("a", "b")
	d.Take[0].Name, d.Take[0].Tags, d.Take[1].Tags = "first", []string{"x"}, []string{"x", "y"}
	vms := must[[]domain.VM](t)(w.Apply(ctx, d))
	out := must[[]ResolvedTarget](t)(w.ResolveTargets(ctx, []string{"me@c", "b", "a", "first"}, []string{"y", "x"}, true))
	var names []string
	for _, r := range out {
		names = append(names, r.Name)
	}
	if got := strings.Join(names, " "); got != "me@c b first" {
		t.Error(got)
	}

	out = must[[]ResolvedTarget](t)(w.TargetsByID(ctx, []string{vms[1].ID, vms[0].ID, vms[1].ID}))
	if len(out) != 2 || *out[0].VMID != vms[1].ID || out[1].Name != "first" || out[1].Target.Alias != "a" {
		t.Errorf("%+v", out)
	}
	if _, err := w.TargetsByID(ctx, []string{vms[0].ID, "none"}); err == nil || domain.CodeOf(err) != domain.CodeNotFound {
		t.Error(err)
	}
}

// Connection values of a VM from a file are read when connecting: what was acknowledged is only for showing.
func TestTargetOfAFileHasNoValuesOfItsOwn(t *testing.T) {
	vm := domain.VM{Source: domain.SourceSSHConfig, SourceKey: "web", Host: "seen.example", User: "seen", Port: 2222}
	if got, want := Target(vm), (domain.Target{Kind: domain.TargetSSH, Alias: "web", Host: "seen.example"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// counted counts how often it is asked.
type counted struct {
	source
	asked atomic.Int32
}

func (c *counted) List(ctx context.Context) ([]domain.FoundHost, []domain.LookedAt, []domain.ConfigProblem, error) {
	c.asked.Add(1)
	return c.source.List(ctx)
}

// Each alias had the whole of ssh_config read again: 200 of them cost 0.8 s before the first connection.
func TestManyAliasesAskASourceOnce(t *testing.T) {
	c := &counted{}
	var words []string
	for i := range 300 {
		words = append(words, fmt.Sprintf("web-%d", i))
		c.hosts = append(c.hosts, found(words[i]))
	}
	s := New(Options{Store: &memory{}, Sources: []Source{c}})
	targets := must[[]ResolvedTarget](t)(s.ResolveTargets(t.Context(), slices.Concat(words, words), nil, false))
	if len(targets) != 300 || c.asked.Load() != 1 {
		t.Errorf("%d targets after %d questions, want 300 after 1", len(targets), c.asked.Load())
	}
}
