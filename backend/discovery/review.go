package discovery

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// offer is a host and the source that offers it.
type offer struct {
	source domain.Source
	host   domain.FoundHost
}

// look is one look at all sources and at what is known.
type look struct {
	review domain.Review
	offers []offer
	vms    []domain.VM
}

// Review compares what the sources offer with what is known. It changes nothing. VMs count as gone only if all files of
// their source could be read, or are missing: a file that can't be read at the moment says nothing about its hosts.
func (s *Service) Review(ctx context.Context) (domain.Review, error) {
	l, err := s.look(ctx)
	if err != nil {
		return domain.Review{}, err
	}
	return l.review, nil
}

func (s *Service) look(ctx context.Context) (look, error) {
	vms, err := s.opt.Store.ListVMs(ctx)
	if err != nil {
		return look{}, err
	}
	l := look{vms: vms, review: domain.Review{
		New: []domain.FoundHost{}, Changed: []domain.ChangedHost{}, Gone: []domain.VM{},
		Problems: []domain.ConfigProblem{}, Files: []domain.LookedAt{},
	}}
	for _, source := range s.opt.Sources {
		hosts, files, problems, err := source.List(ctx)
		if err != nil {
			return look{}, err
		}
		l.review.Files = append(l.review.Files, files...)
		l.review.Problems = append(l.review.Problems, problems...)
		s.compare(&l, source.Name(), hosts, allRead(files))
	}
	return l, nil
}

func (s *Service) compare(l *look, source domain.Source, hosts []domain.FoundHost, complete bool) {
	known := map[string]domain.VM{}
	for _, vm := range l.vms {
		if vm.Source == source {
			known[vm.SourceKey] = vm
		}
	}
	offered := map[string]bool{}
	for _, host := range hosts {
		if offered[host.Alias] {
			continue // the first one counts, as in ssh_config
		}
		offered[host.Alias] = true
		host = s.dress(host)
		l.offers = append(l.offers, offer{source, host})
		vm, isKnown := known[host.Alias]
		delete(known, host.Alias)
		if !isKnown {
			l.review.New = append(l.review.New, host)
		} else if changes := differences(vm, host); len(changes) > 0 {
			l.review.Changed = append(l.review.Changed, domain.ChangedHost{VM: vm, Found: host, Changes: changes})
		} else {
			l.review.Known++
		}
	}
	for _, vm := range l.vms { // in the order of the store, not of the map
		if _, left := known[vm.SourceKey]; left && vm.Source == source && complete {
			l.review.Gone = append(l.review.Gone, vm)
		}
	}
}

func allRead(files []domain.LookedAt) bool {
	for _, file := range files {
		if file.State == "unreadable" {
			return false
		}
	}
	return true
}

// dress adds guesses and warnings.
func (s *Service) dress(f domain.FoundHost) domain.FoundHost {
	f.Environment = guessEnvironment(f.Alias)
	f.Provider = guessProvider(f.Alias, f.Host)
	f.Forge = isForge(f.Alias, f.Host, f.User)
	warnings := append([]string{}, f.Warnings...)
	if path, ok := s.identityFile(f.IdentityFile); ok && !s.opt.Exists(path) {
		warnings = append(warnings, "The identity file "+f.IdentityFile+" is missing.")
	}
	f.Warnings = warnings
	return f
}

// identityFile gives the path of an identity file as written, and false if only ssh can tell.
func (s *Service) identityFile(written string) (string, bool) {
	path := strings.ReplaceAll(written, "%d", s.opt.Home)
	if written == "" || s.opt.Home == "" || strings.Contains(path, "%") || strings.Contains(path, "${") {
		return "", false
	}
	if rest, tilde := strings.CutPrefix(path, "~"); tilde {
		if !strings.HasPrefix(rest, "/") {
			return "", false // another user's home
		}
		path = filepath.Join(s.opt.Home, rest)
	}
	return path, filepath.IsAbs(path)
}

// acknowledged puts what the source says into vm. Values that a VM can't have (a host name with odd characters, which ssh
// may understand all the same) are left out: they are for showing, the connection reads the source.
func acknowledged(vm domain.VM, f domain.FoundHost) domain.VM {
	vm.Host, vm.User, vm.Port, vm.Jump, vm.IdentityFile = f.Host, f.User, f.Port, f.Jump, f.IdentityFile
	if !domain.ValidHost(vm.Host) {
		vm.Host = ""
	}
	probe := domain.VM{Name: "x", Source: domain.SourceManual, Host: "x", User: vm.User, Environment: domain.EnvTest}
	if probe.Validate() != nil {
		vm.User = ""
	}
	return vm
}

func differences(vm domain.VM, f domain.FoundHost) []domain.FieldChange {
	now := acknowledged(vm, f)
	changes := []domain.FieldChange{}
	add := func(field, was, is string) {
		if was != is {
			changes = append(changes, domain.FieldChange{Field: field, Old: was, New: is})
		}
	}
	add("host", vm.Host, now.Host)
	add("user", vm.User, now.User)
	add("port", portText(vm.Port), portText(now.Port))
	add("jump", vm.Jump, now.Jump)
	add("identityFile", vm.IdentityFile, now.IdentityFile)
	return changes
}

