package desktop

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vmorchestrator/backend/domain"
)

// seen keeps the events of a window under test.
type seen struct {
	mu     sync.Mutex
	events []sent
	news   chan struct{}
}

func (s *seen) emit(_ context.Context, name string, data ...any) {
	s.mu.Lock()
	s.events = append(s.events, sent{name: name, data: data[0]})
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// until waits for an event that ok accepts.
func (s *seen) until(t *testing.T, what string, ok func(sent) bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		found := slices.ContainsFunc(s.events, ok)
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-s.news:
		case <-deadline:
			t.Fatalf("%s never came", what)
		}
	}
}

func newTestWindow(t *testing.T) (*window, *seen) {
	t.Helper()
	dir := t.TempDir()
	events := &seen{news: make(chan struct{}, 1)}
	w := &window{
		start: Start{DataDir: filepath.Join(dir, "data"), SSHConfig: filepath.Join(dir, "config")},
		log:   slog.New(slog.DiscardHandler), version: "test", emit: events.emit,
	}
	t.Cleanup(func() { w.shutdown(context.Background()) })
	return w, events
}

// A click on Run in the demo: the job runs on an emulated VM, its lines and its end come as events, and it is in the
// history. This is the window's whole way but for the webview.
func TestAClickBecomesOutput(t *testing.T) {
	defer goleak.VerifyNone(t)
	w, events := newTestWindow(t)
	if err := (&App{w}).StartDemo(); err != nil {
		t.Fatal(err)
	}
	vms, err := (&VMs{w}).List()
	if err != nil || len(vms) == 0 {
		t.Fatalf("%d VMs, %v", len(vms), err)
	}
	started, err := (&Jobs{w}).Start(StartJob{Script: "echo hello from the demo", Kind: domain.KindSSH, VMIDs: []string{vms[0].ID}})
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Logs{w}).Watch([]string{started.Runs[0].ID}); err != nil {
		t.Fatal(err)
	}
	events.until(t, "the line", func(e sent) bool {
		d, ok := e.data.(*logLines)
		return ok && slices.ContainsFunc(d.Lines, func(l domain.Line) bool { return l.Text == "hello from the demo" })
	})
	events.until(t, "the job's end", func(e sent) bool {
		d, ok := e.data.(*jobChanged)
		return ok && d.Job.ID == started.Job.ID && d.Job.Status == domain.StatusSucceeded
	})
	events.until(t, "app:reset", func(e sent) bool { return e.name == eventReset })
	page, err := (&Jobs{w}).List(domain.JobFilter{})
	if err != nil || len(page.Jobs) != 1 || page.Jobs[0].Origin != domain.OriginWindow {
		t.Fatalf("history: %+v, %v", page, err)
	}
	status := (&App{w}).Status()
	if !status.Ready || !status.Demo || status.Stats.Jobs != 1 || status.Stats.Lines != 1 {
		t.Errorf("status %+v", status)
	}
	w.shutdown(context.Background())
}

