package command

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// memStore is the store's contract in memory.
type memStore struct {
	all     []domain.Command
	deleted map[string]domain.Command
	marks   map[string]bool
}

func newService() (*Service, *memStore) {
	m := &memStore{deleted: map[string]domain.Command{}, marks: map[string]bool{}}
	return New(Options{Store: m}), m
}

func (m *memStore) index(id string) int {
	return slices.IndexFunc(m.all, func(c domain.Command) bool { return c.ID == id })
}

func (m *memStore) taken(c domain.Command) error {
	for _, other := range m.all {
		if other.ID != c.ID && strings.EqualFold(other.Name, c.Name) {
			return domain.NewError(domain.CodeConflict, "", "taken")
		}
	}
	return nil
}

func (m *memStore) ListCommands(context.Context) ([]domain.Command, error) { return m.all, nil }

func (m *memStore) GetCommand(_ context.Context, id string) (domain.Command, error) {
	if i := m.index(id); i >= 0 {
		return m.all[i], nil
	}
	return domain.Command{}, domain.NewError(domain.CodeNotFound, "", "no command")
}

func (m *memStore) InsertCommand(_ context.Context, c domain.Command) error {
	if err := m.taken(c); err != nil {
		return err
	}
	m.all = append(m.all, c)
	return nil
}

func (m *memStore) InsertCommandsOnce(ctx context.Context, all []domain.Command) (bool, error) {
	for _, c := range all {
		if !m.marks[c.ID] {
			m.marks[c.ID] = true
			_ = m.InsertCommand(ctx, c)
		}
	}
	return true, nil
}

