package desktop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/planted"
	"vmorchestrator/internal/sshdtest"
)

// logText is a log that can be read while it is written.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// all is the payload of every event so far, as the window gets it.
func (s *seen) all(t *testing.T) []byte {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []byte
	for _, e := range s.events {
		text, err := json.Marshal(e.data)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text...)
	}
	return out
}

// Planted secrets are in no event, log or file of the window; one that a command prints is stored exactly and masked on
// the screen. A control that was put where it must not be is found.
func TestPlantedSecretsDontReachTheWindow(t *testing.T) {
	passphrase, token, sudo, imported, control := planted.New(t), planted.New(t), planted.New(t), planted.New(t), planted.New(t)
	srv, home := sshdtest.Start(t, sshdtest.Options{}), sshdtest.NewHome(t)
	key, err := sshdtest.NewKey(filepath.Join(home.Dir, ".ssh"), "id_locked", sshdtest.Ed25519, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	home.Host("box", srv, "IdentityFile "+key.Path)
	home.Trust(srv)
	if err := srv.Authorize(key.Public); err != nil {
		t.Fatal(err)
	}
	w, events := newTestWindow(t)
	w.start.SSHConfig = home.ConfigFile
	log := &logText{}
	w.log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if err := w.reopen(false); err != nil {
		t.Fatal(err)
	}
	command, err := (&Commands{w}).Create(domain.Command{
		Name: "secretive", Script: "echo {{text}} {{token}}; cat",
		Params: []domain.Param{
			{Name: "text", Type: domain.ParamText}, {Name: "token", Type: domain.ParamSecret, Required: true}, {Name: "sudo", Type: domain.ParamSecret, Stdin: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	started, err := (&Jobs{w}).Start(StartJob{
		CommandID: command.ID, AdHoc: []string{"box"}, Values: map[string]string{"text": control}, Secrets: map[string]string{"token": token, "sudo": sudo},
	})
	if err != nil {
		t.Fatal(err)
	}
	run := started.Runs[0].ID
	if err := (&Logs{w}).Watch([]string{run}); err != nil {
		t.Fatal(err)
	}
	var asked *promptAsked
	events.until(t, "the question", func(e sent) bool {
		p, ok := e.data.(*promptAsked)
		if ok {
			asked = p
		}
		return ok
	})
	if asked.Prompt.Kind != domain.PromptPassphrase {
		t.Fatalf("asked %+v", asked.Prompt)
	}
	if err := (&Prompts{w}).Answer(domain.PromptAnswer{ID: asked.Prompt.ID, Accept: true, Secret: passphrase}); err != nil {
		t.Fatal(err)
	}
	events.until(t, "the job's end", func(e sent) bool {
		d, ok := e.data.(*jobChanged)
		return ok && d.Job.ID == started.Job.ID && d.Job.Status == domain.StatusSucceeded
	})
	masked := fmt.Sprintf("%s %s", control, strings.Repeat("*", len(token)))
	events.until(t, "the masked line", func(e sent) bool {
		d, ok := e.data.(*logLines)
		return ok && slices.ContainsFunc(d.Lines, func(l domain.Line) bool { return l.Text == masked && l.Len == int64(len(masked)) })
	})
	page, err := (&Logs{w}).Read(run, 1, 10)
	if err != nil || len(page.Lines) != 2 || page.Lines[0].Text != masked || page.Lines[1].Text != strings.Repeat("*", len(sudo)) {
		t.Errorf("read %+v, %v", page.Lines, err)
	}
	line, err := (&Logs{w}).Line(run, 1, 0)
	if err != nil || line.Text != masked {
		t.Errorf("line %+v, %v", line, err)
	}
	s, err := w.session()
	if err != nil {
		t.Fatal(err)
	}
	stored := exported(t, s.app, run)
	if want := control + " " + token + "\n" + sudo + "\n"; stored != want {
		t.Errorf("stored %q, want %q", stored, want)
	}
	history, err := (&Jobs{w}).List(domain.JobFilter{})
	if err != nil {
		t.Fatal(err)
	}
	page2, err := json.Marshal(history)
	if err != nil {
		t.Fatal(err)
	}
	shown := append(events.all(t), page2...)
	// A file with passwords, taken in: the replies and the events of it have none, nor have the data. The command as a file
	// has the parameter, and no value of it.
	file := "name,host,password\nnew,10.9.0.1," + imported + "\n,ssh://deploy:" + imported + "@10.9.0.2,\n"
	review, err := (&VMs{w}).ReviewImport("vms.csv", file)
	if err != nil || len(review.New) != 2 || len(review.Left) != 1 {
		t.Fatalf("review %+v, %v", review, err)
	}
	take := []domain.TakeHost{{Source: review.New[0].Source, Alias: review.New[0].Alias, Name: "new"}, {Source: review.New[1].Source, Alias: review.New[1].Alias, Name: "other"}}
	vms, err := (&VMs{w}).TakeImport("vms.csv", file, domain.ReviewDecision{Take: take})
	if err != nil || len(vms) != 2 {
		t.Fatalf("taken in: %+v, %v", vms, err)
	}
	for _, reply := range []any{review, vms} {
		text, err := json.Marshal(reply)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, text...)
	}
	for _, format := range []string{"yaml", "ansible"} {
		text, err := (&Commands{w}).Export(format, []string{command.ID})
		if err != nil || !strings.Contains(text, "token") {
			t.Fatalf("%s: %v", format, err)
		}
		shown = append(shown, text...)
	}
	shown = append(shown, events.all(t)...)
	if !planted.In(shown, control) || planted.Files(t, w.start.DataDir, control) == nil {
		t.Error("the control was not found")
	}
	log.mu.Lock()
	shown = append(shown, log.text.Bytes()...)
	log.mu.Unlock()
	for name, secret := range map[string]string{"passphrase": passphrase, "token": token, "sudo": sudo, "imported password": imported} {
		if planted.In(shown, secret) {
			t.Errorf("the %s is in an event, a reply or the log: %s", name, shown)
		}
	}
	for name, secret := range map[string]string{"passphrase": passphrase, "imported password": imported} {
		if found := planted.Files(t, w.start.DataDir, secret); found != nil {
			t.Errorf("the %s is in %s", name, found)
		}
	}
	// Nobody may answer a second time with what was typed before: a retry asks again.
	if _, err := (&Jobs{w}).Retry(started.Job.ID, false, nil, nil); domain.AsError(err).Field != "values.token" {
		t.Errorf("a retry without the secret: %v", err)
	}
}

// exported is a run's output as it is stored.
func exported(t *testing.T, a *app.App, run string) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := a.Logs.Raw(t.Context(), run, "", 0, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
