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
		Problems: []domain.ConfigProblem{}, Files: []domain.LookedAt{}, Sources: []domain.SourceState{}, Notes: []domain.VMNote{},
	}}
	answers, err := s.askAll(ctx)
	if err != nil {
		return look{}, err
	}
	for i, got := range answers {
		source := s.askers[i].source.Name()
		l.review.Files = append(l.review.Files, got.files...)
		l.review.Problems = append(l.review.Problems, got.problems...)
		l.review.Sources = append(l.review.Sources, domain.SourceState{Source: source, State: got.state, Hosts: len(got.hosts), Error: domain.AsError(got.err)})
		s.compare(&l, source, got.hosts, got.whole())
	}
	for _, vm := range vms {
		if warnings := s.warnings(vm.IdentityFile); vm.Source.Own() && len(warnings) > 0 {
			l.review.Notes = append(l.review.Notes, domain.VMNote{VMID: vm.ID, Warnings: warnings})
		}
	}
	return l, nil
}

// compare holds what a source offers against the VMs that are from it. Only where complete, those it no longer has are gone.
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
		host.Source = source
		host = s.dress(host)
		l.offers = append(l.offers, offer{source, host})
		vm, isKnown := known[host.Alias]
		delete(known, host.Alias)
		if isKnown && (len(host.Warnings) > 0 || host.Power != domain.PowerUnknown) {
			l.review.Notes = append(l.review.Notes, domain.VMNote{VMID: vm.ID, Power: host.Power, Warnings: host.Warnings})
		}
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
	if f.Name == "" {
		f.Name = nameFrom(f.Alias)
	}
	if f.Environment == "" {
		f.Environment = guessEnvironment(strings.Join(append([]string{f.Name}, f.Tags...), " "))
	}
	if f.Provider == "" {
		f.Provider = guessProvider(f.Name, f.Host)
	}
	f.Forge = isForge(f.Alias, f.Host, f.User)
	f.Tags = cleanTags(f.Tags)
	f.Warnings = append(append([]string{}, f.Warnings...), s.warnings(f.IdentityFile)...)
	return f
}

// warnings are what is amiss with settings that can be looked at without connecting.
func (s *Service) warnings(identityFile string) []string {
	if path, ok := s.identityFile(identityFile); ok && !s.opt.Exists(path) {
		return []string{"The identity file " + identityFile + " is missing."}
	}
	return nil
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
	if err := s.opt.Store.DeleteVMs(ctx, remove); err != nil {
		return nil, err
	}
	return s.put(ctx, acknowledge, take)
}

// put stores what was acknowledged and what was taken in, and gives both.
func (s *Service) put(ctx context.Context, acknowledge, take []domain.VM) ([]domain.VM, error) {
	for i := range acknowledge {
		acknowledge[i].UpdatedAt = s.opt.Now()
	}
	if err := s.opt.Store.UpdateVMs(ctx, acknowledge); err != nil {
		return nil, err
	}
	for i := range take {
		take[i] = s.fresh(take[i])
	}
	if err := s.opt.Store.InsertVMs(ctx, take); err != nil {
		return nil, err
	}
	return append(append([]domain.VM{}, acknowledge...), take...), nil
}

func (l *look) toTake(decision domain.ReviewDecision) ([]domain.VM, error) {
	var out []domain.VM
	seen := map[offerKey]bool{}
	isNew := l.untaken()
	for _, t := range decision.Take {
		o, ok := isNew(t.Source, t.Alias)
		if key := (offerKey{o.source, t.Alias}); !ok || seen[key] {
			return nil, domain.NewError(domain.CodeConflict, "Look for changes again: the file was edited meanwhile.",
				"the host %q is no longer there, or already taken in", t.Alias)
		} else {
			seen[key] = true
		}
		vm := acknowledged(domain.VM{
			Name: t.Name, Source: o.source, SourceKey: t.Alias, Environment: t.Environment,
			Provider: o.host.Provider, Tags: cleanTags(append(slices.Clone(o.host.Tags), t.Tags...)), Description: o.host.Description,
		}, o.host)
		if vm.Name == "" {
			vm.Name = o.host.Name
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

type offerKey struct {
	source domain.Source
	alias  string
}

// untaken gives a look-up of offers that aren't taken in yet; source "" is the first that has the alias.
func (l *look) untaken() func(domain.Source, string) (offer, bool) {
	taken, offered := map[offerKey]bool{}, map[offerKey]offer{}
	for _, vm := range l.vms {
		taken[offerKey{vm.Source, vm.SourceKey}] = true
	}
	for _, o := range l.offers {
		for _, source := range []domain.Source{o.source, ""} {
			if _, there := offered[offerKey{source, o.host.Alias}]; !there {
				offered[offerKey{source, o.host.Alias}] = o
			}
		}
	}
	return func(source domain.Source, alias string) (offer, bool) {
		o, ok := offered[offerKey{source, alias}]
		return o, ok && !taken[offerKey{o.source, alias}]
	}
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
	seen := make(map[string]bool, len(ids))
	var out []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
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
	taken, leaves := map[string]string{}, map[string]bool{}
	for _, id := range remove {
		leaves[id] = true
	}
	for _, vm := range vms {
		if !leaves[vm.ID] {
			taken[strings.ToLower(vm.Name)] = vm.Name
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