func (m *memStore) PutCommands(ctx context.Context, fresh, changed []domain.Command) error {
	for _, c := range changed {
		if err := m.UpdateCommand(ctx, c); err != nil {
			return err
		}
	}
	for _, c := range fresh {
		if err := m.InsertCommand(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (m *memStore) CommandVersions(context.Context, string) ([]domain.CommandVersion, error) {
	return nil, nil
}

func (m *memStore) ArrangeCommands(context.Context, string, []string) error { return nil }

func (m *memStore) CommandResults(context.Context, []string) ([]domain.CommandResult, error) {
	return nil, nil
}

func (m *memStore) UpdateCommand(_ context.Context, c domain.Command) error {
	if err := m.taken(c); err != nil {
		return err
	}
	m.all[m.index(c.ID)] = c
	return nil
}

func (m *memStore) DeleteCommand(_ context.Context, id string) error {
	i := m.index(id)
	m.deleted[id] = m.all[i]
	m.all = slices.Delete(m.all, i, i+1)
	return nil
}

func (m *memStore) RestoreCommand(ctx context.Context, id string) (domain.Command, error) {
	return m.deleted[id], m.InsertCommand(ctx, m.deleted[id])
}

func TestShippedComeOnceAndStayDeleted(t *testing.T) {
	s, m := newService()
	for range 2 {
		if err := s.EnsureShipped(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	count := len(s.Shipped())
	if len(m.all) != count || count != 20 {
		t.Fatalf("%d commands", len(m.all))
	}
	if err := s.Delete(t.Context(), m.all[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.EnsureShipped(t.Context()); err != nil || len(m.all) != count-1 {
		t.Fatalf("%d commands, %v", len(m.all), err)
	}
}

func TestShippedAreSound(t *testing.T) {
	s, _ := newService()
	for _, c := range s.Shipped() {
		if len(c.Params) == 0 {
			t.Errorf("%s has no parameter", c.Name)
		}
		if _, err := prepare(c); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		values := map[string]string{}
		for _, p := range c.Params {
			if p.Required && p.Default == "" {
				values[p.Name] = "x1"
			}
		}
		script, err := s.Render(c, values)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		for name, shell := range shells(t, "sh", "bash", "dash", "zsh", "busybox") {
			if out, err := exec.Command(shell[0], append(slices.Clone(shell[1:len(shell)-1]), "-n", "-c", script)...).CombinedOutput(); err != nil {
				t.Errorf("%s in %s: %s", c.Name, name, out)
			}
		}
	}
}

// These need no service manager, so they run wherever the tests do.
func TestShippedRun(t *testing.T) {
	s, _ := newService()
	want := map[string]string{
		"System overview": "processors", "Disk usage": "Filesystem", "Memory": "MiB", "Uptime and load": "load", "Top processes": "PID",
		"Kernel and release": "Linux", "Who is logged in": "", "Listening ports": "", "Tail a file": "last", "Run a make target": "made",
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "log"), []byte("first\nlast\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Makefile"), []byte("all:\n\t@echo made\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	given := map[string]map[string]string{
		"Tail a file": {"file": filepath.Join(dir, "log"), "lines": "1", "follow": "no"}, "Run a make target": {"folder": dir},
	}
	for _, c := range s.Shipped() {
		text, ok := want[c.Name]
		if !ok {
			continue
		}
		script, err := s.Render(c, given[c.Name])
		if err != nil {
			t.Fatal(err)
		}
		names := []string{"sh", "dash", "busybox", "fish", "csh"}
		if shell, _ := domain.ScriptShell(script); shell != "" {
			names = names[:3] // by its /bin/sh, which may be any of these
		}
		for name, shell := range shells(t, names...) {
			if out, err := run(t, t.TempDir(), shell, script); err != nil || !strings.Contains(out, text) {
				t.Errorf("%s in %s: %v\n%s", c.Name, name, err, out)
			}
		}
	}
}

func TestCreateUpdateNames(t *testing.T) {
	s, _ := newService()
	ctx := t.Context()
	a, err := s.Create(ctx, domain.Command{Name: " Restart ", Script: "systemctl restart {{unit}} {{mode}}",
		Params: []domain.Param{{Name: "mode", Type: domain.ParamChoice, Choices: []string{"a", "b"}}, {Name: "gone", Type: domain.ParamText}}})
	if err != nil || a.Name != "Restart" || len(a.Params) != 2 || a.Params[0].Name != "unit" || !a.Params[0].Required || a.Params[1].Type != domain.ParamChoice {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := s.Create(ctx, domain.Command{Name: "restart", Script: "x"}); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("same name: %v", err)
	}
	b, err := s.Create(ctx, domain.Command{Name: "Other", Script: "x"})
	if err != nil {
		t.Fatal(err)
	}
	b.Name = "RESTART"
	if _, err := s.Update(ctx, b); domain.CodeOf(err) != domain.CodeConflict {
		t.Errorf("rename: %v", err)
	}
	if _, err := s.Create(ctx, domain.Command{Name: "Bad", Script: "cat <<E\n{{x}}\nE"}); domain.AsError(err).Field != "script" {
		t.Errorf("here-document: %v", err)
	}
}

func TestRenderAndPreview(t *testing.T) {
	s, _ := newService()
	c := domain.Command{Name: "n", Script: "echo {{a}} {{b}}", Params: []domain.Param{
		{Name: "a", Type: domain.ParamText, Required: true}, {Name: "b", Type: domain.ParamNumber, Default: "7"}}}
	for _, test := range []struct {
		values map[string]string
		want   string
		field  string
	}{
		{map[string]string{"a": "x"}, "echo 'x' '7'", ""},
		{map[string]string{"a": "x", "b": ""}, "echo 'x' ''", ""},
		{nil, "", "values.a"},
		{map[string]string{"a": ""}, "", "values.a"},
		{map[string]string{"a": "x", "b": "seven"}, "", "values.b"},
		{map[string]string{"a": "x\x00"}, "", "values.a"},
		{map[string]string{"a": "x", "c": "1"}, "", "values.c"},
	} {
		got, err := s.Render(c, test.values)
		if got != test.want || (test.field != "") != (err != nil) || err != nil && domain.AsError(err).Field != test.field {
			t.Errorf("%v: %q, %v", test.values, got, err)
		}
	}
	p := s.Preview(c, map[string]string{"b": "seven"})
	if len(p.Errors) != 2 || p.Script != "" || len(p.Params) != 2 {
		t.Errorf("%+v", p)
	}
	if p := s.Preview(c, map[string]string{"a": "x"}); len(p.Errors) != 0 || p.Script != "echo 'x' '7'" {
		t.Errorf("%+v", p)
	}
}