// Apply does what was ticked in a review: takes hosts in, acknowledges changes, removes VMs that are gone. The sources are
// read again; everything is checked before anything is written. CodeConflict if a host to take in is gone or taken in
// already, a VM to remove is not gone, or a name is taken. It gives the VMs taken in and acknowledged, never nil.
func (s *Service) Apply(ctx context.Context, decision domain.ReviewDecision) ([]domain.VM, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	l, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	take, err := l.toTake(decision)
	if err != nil {
		return nil, err
	}
	acknowledge, err := l.toAcknowledge(decision.Acknowledge)
	if err != nil {
		return nil, err
	}
	remove, err := l.toRemove(decision.Remove)
	if err != nil {
		return nil, err
	}
	if err := namesFree(l.vms, take, remove); err != nil {
		return nil, err
	}
	// Removals first: a name that becomes free may be one of those to take.
	for _, id := range remove {
		if err := s.opt.Store.DeleteVM(ctx, id); err != nil {
			return nil, err
		}
	}
	out := []domain.VM{}
	for _, vm := range acknowledge {
		vm.UpdatedAt = s.opt.Now()
		if err := s.opt.Store.UpdateVM(ctx, vm); err != nil {
			return nil, err
		}
		out = append(out, vm)
	}
	for _, vm := range take {
		stored, err := s.insert(ctx, vm)
		if err != nil {
			return nil, err
		}
		out = append(out, stored)
	}
	return out, nil
}

func (l *look) toTake(decision domain.ReviewDecision) ([]domain.VM, error) {
	var out []domain.VM
	seen := map[string]bool{}
	for _, t := range decision.Take {
		o, ok := l.isNew(t.Alias)
		if !ok || seen[t.Alias] {
			return nil, domain.NewError(domain.CodeConflict, "Look for changes again: the file was edited meanwhile.",
				"the host %q is no longer there, or already taken in", t.Alias)
		}
		seen[t.Alias] = true
		vm := acknowledged(domain.VM{
			Name: t.Name, Source: o.source, SourceKey: t.Alias, Environment: t.Environment,
			Provider: o.host.Provider, Tags: cleanTags(t.Tags),
		}, o.host)
		if vm.Name == "" {
			vm.Name = nameFrom(t.Alias)
		}
		if vm.Environment == "" {
			vm.Environment = o.host.Environment
		}
		if err := vm.Validate(); err != nil {
			return nil, err
		}
		out = append(out, vm)
	}
	return out, nil
}

func (l *look) isNew(alias string) (offer, bool) {
	for _, o := range l.offers {
		if o.host.Alias != alias {
			continue
		}
		for _, vm := range l.vms {
			if vm.Source == o.source && vm.SourceKey == alias {
				return offer{}, false
			}
		}
		return o, true
	}
	return offer{}, false
}

func (l *look) toAcknowledge(ids []string) ([]domain.VM, error) {
	var out []domain.VM
	for _, id := range once(ids) {
		vm, err := l.vm(id)
		if err != nil {
			return nil, err
		}
		found := false
		for _, o := range l.offers {
			if o.source == vm.Source && o.host.Alias == vm.SourceKey {
				out, found = append(out, acknowledged(vm, o.host)), true
				break
			}
		}
		if !found {
			return nil, domain.NewError(domain.CodeConflict, "Look for changes again: the file was edited meanwhile.",
				"the host %q is no longer there", vm.SourceKey)
		}
	}
	return out, nil
}

// toRemove takes only what this look calls gone: neither a VM typed by the person, nor one whose file can't be read.
func (l *look) toRemove(ids []string) ([]string, error) {
	ids = once(ids)
	for _, id := range ids {
		vm, err := l.vm(id)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(l.review.Gone, func(gone domain.VM) bool { return gone.ID == id }) {
			return nil, domain.NewError(domain.CodeConflict, "Look for changes again: the file was edited meanwhile.",
				"%q is not gone, so it was not removed", vm.Name)
		}
	}
	return ids, nil
}

// once drops doubles.
func once(ids []string) []string {
	var out []string
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func (l *look) vm(id string) (domain.VM, error) {
	for _, vm := range l.vms {
		if vm.ID == id {
			return vm, nil
		}
	}
	return domain.VM{}, domain.NewError(domain.CodeConflict, "Look for changes again.", "one of the ticked VMs was deleted meanwhile")
}

func namesFree(vms, take []domain.VM, remove []string) error {
	taken := map[string]string{}
	for _, vm := range vms {
		taken[strings.ToLower(vm.Name)] = vm.Name
	}
	for _, vm := range vms {
		for _, id := range remove {
			if vm.ID == id {
				delete(taken, strings.ToLower(vm.Name))
			}
		}
	}
	for _, vm := range take {
		key := strings.ToLower(vm.Name)
		if name, used := taken[key]; used {
			return nameTaken(name)
		}
		taken[key] = vm.Name
	}
	return nil
}

// nameFrom makes an alias a name that Validate takes.
func nameFrom(alias string) string {
	if utf8.RuneCountInString(alias) <= domain.MaxNameLen {
		return alias
	}
	return string([]rune(alias)[:domain.MaxNameLen])
}
