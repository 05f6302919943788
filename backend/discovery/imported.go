package discovery

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"vmorchestrator/backend/domain"
)

// ReviewImport compares what a file has with what is known, and changes nothing. A machine that was taken from a file
// before under the same name is Changed or the same; one whose name or address a VM has already is New all the same, and
// told among Doubles. Values that break a rule are Problems, and their machine can't be taken.
func (s *Service) ReviewImport(ctx context.Context, f domain.ImportFile) (domain.ImportReview, error) {
	l, problems, err := s.lookAt(ctx, f)
	if err != nil {
		return domain.ImportReview{}, err
	}
	out := domain.ImportReview{
		Format: f.Format, New: l.review.New, Changed: l.review.Changed, Same: l.review.Known, Doubles: []domain.ImportDouble{},
		Problems: append(append([]domain.ImportProblem{}, f.Problems...), problems...), Left: append([]domain.ImportProblem{}, f.Left...),
	}
	names, addresses := map[string]string{}, map[string]string{}
	for _, vm := range l.vms {
		names[strings.ToLower(vm.Name)] = vm.Name
		if vm.Host != "" {
			addresses[addressKey(vm.User, vm.Host, vm.Port)] = vm.Name
		}
	}
	taken := make(map[string]bool, len(names))
	for name := range names {
		taken[name] = true
	}
	for i := range out.New {
		host := &out.New[i]
		if name, is := names[strings.ToLower(host.Name)]; is {
			out.Doubles = append(out.Doubles, domain.ImportDouble{Alias: host.Alias, VMName: name, Why: "name"})
		} else if name, is := addresses[addressKey(host.User, host.Host, host.Port)]; is {
			out.Doubles = append(out.Doubles, domain.ImportDouble{Alias: host.Alias, VMName: name, Why: "address"})
		}
		host.Name = freeName(host.Name, taken)
		taken[strings.ToLower(host.Name)] = true
	}
	return out, nil
}

// TakeImport does what was ticked in the review of f: errors as Apply. Nothing is ever removed by it.
func (s *Service) TakeImport(ctx context.Context, f domain.ImportFile, decision domain.ReviewDecision) ([]domain.VM, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	l, _, err := s.lookAt(ctx, f)
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
	if err := namesFree(l.vms, take, nil); err != nil {
		return nil, err
	}
	return s.put(ctx, acknowledge, take)
}

// lookAt is look for a file: the machines that keep the rules, each once, against the VMs that are from a file.
func (s *Service) lookAt(ctx context.Context, f domain.ImportFile) (look, []domain.ImportProblem, error) {
	vms, err := s.opt.Store.ListVMs(ctx)
	if err != nil {
		return look{}, nil, err
	}
	l := look{vms: vms, review: domain.Review{New: []domain.FoundHost{}, Changed: []domain.ChangedHost{}, Gone: []domain.VM{}, Notes: []domain.VMNote{}}}
	var problems []domain.ImportProblem
	var good []domain.FoundHost
	at := map[string]int{}
	known := map[string]domain.VM{}
	for _, vm := range vms {
		if vm.Source == domain.SourceImport {
			known[vm.SourceKey] = vm
		}
	}
	for _, host := range f.Hosts {
		if first, twice := at[host.Alias]; twice {
			problems = append(problems, domain.ImportProblem{Line: host.Line, Field: "name", Message: fmt.Sprintf("%q stands there twice, first in line %d, which counts", host.Alias, first)})
			continue
		}
		at[host.Alias] = host.Line
		if err := rules(host); err != nil {
			problems = append(problems, domain.ImportProblem{Line: host.Line, Field: err.Field, Message: err.Message})
			continue
		}
		if vm, taken := known[host.Alias]; taken {
			host = silent(host, vm)
		}
		good = append(good, host)
	}
	s.compare(&l, domain.SourceImport, good, false)
	return l, problems, nil
}

// silent gives host with what its file says nothing of as vm has it: a table without a column for users doesn't mean that
// there is none.
func silent(host domain.FoundHost, vm domain.VM) domain.FoundHost {
	host.User = cmp.Or(host.User, vm.User)
	host.Port = cmp.Or(host.Port, vm.Port)
	host.Jump = cmp.Or(host.Jump, vm.Jump)
	host.IdentityFile = cmp.Or(host.IdentityFile, vm.IdentityFile)
	return host
}

// rules reports the first rule that a machine of a file breaks, or nil.
func rules(host domain.FoundHost) *domain.Error {
	vm := domain.VM{
		Name: host.Name, Source: domain.SourceImport, User: host.User, Host: host.Host, Port: host.Port, Jump: host.Jump,
		IdentityFile: host.IdentityFile, Environment: host.Environment, Provider: host.Provider, Tags: cleanTags(host.Tags), Description: host.Description,
	}
	if vm.Name == "" {
		vm.Name = nameFrom(host.Alias)
	}
	if vm.Environment == "" {
		vm.Environment = domain.EnvDevelopment
	}
	if err := vm.Validate(); err != nil {
		return domain.AsError(err)
	}
	return nil
}

func addressKey(user, host string, port int) string {
	if port == 0 {
		port = 22
	}
	return fmt.Sprintf("%s@%s:%d", user, strings.ToLower(host), port)
}

// freeName gives name, or name with a number that nobody has yet.
func freeName(name string, taken map[string]bool) string {
	if !taken[strings.ToLower(name)] {
		return name
	}
	stem := []rune(name)
	stem = stem[:min(len(stem), domain.MaxNameLen-6)]
	for n := 2; ; n++ {
		if next := fmt.Sprintf("%s-%d", strings.TrimSpace(string(stem)), n); !taken[strings.ToLower(next)] {
			return next
		}
	}
}
