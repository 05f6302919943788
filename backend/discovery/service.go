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

// Store keeps VMs. A change is made whole or not at all; CodeNotFound for an unknown id.
type Store interface {
	ListVMs(ctx context.Context) ([]domain.VM, error)
	GetVM(ctx context.Context, id string) (domain.VM, error)
	InsertVMs(ctx context.Context, vms []domain.VM) error
	UpdateVMs(ctx context.Context, vms []domain.VM) error
	DeleteVMs(ctx context.Context, ids []string) error
	RestoreVMs(ctx context.Context, ids []string) ([]domain.VM, error)
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
	// Patience is how long a review waits for a source; 0 is DefaultPatience.
	Patience time.Duration
}

// Service is the one place that creates and changes VMs.
type Service struct {
	opt Options

	// writing makes "is this name free" and the write after it one step within this process; between processes the
	// store's unique index decides.
	writing sync.Mutex
	watch   watcher
	askers  []*asker

	asks    sync.WaitGroup // questions under way
	life    sync.Mutex     // guards the following
	ctx     context.Context
	end     context.CancelFunc
	changed func()
}

// New gives a Service. Close it.
func New(opt Options) *Service {
	if opt.Exists == nil {
		opt.Exists = func(path string) bool { _, err := os.Stat(path); return err == nil }
	}
	if opt.Patience == 0 {
		opt.Patience = DefaultPatience
	}
	s := &Service{opt: opt}
	for _, source := range opt.Sources {
		s.askers = append(s.askers, &asker{source: source})
	}
	return s
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
	vm = s.fresh(vm)
	if err := s.check(ctx, vm); err != nil {
		return domain.VM{}, err
	}
	if err := s.opt.Store.InsertVMs(ctx, []domain.VM{vm}); err != nil {
		return domain.VM{}, err
	}
	return vm, nil
}

// fresh gives a VM that is to be inserted its id and times.
func (s *Service) fresh(vm domain.VM) domain.VM {
	now := s.opt.Now()
	vm.ID, vm.CreatedAt, vm.UpdatedAt, vm.LastUsedAt = s.opt.NewID(), now, now, nil
	vm.Tags = cleanTags(vm.Tags)
	return vm
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
	if !old.Source.Own() {
		vm.User, vm.Host, vm.Port, vm.Jump, vm.IdentityFile = old.User, old.Host, old.Port, old.Jump, old.IdentityFile
	}
	vm.UpdatedAt = s.opt.Now()
	vm.Tags = cleanTags(vm.Tags)
	if err := s.check(ctx, vm); err != nil {
		return domain.VM{}, err
	}
	if err := s.opt.Store.UpdateVMs(ctx, []domain.VM{vm}); err != nil {
		return domain.VM{}, err
	}
	return vm, nil
}

// Edit changes many VMs at once, all or none, and gives them as they are now; CodeNotFound if one is gone.
func (s *Service) Edit(ctx context.Context, ids []string, edit domain.VMEdit) ([]domain.VM, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	vms, err := s.named(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range vms {
		vm := &vms[i]
		vm.Tags = cleanTags(slices.DeleteFunc(append(slices.Clone(vm.Tags), edit.AddTags...), func(tag string) bool {
			return slices.Contains(edit.RemoveTags, tag)
		}))
		if edit.Favourite != nil {
			vm.Favourite = *edit.Favourite
		}
		if edit.Hidden != nil {
			vm.Hidden = *edit.Hidden
		}
		if edit.Environment != nil {
			vm.Environment = *edit.Environment
		}
		vm.UpdatedAt = s.opt.Now()
		if err := vm.Validate(); err != nil {
			return nil, err
		}
	}
	return vms, s.opt.Store.UpdateVMs(ctx, vms)
}

// named gives the VMs of ids, each once.
func (s *Service) named(ctx context.Context, ids []string) ([]domain.VM, error) {
	if len(ids) > maxEdit {
		return nil, domain.NewError(domain.CodeInvalid, "Choose fewer.", "that are more than %d VMs at once", maxEdit)
	}
	all, err := s.opt.Store.ListVMs(ctx)
	if err != nil {
		return nil, err
	}
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	out := []domain.VM{}
	for _, vm := range all {
		if wanted[vm.ID] {
			out = append(out, vm)
		}
	}
	if len(out) != len(wanted) {
		return nil, domain.NewError(domain.CodeNotFound, "Look at the list again.", "one of the chosen VMs was deleted meanwhile")
	}
	return out, nil
}

// Delete takes VMs away with the commands that are only their own; their history stays. Restore undoes it.
func (s *Service) Delete(ctx context.Context, ids []string) error {
	return s.opt.Store.DeleteVMs(ctx, once(ids))
}

// Restore brings deleted VMs back. CodeConflict if a name or alias of theirs was taken meanwhile, and then none is back.
func (s *Service) Restore(ctx context.Context, ids []string) ([]domain.VM, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.opt.Store.RestoreVMs(ctx, once(ids))
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
