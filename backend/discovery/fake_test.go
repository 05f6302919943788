package discovery

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
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

func (m *memory) InsertVM(_ context.Context, vm domain.VM) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.vms = append(m.vms, vm)
	return nil
}

func (m *memory) UpdateVM(_ context.Context, vm domain.VM) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.at(vm.ID)
	if i < 0 {
		return gone(vm.ID)
	}
	m.vms[i] = vm
	return nil
}

func (m *memory) DeleteVM(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.at(id)
	if i < 0 {
		return gone(id)
	}
	m.deleted = append(m.deleted, m.vms[i])
	m.vms = slices.Delete(m.vms, i, i+1)
	return nil
}

func (m *memory) RestoreVM(_ context.Context, id string) (domain.VM, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, vm := range m.deleted {
		if vm.ID == id {
			m.deleted = slices.Delete(m.deleted, i, i+1)
			m.vms = append(m.vms, vm)
			return vm, nil
		}
	}
	return domain.VM{}, gone(id)
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
