package discovery

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

// ResolvedTarget is where one run goes. VMID is nil for an alias or address that was not taken in.
type ResolvedTarget struct {
	VMID   *string
	Name   string
	Target domain.Target
}

// Target says how vm is reached. For one from a source only the alias counts: user, port and all the rest are read from
// the source when connecting.
func Target(vm domain.VM) domain.Target {
	if !vm.Source.Own() {
		return domain.Target{Kind: domain.TargetSSH, Alias: vm.SourceKey, Host: vm.Host, Plain: vm.Plain}
	}
	return domain.Target{Kind: domain.TargetSSH, User: vm.User, Host: vm.Host, Port: vm.Port, Jump: vm.Jump, IdentityFile: vm.IdentityFile, Plain: vm.Plain}
}

// ResolveTargets gives the targets of on (each the name of a VM, else an alias of a source, else user@host[:port]), of
// all VMs that have one of tags, and, with all, of every VM that is not hidden. Each machine comes once, in that order.
// CodeNotFound names the word or tag that fits nothing; CodeUsage if nothing was asked for.
func (s *Service) ResolveTargets(ctx context.Context, on, tags []string, all bool) ([]ResolvedTarget, error) {
	if len(on) == 0 && len(tags) == 0 && !all {
		return nil, domain.NewError(domain.CodeUsage, "Name at least one VM.", "no target was named")
	}
	vms, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	c, sources := collector{}, lookup{s: s}
	for _, word := range on {
		if vm, ok := byName(vms, word); ok {
			c.addVM(vm)
			continue
		}
		target, err := adHoc(ctx, &sources, vms, word)
		if err != nil {
			return nil, err
		}
		c.add(target)
	}
	for _, tag := range tags {
		if !c.addAll(vms, func(vm domain.VM) bool { return slices.Contains(vm.Tags, tag) }) {
			return nil, domain.NewError(domain.CodeNotFound, "See the tags with: vmo vms", "no VM has the tag %q", tag)
		}
	}
	if all && !c.addAll(vms, func(vm domain.VM) bool { return !vm.Hidden }) {
		return nil, domain.NewError(domain.CodeNotFound, "Take VMs in from your ssh_config, or add one.", "there are no VMs yet")
	}
	return c.out, nil
}

// TargetsByID gives the targets of VMs by their ids, each once. CodeNotFound for an unknown id.
func (s *Service) TargetsByID(ctx context.Context, ids []string) ([]ResolvedTarget, error) {
	c := collector{}
	for _, id := range ids {
		vm, err := s.opt.Store.GetVM(ctx, id)
		if err != nil {
			return nil, err
		}
		c.addVM(vm)
	}
	return c.out, nil
}

// SSHLine is what one types into a terminal to reach the VM with ssh.
func (s *Service) SSHLine(ctx context.Context, id string) (string, error) {
	words, err := s.SSHWords(ctx, id)
	for i, word := range words {
		words[i] = quote(word)
	}
	return strings.Join(words, " "), err
}

// SSHWords are the program and the arguments that reach the VM with ssh.
func (s *Service) SSHWords(ctx context.Context, id string) ([]string, error) {
	vm, err := s.opt.Store.GetVM(ctx, id)
	if err != nil {
		return nil, err
	}
	t := Target(vm)
	words := []string{"ssh"}
	if s.opt.SSHConfigFlag != "" {
		words = append(words, "-F", s.opt.SSHConfigFlag)
	}
	if t.Port != 0 && t.Port != 22 {
		words = append(words, "-p", portText(t.Port))
	}
	if t.Jump != "" {
		words = append(words, "-J", t.Jump)
	}
	if t.IdentityFile != "" {
		words = append(words, "-i", t.IdentityFile)
	}
	dest := t.Destination()
	if t.User != "" {
		dest = t.User + "@" + dest
	}
	return append(words, dest), nil
}

// quote makes word one word of a POSIX shell.
func quote(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./-_", r))
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func adHoc(ctx context.Context, sources *lookup, vms []domain.VM, word string) (ResolvedTarget, error) {
	o, offered, err := sources.offerOf(ctx, word)
	if err != nil {
		return ResolvedTarget{}, err
	}
	if offered {
		for _, vm := range vms { // taken in under another name
			if vm.Source == o.source && vm.SourceKey == word {
				return resolved(vm), nil
			}
		}
		return ResolvedTarget{Name: word, Target: domain.Target{Kind: domain.TargetSSH, Alias: word, Host: o.host.Host}}, nil
	}
	if !strings.ContainsAny(word, "@:") {
		if _, err := netip.ParseAddr(word); err != nil {
			return ResolvedTarget{}, domain.NewError(domain.CodeNotFound,
				"See what there is with: vmo vms. A machine that is not in the list is named user@host or user@host:port.",
				"%q is no VM and no host in your ssh_config", word)
		}
	}
	user, host, port, err := ParseAddress(word)
	if err != nil {
		return ResolvedTarget{}, err
	}
	return ResolvedTarget{Name: word, Target: domain.Target{Kind: domain.TargetSSH, User: user, Host: host, Port: port}}, nil
}

// byName prefers the exact name; names are unique whatever the case.
func byName(vms []domain.VM, name string) (domain.VM, bool) {
	at := slices.IndexFunc(vms, func(vm domain.VM) bool { return strings.EqualFold(vm.Name, name) })
	if at < 0 {
		return domain.VM{}, false
	}
	return vms[at], true
}

func resolved(vm domain.VM) ResolvedTarget {
	id := vm.ID
	return ResolvedTarget{VMID: &id, Name: vm.Name, Target: Target(vm)}
}

// collector keeps each target once.
type collector struct {
	out  []ResolvedTarget
	seen map[seenTarget]struct{}
}

type seenTarget struct {
	vmID   string // "" for one that was not taken in
	target domain.Target
}

func (c *collector) add(t ResolvedTarget) {
	key := seenTarget{target: t.Target}
	if t.VMID != nil {
		key.vmID = *t.VMID
	}
	if _, twice := c.seen[key]; twice {
		return
	}
	if c.seen == nil {
		c.seen = map[seenTarget]struct{}{}
	}
	c.seen[key] = struct{}{}
	c.out = append(c.out, t)
}

func (c *collector) addVM(vm domain.VM) { c.add(resolved(vm)) }

func (c *collector) addAll(vms []domain.VM, fits func(domain.VM) bool) bool {
	any := false
	for _, vm := range vms {
		if fits(vm) {
			any = true
			c.addVM(vm)
		}
	}
	return any
}
