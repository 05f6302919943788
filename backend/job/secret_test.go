package job

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"vmorchestrator/backend/domain"
)

// secretive has a command with a secret in the environment and one on the standard input.
type secretive struct{}

func (secretive) Get(_ context.Context, id string) (domain.Command, error) {
	return domain.Command{ID: id, Name: "x", Kind: domain.KindSSH, Params: []domain.Param{
		{Name: "token", Type: domain.ParamSecret, Required: true}, {Name: "sudo", Type: domain.ParamSecret, Stdin: true},
	}}, nil
}

func (secretive) Render(domain.Command, map[string]string) (string, error) {
	return `echo "$VMO_SECRET_token"`, nil
}

// A secret goes to the targets and nowhere else, is asked for again by a retry, and is gone when the job has ended.
func TestSecretsGoToTheTargetsAlone(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	var held []domain.Secrets
	f := fix(t, func(_ context.Context, _ domain.Target, e domain.Exec, _ Sink) (Process, error) {
		mu.Lock()
		defer mu.Unlock()
		held = append(held, e.Secrets)
		for _, s := range e.Secrets.Env {
			seen = append(seen, s.Name+"="+string(s.Value))
		}
		seen = append(seen, string(e.Secrets.Stdin))
		p := newProcess()
		p.exit <- domain.Exit{Kind: domain.ExitStatus, Code: 1}
		return p, nil
	}, func(o *Options) { o.Commands = secretive{} })
	given := map[string]string{"token": "tok-1", "sudo": "pw-1"}
	if _, err := f.Start(t.Context(), StartRequest{CommandID: "s", Targets: targets(1)}); domain.AsError(err).Field != "values.token" {
		t.Fatalf("without its secret: %v", err)
	}
	if _, err := f.Start(t.Context(), StartRequest{Script: "true", Targets: targets(1), Secrets: given}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Fatalf("secrets for a free command: %v", err)
	}
	d := f.wait(f.begin(StartRequest{CommandID: "s", Targets: targets(2), Secrets: given}).Job.ID)
	want := "VMO_SECRET_token=tok-1 pw-1\n"
	if got := strings.Join(seen, " "); got != want+" "+want {
		t.Errorf("the targets got %q", got)
	}
	if _, err := f.Retry(t.Context(), d.Job.ID, false, domain.OriginCLI, nil); domain.AsError(err).Field != "values.token" {
		t.Errorf("a retry without the secret: %v", err)
	}
	seen = nil
	again, err := f.Retry(t.Context(), d.Job.ID, false, domain.OriginCLI, map[string]string{"token": "tok-2"})
	if err != nil {
		t.Fatal(err)
	}
	f.wait(again.Job.ID)
	if got := strings.Join(seen, " "); got != "VMO_SECRET_token=tok-2  VMO_SECRET_token=tok-2 " {
		t.Errorf("the retry gave %q", got)
	}
	kept, err := json.Marshal([]any{f.store.jobs, f.store.runs})
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"tok-1", "pw-1", "tok-2"} {
		if strings.Contains(string(kept), value) {
			t.Errorf("%s was stored: %s", value, kept)
		}
	}
	if !strings.Contains(string(kept), `"name":"token"`) {
		t.Errorf("which secrets there are was not stored: %s", kept)
	}
	if err := f.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, s := range held {
		if left := strings.Trim(string(s.Env[0].Value)+string(s.Stdin), "\x00"); left != "" {
			t.Errorf("%q is still in memory", left)
		}
	}
}
