package discovery

import (
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

func take(aliases ...string) (d domain.ReviewDecision) {
	for _, alias := range aliases {
		d.Take = append(d.Take, domain.TakeHost{Alias: alias})
	}
	return d
}

// From a first start over edits of the file to hosts that are gone.
func TestReviewStory(t *testing.T) {
	ctx := t.Context()
	web := found("web-prod")
	web.IdentityFile = "~/.ssh/missing"
	git := found("work")
	git.Host, git.User = "github.com", "git"
	w := newWorld(t, web, found("db"), git)

	r := must[domain.Review](t)(w.Review(ctx))
	if len(r.New) != 3 || len(r.Changed)+len(r.Gone)+r.Known != 0 {
		t.Fatalf("%+v", r)
	}
	if n := r.New[0]; n.Environment != domain.EnvProduction || len(n.Warnings) != 1 || !strings.Contains(n.Warnings[0], "~/.ssh/missing") {
		t.Errorf("%+v", n)
	}
	if !r.New[2].Forge || r.New[0].Forge {
		t.Error("forges are not told from machines")
	}

	decision := take("web-prod", "db")
	decision.Take[1] = domain.TakeHost{Alias: "db", Name: "Data", Environment: domain.EnvStaging, Tags: []string{" a ", "a", ""}}
	vms := must[[]domain.VM](t)(w.Apply(ctx, decision))
	if len(vms) != 2 || vms[0].Name != "web-prod" || vms[0].Environment != domain.EnvProduction || vms[0].SourceKey != "web-prod" ||
		vms[1].Name != "Data" || vms[1].Environment != domain.EnvStaging || !slices.Equal(vms[1].Tags, []string{"a"}) {
		t.Fatalf("%+v", vms)
	}

	w.source.hosts[0].Port, w.source.hosts[0].User = 2222, "deploy"
	w.source.hosts = slices.Delete(w.source.hosts, 1, 2) // db
	r = must[domain.Review](t)(w.Review(ctx))
	if len(r.New) != 1 || len(r.Changed) != 1 || len(r.Gone) != 1 || r.Gone[0].Name != "Data" {
		t.Fatalf("%+v", r)
	}
	want := []domain.FieldChange{{Field: "user", Old: "", New: "deploy"}, {Field: "port", Old: "", New: "2222"}}
	if !slices.Equal(r.Changed[0].Changes, want) {
		t.Errorf("%+v", r.Changed[0].Changes)
	}

	vms = must[[]domain.VM](t)(w.Apply(ctx, domain.ReviewDecision{Acknowledge: []string{vms[0].ID}, Remove: []string{vms[1].ID}}))
	if len(vms) != 1 || vms[0].Port != 2222 {
		t.Errorf("%+v", vms)
	}
	if r = must[domain.Review](t)(w.Review(ctx)); len(r.Changed)+len(r.Gone) != 0 || r.Known != 1 {
		t.Errorf("%+v", r)
	}
}

// A file that can't be read at the moment is no reason to say that its hosts are gone.
func TestUnreadableFileMakesNothingGone(t *testing.T) {
	w := newWorld(t, found("web"))
	must[[]domain.VM](t)(w.Apply(t.Context(), take("web")))
	w.source.hosts = nil
	w.source.files = []domain.LookedAt{{Path: "/x", State: "unreadable"}}
	if r := must[domain.Review](t)(w.Review(t.Context())); len(r.Gone) != 0 {
		t.Errorf("%+v", r.Gone)
	}
	w.source.files[0].State = "missing"
	if r := must[domain.Review](t)(w.Review(t.Context())); len(r.Gone) != 1 {
		t.Errorf("%+v", r.Gone)
	}
}

// A refused decision writes nothing at all.
func TestApplyRefusesAsAWhole(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, found("web"), found("db"), found("taken"))
	must[[]domain.VM](t)(w.Apply(ctx, take("web")))
	must[domain.VM](t)(w.Create(ctx, manual("TAKEN", "1.2.3.4")))
	before := len(w.store.vms)
	for name, d := range map[string]domain.ReviewDecision{
		"gone meanwhile":     take("db", "nothere"),
		"taken in already":   take("db", "web"),
		"twice":              take("db", "db"),
		"name is taken":      take("db", "taken"),
		"same name twice":    {Take: []domain.TakeHost{{Alias: "db", Name: "x"}, {Alias: "taken", Name: "X"}}},
		"remove what is":     {Take: take("db").Take, Remove: []string{"id1"}},
		"unknown to remove":  {Take: take("db").Take, Remove: []string{"none"}},
		"unknown to note":    {Take: take("db").Take, Acknowledge: []string{"none"}},
		"manual can't be so": {Take: take("db").Take, Acknowledge: []string{"id2"}},
	} {
		if _, err := w.Apply(ctx, d); domain.CodeOf(err) != domain.CodeConflict || len(w.store.vms) != before {
			t.Errorf("%s: %v, %d VMs", name, err, len(w.store.vms))
		}
	}
	bad := take("db")
	bad.Take[0].Tags = []string{"a b"}
	if _, err := w.Apply(ctx, bad); domain.CodeOf(err) != domain.CodeInvalid || len(w.store.vms) != before {
		t.Errorf("%v", err)
	}
}

