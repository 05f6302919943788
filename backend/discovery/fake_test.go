package discovery

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vmorchestrator/backend/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a Store.
type memory struct {
	mu      sync.Mutex
	vms     []domain.VM
	deleted []domain.VM
}

func gone(id string) error {
	return domain.NewError(domain.CodeNotFound, "", "there is no VM %s", id)
}

func (m *memory) at(id string) int {
	return slices.IndexFunc(m.vms, func(vm domain.VM) bool { return vm.ID == id })
}

func (m *memory) ListVMs(context.Context) ([]domain.VM, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.vms), nil
}

func (m *memory) GetVM(_ context.Context, id string) (domain.VM, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.at(id); i >= 0 {
		return m.vms[i], nil
	}
	return domain.VM{}, gone(id)
}

func (m *memory) InsertVMs(_ context.Context, vms []domain.VM) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.vms = append(m.vms, vms...)
	return nil
}

func (m *memory) UpdateVMs(_ context.Context, vms []domain.VM) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, vm := range vms {
		i := m.at(vm.ID)
		if i < 0 {
			return gone(vm.ID)
		}
		m.vms[i] = vm
	}
	return nil
}

func (m *memory) DeleteVMs(_ context.Context, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		i := m.at(id)
		if i < 0 {
			return gone(id)
		}
		m.deleted = append(m.deleted, m.vms[i])
		m.vms = slices.Delete(m.vms, i, i+1)
	}
	return nil
}

// RestoreVMs keeps names unique, as the real one's index does.
func (m *memory) RestoreVMs(_ context.Context, ids []string) ([]domain.VM, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var back []domain.VM
	for _, id := range ids {
		i := slices.IndexFunc(m.deleted, func(vm domain.VM) bool { return vm.ID == id })
		if i < 0 {
			return nil, gone(id)
		}
		for _, vm := range m.vms {
			if strings.EqualFold(vm.Name, m.deleted[i].Name) || (vm.SourceKey != "" && vm.Source == m.deleted[i].Source && vm.SourceKey == m.deleted[i].SourceKey) {
				return nil, domain.NewError(domain.CodeConflict, "", "taken")
			}
		}
		back = append(back, m.deleted[i])
	}
	m.deleted = slices.DeleteFunc(m.deleted, func(vm domain.VM) bool { return slices.Contains(ids, vm.ID) })
	m.vms = append(m.vms, back...)
	return back, nil
}

// source offers what it is told.
type source struct {
	hosts    []domain.FoundHost
	files    []domain.LookedAt
	problems []domain.ConfigProblem
}

func (s *source) Name() domain.Source { return domain.SourceSSHConfig }

func (s *source) List(context.Context) ([]domain.FoundHost, []domain.LookedAt, []domain.ConfigProblem, error) {
	return s.hosts, s.files, s.problems, nil
}

type world struct {
	*Service
	store  *memory
	source *source
	clock  time.Time
}

func newWorld(t *testing.T, hosts ...domain.FoundHost) *world {
	t.Helper()
	w := &world{store: &memory{}, source: &source{hosts: hosts}, clock: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	ids := 0
	w.Service = New(Options{
		Store: w.store, Sources: []Source{w.source}, Home: "/home/me",
		NewID:  func() string { ids++; return fmt.Sprint("id", ids) },
		Now:    func() time.Time { w.clock = w.clock.Add(time.Second); return w.clock },
		Exists: func(path string) bool { return filepath.Base(path) == "there" },
	})
	return w
}

func found(alias string) domain.FoundHost {
	return domain.FoundHost{Alias: alias, Host: alias + ".example", File: "/home/me/.ssh/config", Line: 1}
}

func manual(name, host string) domain.VM {
	return domain.VM{Name: name, Host: host, Environment: domain.EnvTest}
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
