package discovery

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// Store keeps VMs. GetVM, UpdateVM, DeleteVM and RestoreVM return CodeNotFound for an unknown id.
type Store interface {
	ListVMs(ctx context.Context) ([]domain.VM, error)
	GetVM(ctx context.Context, id string) (domain.VM, error)
	InsertVM(ctx context.Context, vm domain.VM) error
	UpdateVM(ctx context.Context, vm domain.VM) error
	DeleteVM(ctx context.Context, id string) error
	RestoreVM(ctx context.Context, id string) (domain.VM, error)
}

// Source offers hosts. List never runs anything and says with files and problems what it could not use.
type Source interface {
	Name() domain.Source
	List(ctx context.Context) ([]domain.FoundHost, []domain.LookedAt, []domain.ConfigProblem, error)
}

// Options are what a Service needs.
type Options struct {
	Store   Store
	Sources []Source
	NewID   func() string
	Now     func() time.Time
	Home    string // for "~" in identity files
	// SSHConfigFlag is what ssh is given with -F in SSHLine, "" for nothing.
	SSHConfigFlag string
	// Exists says whether a file is there; nil: the file system.
	Exists func(path string) bool
}

// Service is the one place that creates and changes VMs.
type Service struct {
	opt Options

	// writing makes "is this name free" and the write after it one step within this process; between processes the
	// store's unique index decides.
	writing sync.Mutex
	watch   watcher
}

// New gives a Service. Close it only if StartWatch was called.
func New(opt Options) *Service {
	if opt.Exists == nil {
		opt.Exists = func(path string) bool { _, err := os.Stat(path); return err == nil }
	}
	return &Service{opt: opt}
}

// List gives all VMs, those used last first, then by name. Never nil.
func (s *Service) List(ctx context.Context) ([]domain.VM, error) {
	vms, err := s.opt.Store.ListVMs(ctx)
	if err != nil {
		return nil, err
	}
	out := append([]domain.VM{}, vms...)
	slices.SortStableFunc(out, func(a, b domain.VM) int {
		return cmp.Or(used(b).Compare(used(a)), cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)))
	})
	return out, nil
}

func used(vm domain.VM) time.Time {
	if vm.LastUsedAt == nil {
		return time.Time{}
	}
	return *vm.LastUsedAt
}

// Get gives one VM, or CodeNotFound.
func (s *Service) Get(ctx context.Context, id string) (domain.VM, error) {
	return s.opt.Store.GetVM(ctx, id)
}

// Create stores a VM typed by the person. Id, source and times are set here; an environment or provider left empty is
// guessed. CodeInvalid with the field at fault; CodeConflict on field "name" if the name is taken, whatever the case.
func (s *Service) Create(ctx context.Context, vm domain.VM) (domain.VM, error) {
	vm.Source, vm.SourceKey = domain.SourceManual, ""
	if vm.Environment == "" {
		vm.Environment = guessEnvironment(vm.Name)
	}
	if vm.Provider == "" {
		vm.Provider = guessProvider(vm.Name, vm.Host)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.insert(ctx, vm)
}

// insert sets id and times, checks and stores; writing is held.
func (s *Service) insert(ctx context.Context, vm domain.VM) (domain.VM, error) {
	now := s.opt.Now()
	vm.ID, vm.CreatedAt, vm.UpdatedAt, vm.LastUsedAt = s.opt.NewID(), now, now, nil
	vm.Tags = cleanTags(vm.Tags)
	if err := s.check(ctx, vm); err != nil {
		return domain.VM{}, err
	}
	if err := s.opt.Store.InsertVM(ctx, vm); err != nil {
		return domain.VM{}, err
	}
	return vm, nil
}

// Update stores what the person changed. Id, source and times can't be changed, nor, for a VM whose source stays the
// truth, the connection values: those of vm are ignored. Errors as in Create.
func (s *Service) Update(ctx context.Context, vm domain.VM) (domain.VM, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	old, err := s.opt.Store.GetVM(ctx, vm.ID)
	if err != nil {
		return domain.VM{}, err
	}
	vm.Source, vm.SourceKey, vm.CreatedAt, vm.LastUsedAt = old.Source, old.SourceKey, old.CreatedAt, old.LastUsedAt
	if old.Source != domain.SourceManual {
		vm.User, vm.Host, vm.Port, vm.Jump, vm.IdentityFile = old.User, old.Host, old.Port, old.Jump, old.IdentityFile
	}
	vm.UpdatedAt = s.opt.Now()
	vm.Tags = cleanTags(vm.Tags)
	if err := s.check(ctx, vm); err != nil {
		return domain.VM{}, err
	}
	if err := s.opt.Store.UpdateVM(ctx, vm); err != nil {
		return domain.VM{}, err
	}
	return vm, nil
}

// SetFavourite marks a VM or takes the mark off.
func (s *Service) SetFavourite(ctx context.Context, id string, on bool) (domain.VM, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	vm, err := s.opt.Store.GetVM(ctx, id)
	if err != nil {
		return domain.VM{}, err
	}
	vm.Favourite, vm.UpdatedAt = on, s.opt.Now()
	if err := s.opt.Store.UpdateVM(ctx, vm); err != nil {
		return domain.VM{}, err
	}
	return vm, nil
}

// Delete takes a VM away with the commands that are only its own; its history stays. Restore undoes it.
func (s *Service) Delete(ctx context.Context, id string) error {
	return s.opt.Store.DeleteVM(ctx, id)
}

// Restore brings a deleted VM back. CodeConflict if its name or alias was taken meanwhile.
func (s *Service) Restore(ctx context.Context, id string) (domain.VM, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	vm, err := s.opt.Store.RestoreVM(ctx, id)
	if err != nil {
		return domain.VM{}, err
	}
	if err := s.check(ctx, vm); err != nil {
		if undo := s.opt.Store.DeleteVM(ctx, id); undo != nil {
			return domain.VM{}, undo
		}
		return domain.VM{}, err
	}
	return vm, nil
}

func (s *Service) check(ctx context.Context, vm domain.VM) error {
	if err := vm.Validate(); err != nil {
		return err
	}
	vms, err := s.opt.Store.ListVMs(ctx)
	if err != nil {
		return err
	}
	for _, other := range vms {
		switch {
		case other.ID == vm.ID:
		case strings.EqualFold(other.Name, vm.Name):
			return nameTaken(other.Name)
		case vm.SourceKey != "" && other.Source == vm.Source && other.SourceKey == vm.SourceKey:
			return domain.NewError(domain.CodeConflict, "Look for changes again.", "the host %q is already taken in, as %q", vm.SourceKey, other.Name)
		}
	}
	return nil
}

func nameTaken(name string) error {
	e := domain.NewError(domain.CodeConflict, "Choose another name.", "there is already a VM named %q", name)
	e.Field = "name"
	return e
}

// cleanTags trims, drops empty ones and doubles. Never nil.
func cleanTags(tags []string) []string {
	out := []string{}
	for _, tag := range tags {
		if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}
