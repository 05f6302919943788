package discovery

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

func TestVMsAreKeptWithTheirRules(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("web"))
	vm := must[domain.VM](t)(w.Create(ctx, domain.VM{ID: "mine", Name: "box-prod", Host: "1.2.3.4", Source: domain.SourceDemo, Tags: nil}))
	if vm.ID == "mine" || vm.Source != domain.SourceManual || vm.Tags == nil || vm.Environment != domain.EnvProduction || vm.CreatedAt.IsZero() {
		t.Errorf("%+v", vm)
	}
	for name, c := range map[string]struct {
		vm    domain.VM
		field string
		code  domain.Code
	}{
		"same name": {manual("BOX-Prod", "x"), "name", domain.CodeConflict},
		"no name":   {manual("", "x"), "name", domain.CodeInvalid},
		"no host":   {manual("y", ""), "host", domain.CodeInvalid},
		"option":    {manual("y", "-oProxyCommand=x"), "host", domain.CodeInvalid},
	} {
		_, err := w.Create(ctx, c.vm)
		if domain.CodeOf(err) != c.code || domain.AsError(err).Field != c.field {
			t.Errorf("%s: %v (%s)", name, err, domain.AsError(err).Field)
		}
	}
	other := must[domain.VM](t)(w.Create(ctx, manual("other", "x")))
	other.Name = "box-PROD"
	if _, err := w.Update(ctx, other); domain.CodeOf(err) != domain.CodeConflict {
		t.Error(err)
	}
	other.Name = "Other" // its own name in another case
	if _, err := w.Update(ctx, other); err != nil {
		t.Error(err)
	}
	yes := true
	fav := must[[]domain.VM](t)(w.Edit(ctx, []string{other.ID}, domain.VMEdit{Favourite: &yes}))[0]
	if !fav.Favourite || fav.Name != "Other" {
		t.Errorf("%+v", fav)
	}

	if err := w.Delete(ctx, []string{vm.ID}); err != nil {
		t.Fatal(err)
	}
	second := must[domain.VM](t)(w.Create(ctx, manual("box-prod", "5.6.7.8")))
	if _, err := w.Restore(ctx, []string{vm.ID}); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("two VMs of one name: %v", err)
	}
	if err := w.Delete(ctx, []string{second.ID}); err != nil {
		t.Fatal(err)
	}
	if back := must[[]domain.VM](t)(w.Restore(ctx, []string{vm.ID})); back[0].Name != "box-prod" {
		t.Errorf("%+v", back)
	}
	for _, err := range []error{w.Delete(ctx, []string{"none"}), func() error { _, err := w.Get(ctx, "none"); return err }()} {
		if domain.CodeOf(err) != domain.CodeNotFound {
			t.Error(err)
		}
	}
}

// A form can't change what the file says.
func TestFileStaysTheTruth(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("web"))
	vm := must[[]domain.VM](t)(w.Apply(ctx, take("web")))[0]
	vm.Host, vm.Port, vm.SourceKey, vm.Description = "evil", 99, "x", "mine"
	vm = must[domain.VM](t)(w.Update(ctx, vm))
	if vm.Host != "web.example" || vm.Port != 0 || vm.SourceKey != "web" || vm.Description != "mine" {
		t.Errorf("%+v", vm)
	}
}

func TestListIsSortedByLastUse(t *testing.T) {
	w := newWorld(t)
	old, recent := time.Unix(1, 0), time.Unix(2, 0)
	w.store.vms = []domain.VM{{Name: "b"}, {Name: "A"}, {Name: "old", LastUsedAt: &old}, {Name: "recent", LastUsedAt: &recent}}
	var names []string
	for _, vm := range must[[]domain.VM](t)(w.List(t.Context())) {
		names = append(names, vm.Name)
	}
	if got := strings.Join(names, " "); got != "recent old A b" {
		t.Error(got)
	}
}