func TestADataFolderThatCannotBeUsedIsAStatusWithRetry(t *testing.T) {
	w, events := newTestWindow(t)
	if err := os.WriteFile(w.start.DataDir, []byte("a file is in the way"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.reopen(false); err == nil {
		t.Fatal("it opened")
	}
	status := (&App{w}).Status()
	if status.Ready || status.Error == nil || status.Error.Code != domain.CodeDataFolder || status.Error.Hint == "" {
		t.Fatalf("status %+v", status)
	}
	events.until(t, "app:error", func(e sent) bool { return e.name == eventError })
	if _, err := (&VMs{w}).List(); domain.CodeOf(err) != domain.CodeDataFolder {
		t.Errorf("a call meanwhile: %v", err)
	}
	if err := os.Remove(w.start.DataDir); err != nil {
		t.Fatal(err)
	}
	if err := (&App{w}).Retry(); err != nil {
		t.Fatal(err)
	}
	if !(&App{w}).Status().Ready {
		t.Error("not ready after Retry")
	}
}

func TestCallsBeforeTheAppIsOpenSaySo(t *testing.T) {
	w, _ := newTestWindow(t)
	if _, err := (&Jobs{w}).List(domain.JobFilter{}); domain.CodeOf(err) != domain.CodeClosed {
		t.Errorf("%v", err)
	}
	if s := (&App{w}).Status(); s.Ready || s.Error != nil {
		t.Errorf("status %+v", s)
	}
}

func TestTheFrontendCannotMoveTheWindow(t *testing.T) {
	w, _ := newTestWindow(t)
	if err := w.reopen(false); err != nil {
		t.Fatal(err)
	}
	settings, err := (&Settings{w}).Get()
	if err != nil {
		t.Fatal(err)
	}
	settings.WindowWidth, settings.Theme = 17, "dark"
	kept, err := (&Settings{w}).Put(settings)
	if err != nil || kept.WindowWidth != 0 || kept.Theme != "dark" {
		t.Fatalf("%+v, %v", kept, err)
	}
}

func TestNothingIsNullThatTheWindowIteratesOver(t *testing.T) {
	for _, v := range []any{
		nonNil(domain.Review{Changed: []domain.ChangedHost{{}}}), nonNil(domain.JobDetail{Runs: []domain.Run{{StopResult: &domain.StopResult{}}}}),
		nonNil([]domain.Command{{}}), nonNil(domain.JobPage{}), nonNil(domain.LogPage{}), nonNil(Preview{}),
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"tags", "runs", "params", "env", "choices", "jobs", "lines", "open", "notices", "values", "counts", "vmNames", "pids", "changes", "warnings", "errors", "new", "gone"} {
			if strings.Contains(string(text), `"`+field+`":null`) {
				t.Errorf("%s is null in %T", field, v)
			}
		}
	}
	if nonNil([]domain.VM(nil)) == nil {
		t.Error("a list itself is nil")
	}
}

func TestAnErrorReachesTheWindowAsJSON(t *testing.T) {
	text, ok := formatError(domain.FieldError("host", "no")).(string)
	if !ok {
		t.Fatal("not a string")
	}
	var e domain.Error
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.Field != "host" || e.Code != domain.CodeInvalid {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestEveryReplyHasThePolicy(t *testing.T) {
	rec := httptest.NewRecorder()
	secure(http.NotFoundHandler()).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := rec.Header().Get("Content-Security-Policy"); got != policy || strings.Contains(got, "script-src") || strings.Contains(got, "unsafe-eval") {
		t.Fatalf("policy %q", got)
	}
}

func TestParseArgs(t *testing.T) {
	for _, tc := range []struct {
		args string
		want Start
		bad  bool
	}{
		{args: "", want: Start{}},
		{args: "--demo", want: Start{Demo: true}},
		{args: "--data /a --ssh-config=/b --version", want: Start{DataDir: "/a", SSHConfig: "/b", Version: true}},
		{args: "-psn_0_1 -devserver x --demo", want: Start{Demo: true}},
		{args: "--data", bad: true},
	} {
		got, err := ParseArgs(strings.Fields(tc.args))
		if (err != nil) != tc.bad || !tc.bad && got != tc.want {
			t.Errorf("%q: %+v, %v", tc.args, got, err)
		}
	}
}

func TestTheWindowComesBackWhereItCanBeSeen(t *testing.T) {
	for name, tc := range map[string]struct {
		s    domain.Settings
		want frame
	}{
		"as it was":         {domain.Settings{WindowX: 10, WindowY: 20, WindowWidth: 1000, WindowHeight: 700}, frame{10, 20, 1000, 700, true}},
		"screen is gone":    {domain.Settings{WindowX: 3000, WindowY: 20, WindowWidth: 1000, WindowHeight: 700}, frame{3000, 20, 1000, 700, false}},
		"screen is smaller": {domain.Settings{WindowWidth: 4000, WindowHeight: 3000}, frame{0, 0, 1920, 1080, true}},
		"too small":         {domain.Settings{WindowWidth: 5, WindowHeight: 5}, frame{0, 0, minWidth, minHeight, true}},
	} {
		if got := fitted(tc.s, 1920, 1080); got != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTwoDataFoldersAreTwoInstances(t *testing.T) {
	env := func(string) string { return "" }
	if instanceID(Start{DataDir: "/a"}, env) == instanceID(Start{DataDir: "/b"}, env) {
		t.Error("one id for two folders")
	}
}
