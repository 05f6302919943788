package job

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vmorchestrator/backend/domain"
)

type filing struct{}

func (filing) Get(_ context.Context, id string) (domain.Command, error) {
	return domain.Command{ID: id, Name: "x", Kind: domain.KindSSH, Params: []domain.Param{{Name: "config", Type: domain.ParamFile, Required: true}}}, nil
}

func (filing) Render(domain.Command, map[string]string) (string, error) { return "cat /dev/stdin", nil }

// A file's contents are the standard input of each run, are read anew by a retry, and stand nowhere in the job.
func TestFileGoesToTheTargets(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	hidden := 0
	f := fix(t, func(_ context.Context, _ domain.Target, e domain.Exec, _ Sink) (Process, error) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, string(e.Secrets.Stdin))
		p := newProcess()
		p.exit <- domain.Exit{Kind: domain.ExitStatus}
		return p, nil
	}, func(o *Options) { o.Commands = filing{}; o.Hide = func(string, domain.Secrets) { hidden++ } })
	path := filepath.Join(t.TempDir(), "f")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("one\x00\n")
	d := f.wait(f.begin(StartRequest{CommandID: "c", Targets: targets(2), Values: map[string]string{"config": path}}).Job.ID)
	put("two")
	again, err := f.Retry(t.Context(), d.Job.ID, false, domain.OriginCLI, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.wait(again.Job.ID)
	if got := strings.Join(seen, "|"); got != "one\x00\n|one\x00\n|two|two" {
		t.Errorf("%q", got)
	}
	if hidden > 0 {
		t.Error("a file is no secret on the screen")
	}
	put(strings.Repeat("x", domain.MaxFileBytes+1))
	for _, bad := range []string{path, filepath.Dir(path), path + "-gone", "relative"} {
		_, err := f.Start(t.Context(), StartRequest{CommandID: "c", Targets: targets(1), Values: map[string]string{"config": bad}})
		if domain.AsError(err).Field != "values.config" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