func TestResolveTargets(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("web"), found("db"), found("renamed"))
	d := take("web", "renamed")
	d.Take[0].Tags, d.Take[1].Name = []string{"front"}, "db" // the name of a VM comes before an alias
	must[[]domain.VM](t)(w.Apply(ctx, d))
	vm := manual("Box", "2001:db8::5")
	vm.User, vm.Port, vm.Tags, vm.Hidden = "me", 2200, []string{"front"}, true
	must[domain.VM](t)(w.Create(ctx, vm))

	show := func(on, tags []string, all bool) string {
		targets, err := w.ResolveTargets(ctx, on, tags, all)
		if err != nil {
			return string(domain.CodeOf(err))
		}
		var out []string
		for _, r := range targets {
			id := "-"
			if r.VMID != nil {
				id = *r.VMID
			}
			out = append(out, r.Name+"="+id+":"+r.Target.Destination()+","+r.Target.User+","+portText(r.Target.Port))
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		on, tags []string
		all      bool
		want     string
	}{
		{on: []string{"WEB"}, want: "web=id1:web,,"},
		{on: []string{"db"}, want: "db=id2:renamed,,"},
		{on: []string{"renamed"}, want: "db=id2:renamed,,"},
		{on: []string{"box", "web", "Box"}, want: "Box=id3:2001:db8::5,me,2200 web=id1:web,,"},
		{on: []string{"bob@1.2.3.4:2222"}, want: "bob@1.2.3.4:2222=-:1.2.3.4,bob,2222"},
		{on: []string{"bob@[2001:db8::1]:99"}, want: "bob@[2001:db8::1]:99=-:2001:db8::1,bob,99"},
		{on: []string{"10.0.0.9"}, want: "10.0.0.9=-:10.0.0.9,,"},
		{on: []string{"nothere"}, want: "not_found"},
		{on: []string{"-oProxyCommand=x@y"}, want: "invalid"},
		{on: []string{"a b@c"}, want: "invalid"},
		{tags: []string{"front"}, want: "Box=id3:2001:db8::5,me,2200 web=id1:web,,"},
		{tags: []string{"none"}, want: "not_found"},
		{all: true, want: "db=id2:renamed,, web=id1:web,,"},
		{want: "usage"},
	} {
		if got := show(c.on, c.tags, c.all); got != c.want {
			t.Errorf("%v %v %v: %s, want %s", c.on, c.tags, c.all, got, c.want)
		}
	}
	w.store.vms = nil
	if got := show([]string{"db"}, nil, false); got != "db=-:db,," {
		t.Errorf("an alias that was not taken in: %s", got)
	}
	if got := show(nil, nil, true); got != "not_found" {
		t.Error(got)
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"web":                         "|web|0",
		" me@web ":                    "me|web|0",
		"me@web:2222":                 "me|web|2222",
		"web:22":                      "|web|22",
		"me@corp@web":                 "me@corp|web|0",
		"2001:db8::1":                 "|2001:db8::1|0",
		"me@2001:db8::1":              "me|2001:db8::1|0",
		"[2001:db8::1]":               "|2001:db8::1|0",
		"me@[2001:db8::1]:2222":       "me|2001:db8::1|2222",
		"fe80::1%eth0":                "|fe80::1%eth0|0",
		"ssh://me@web:99/":            "me|web|99",
		"ssh web":                     "|web|0",
		"ssh -p 2222 me@web":          "me|web|2222",
		"ssh -p2222 -l bob web":       "bob|web|2222",
		"ssh -Av -i ~/.ssh/k me@web":  "me|web|0",
		"ssh -oPort=99 -o User=u web": "u|web|99",
		"ssh -J jump me@web uptime x": "me|web|0",
		"ssh -l bob -- me@web":        "bob|web|0",
		"ssh -tp 77 'me@web'":         "me|web|77",
		"ssh":                         "|ssh|0",
	} {
		user, host, port, err := ParseAddress(text)
		if got := user + "|" + host + "|" + domain.Address("", "", port); err != nil || user+"|"+host != want[:strings.LastIndex(want, "|")] ||
			(portText(port) != want[strings.LastIndex(want, "|")+1:] && !(port == 0 && strings.HasSuffix(want, "|0"))) {
			t.Errorf("%q: %s %v, want %s", text, got, err, want)
		}
	}
	for text, field := range map[string]string{
		"": "host", "a b": "host", "@web": "user", "web:0": "port", "web:99999": "port", "web:x": "port", "web:": "port", "-x": "host",
		"[web]:22": "host", "[2001:db8::1": "host", "[2001:db8::1]22": "host", "ssh -p": "host", "ssh -p 22": "host", "ssh -v": "host",
		"me@web;ls": "host", "$(x)@web": "user", "ssh -p 99999 web": "port", strings.Repeat("x", 5000): "host", ":22": "host", "1:2:3": "host",
	} {
		if _, _, _, err := ParseAddress(text); domain.CodeOf(err) != domain.CodeInvalid || domain.AsError(err).Field != field {
			t.Errorf("%.40q: %v on %q, want %q", text, err, domain.AsError(err).Field, field)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"me@web:22", "ssh -p 2222 -l u h x", "[::1]:2", "ssh://a@b:1/", "ssh -- -x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		user, host, port, err := ParseAddress(text)
		if err == nil && (!domain.ValidHost(host) || strings.HasPrefix(host, "-") || strings.HasPrefix(user, "-") || port < 0 || port > 65535) {
			t.Fatalf("%q gave %q %q %d", text, user, host, port)
		}
	})
}

func TestSSHLine(t *testing.T) {
	w := newWorld(t, found("it's"))
	w.opt.SSHConfigFlag = "/my files/config"
	vm := must[[]domain.VM](t)(w.Apply(t.Context(), take("it's")))[0]
	if got := must[string](t)(w.SSHLine(t.Context(), vm.ID)); got != `ssh -F '/my files/config' 'it'\''s'` {
		t.Error(got)
	}
	w.opt.SSHConfigFlag = ""
	box := manual("box", "2001:db8::1")
	box.User, box.Port = "me", 2222
	box = must[domain.VM](t)(w.Create(t.Context(), box))
	if got := must[string](t)(w.SSHLine(t.Context(), box.ID)); got != "ssh -p 2222 me@2001:db8::1" {
		t.Error(got)
	}
}

// fileSource offers one host named by the text of a file.
type fileSource struct{ path string }

func (s fileSource) Name() domain.Source { return domain.SourceSSHConfig }

func (s fileSource) List(context.Context) ([]domain.FoundHost, []domain.LookedAt, []domain.ConfigProblem, error) {
	data, err := os.ReadFile(s.path)
	if err != nil {
		return nil, []domain.LookedAt{{Path: s.path, State: "missing"}}, nil, nil //nolint:nilerr // a file that isn't there is no failure
	}
	return []domain.FoundHost{{Alias: strings.TrimSpace(string(data))}}, []domain.LookedAt{{Path: s.path, State: "read"}}, nil, nil
}

func TestWatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	s := New(Options{Store: &memory{}, Sources: []Source{fileSource{path}}})
	told := make(chan struct{}, 10)
	s.StartWatch(2*time.Millisecond, func() { told <- struct{}{} })
	expect := func(what string) {
		t.Helper()
		select {
		case <-told:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s was not noticed", what)
		}
	}
	replace := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	replace("one")
	expect("a new file")
	replace("two")
	expect("another content of the same size")
	replace("two\n") // says the same
	replace("three")
	expect("an edit")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("the end of the file")
	s.Close()
	s.Close()
	if len(told) > 0 {
		t.Errorf("told %d times too often", len(told))
	}
}