// ssh takes host names and users that a VM's rules don't know; such hosts can be taken in all the same.
func TestOddHostsCanBeTakenIn(t *testing.T) {
	odd := found("odd/name" + strings.Repeat("x", 80))
	odd.Host, odd.User = "a/b", `we"ird`
	w := newWorld(t, odd)
	vms := must[[]domain.VM](t)(w.Apply(t.Context(), take(odd.Alias)))
	if vms[0].Host != "" || vms[0].User != "" || Target(vms[0]).Destination() != odd.Alias {
		t.Errorf("%+v", vms[0])
	}
	if r := must[domain.Review](t)(w.Review(t.Context())); r.Known != 1 {
		t.Errorf("%+v", r)
	}
}

func TestGuesses(t *testing.T) {
	for alias, want := range map[string]domain.Environment{
		"prod": domain.EnvProduction, "web-prod-01": domain.EnvProduction, "db.production.eu": domain.EnvProduction, "webprod1": domain.EnvProduction,
		"PRD_x": domain.EnvProduction, "live-1": domain.EnvProduction, "preprod": domain.EnvStaging, "pre-prod": domain.EnvStaging, "stage2": domain.EnvStaging,
		"stg-x": domain.EnvStaging, "web-staging": domain.EnvStaging, "test": domain.EnvTest, "qa1": domain.EnvTest, "unittest": domain.EnvTest,
		"web": domain.EnvDevelopment, "product-db": domain.EnvDevelopment, "latest": domain.EnvDevelopment, "": domain.EnvDevelopment,
	} {
		if got := guessEnvironment(alias); got != want {
			t.Errorf("%q: %s, want %s", alias, got, want)
		}
	}
	for host, want := range map[string]string{
		"ec2-1-2-3-4.eu-west-1.compute.amazonaws.com": "AWS", "ip-10-0-0-1.ec2.internal": "AWS", "x.c.project.internal": "GCP",
		"4.3.2.1.bc.googleusercontent.com": "GCP", "vm.westeurope.cloudapp.azure.com": "Azure", "static.1.2.3.4.clients.your-server.de": "Hetzner",
		"1-2-3-4.ip.linodeusercontent.com": "Linode", "1.2.3.4.vultrusercontent.com": "Vultr", "x.digitalocean.com": "DigitalOcean", "10.0.0.1": "",
	} {
		if got := guessProvider("web", host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
	if guessProvider("hetzner-1", "10.0.0.1") != "Hetzner" || guessProvider("my-ec2", "10.0.0.1") != "AWS" {
		t.Error("aliases are not read")
	}
	for _, c := range []struct {
		alias, host, user string
		want              bool
	}{
		{"github.com", "github.com", "git", true}, {"gh", "ssh.github.com", "git", true}, {"work", "gitlab.corp.example", "git", true},
		{"bb", "altssh.bitbucket.org", "", true}, {"gitlab-runner", "10.0.0.1", "root", false}, {"notgithub.com", "notgithub.com", "", false},
	} {
		if got := isForge(c.alias, c.host, c.user); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
