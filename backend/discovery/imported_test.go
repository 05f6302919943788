package discovery

import (
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

func row(line int, name, host string) domain.FoundHost {
	return domain.FoundHost{Alias: name, Host: host, Line: line, Tags: []string{"web"}}
}

// What is in a file twice, breaks a rule or seems to be there already is told with its line, and only what is ticked is taken.
func TestImport(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	must[domain.VM](t)(w.Create(ctx, domain.VM{Name: "old", Host: "10.0.0.1", User: "me", Environment: domain.EnvTest}))
	twin := row(4, "twin", "10.0.0.1")
	twin.User = "me"
	file := domain.ImportFile{Format: "CSV", Hosts: []domain.FoundHost{
		row(2, "web-prod", "10.0.0.2"), row(3, "OLD", "10.0.0.3"), twin, row(5, "web-prod", "10.0.0.9"), row(6, "bad", "-oProxyCommand=id"),
	}}
	r := must[domain.ImportReview](t)(w.ReviewImport(ctx, file))
	if len(r.New) != 3 || len(r.Doubles) != 2 || len(r.Problems) != 2 {
		t.Fatalf("%+v", r)
	}
	if r.New[0].Environment != domain.EnvProduction || r.New[1].Name != "OLD-2" || r.Doubles[0].Why != "name" || r.Doubles[1] != (domain.ImportDouble{Alias: "twin", VMName: "old", Why: "address"}) {
		t.Errorf("%+v", r)
	}
	if r.Problems[0].Line != 5 || r.Problems[1].Line != 6 || r.Problems[1].Field != "host" {
		t.Errorf("%+v", r.Problems)
	}
	if _, err := w.TakeImport(ctx, file, take("bad")); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("what breaks a rule: %v", err)
	}
	if _, err := w.TakeImport(ctx, file, domain.ReviewDecision{Take: []domain.TakeHost{{Alias: "OLD"}}}); domain.CodeOf(err) != domain.CodeConflict || domain.AsError(err).Field != "name" {
		t.Errorf("a taken name: %v", err)
	}
	vms := must[[]domain.VM](t)(w.TakeImport(ctx, file, take("web-prod")))
	if len(vms) != 1 || vms[0].Source != domain.SourceImport || vms[0].Tags[0] != "web" || Target(vms[0]).Host != "10.0.0.2" || Target(vms[0]).Alias != "" {
		t.Errorf("%+v", vms)
	}

	// The same file again: what was taken is known, or changed field by field; nothing is gone.
	file.Hosts[0].Host = "10.0.0.22"
	r = must[domain.ImportReview](t)(w.ReviewImport(ctx, file))
	if len(r.Changed) != 1 || len(r.Changed[0].Changes) != 1 || r.Changed[0].Changes[0] != (domain.FieldChange{Field: "host", Old: "10.0.0.2", New: "10.0.0.22"}) {
		t.Fatalf("%+v", r.Changed)
	}
	vms = must[[]domain.VM](t)(w.TakeImport(ctx, file, domain.ReviewDecision{Acknowledge: []string{vms[0].ID}}))
	if len(vms) != 1 || vms[0].Host != "10.0.0.22" {
		t.Errorf("%+v", vms)
	}
	r = must[domain.ImportReview](t)(w.ReviewImport(ctx, domain.ImportFile{Hosts: file.Hosts[:1]}))
	if r.Same != 1 || len(r.New)+len(r.Changed) != 0 {
		t.Errorf("%+v", r)
	}
	// What a file says nothing of stays as it is.
	vms[0].User, vms[0].Port, vms[0].IdentityFile = "ops", 2222, "~/.ssh/web"
	vms[0] = must[domain.VM](t)(w.Update(ctx, vms[0]))
	if r = must[domain.ImportReview](t)(w.ReviewImport(ctx, domain.ImportFile{Hosts: file.Hosts[:1]})); r.Same != 1 || len(r.Changed) != 0 {
		t.Errorf("%+v", r.Changed)
	}
	// The person may change it: it is theirs.
	vms[0].Host, vms[0].Jump = "10.0.0.23", "ops@bastion:2222"
	if vm := must[domain.VM](t)(w.Update(ctx, vms[0])); vm.Host != "10.0.0.23" || Target(vm).Jump != "ops@bastion:2222" {
		t.Errorf("%+v", vm)
	}
}

// Whatever a name, an address, a user, a jump host or a key file of a file says, it is refused with its field, or it
// reaches ssh as a word that is no option.
func FuzzImportReachesNoShell(f *testing.F) {
	for _, text := range []string{"web", "-oProxyCommand=id", "$(id)", "`id`", "a b", "a\nb", "a\x00b", "a;id", "'", `"`, "~root", "%h", "::1", "[::1]", "a@b:22", "{{x}}", "é", "\u202e"} {
		f.Add(text, text, text, text, text)
	}
	f.Fuzz(func(t *testing.T, name, host, user, jump, key string) {
		w := newWorld(t)
		file := domain.ImportFile{Hosts: []domain.FoundHost{{Alias: name, Host: host, User: user, Jump: jump, IdentityFile: key, Line: 1}}}
		r, err := w.ReviewImport(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.New) == 0 {
			if len(r.Problems) != 1 || r.Problems[0].Field == "" {
				t.Fatalf("neither taken nor told: %+v", r)
			}
			return
		}
		vms, err := w.TakeImport(t.Context(), file, domain.ReviewDecision{Take: []domain.TakeHost{{Alias: name}}})
		if err != nil {
			t.Fatal(err)
		}
		words, err := w.SSHWords(t.Context(), vms[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		for i, word := range words {
			if strings.ContainsAny(word, "\x00\n\r") {
				t.Errorf("%q", words)
			}
			if value := i > 0 && (words[i-1] == "-p" || words[i-1] == "-J" || words[i-1] == "-i"); (value || i == len(words)-1) && strings.HasPrefix(word, "-") {
				t.Errorf("an option: %q", words)
			}
		}
		if last := words[len(words)-1]; strings.ContainsAny(last, " \t;&|<>`\"'(){}*?!#~") {
			t.Errorf("%q", last)
		}
	})
}
