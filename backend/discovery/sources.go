package discovery

import (
	"context"
	"errors"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// Source offers machines. A new kind of them (a hypervisor, a cloud) is one more Source and nothing else changes: the
// service asks all at once, waits for none longer than a moment, and goes on with what a slow one said before.
//
// List gives all machines, the files that say so and what could not be used of them. It may be slow and may be called
// from many goroutines; FoundHost.Alias is what stays the same about a machine. Source, guesses and warnings are added here.
type Source interface {
	Name() domain.Source
	List(ctx context.Context) ([]domain.FoundHost, []domain.LookedAt, []domain.ConfigProblem, error)
}

// What a Source may be beside that. One that is no Watcher is watched by the times of the files that its List names.
type (
	// Watcher calls changed when List would say something else than before, until ctx ends.
	Watcher interface {
		Watch(ctx context.Context, changed func()) error
	}
	// Detailer tells more about one machine, by its Alias.
	Detailer interface {
		Details(ctx context.Context, key string) ([]domain.Detail, error)
	}
	// Switch turns machines on and off, by their Alias; FoundHost.Power says what they are.
	Switch interface {
		SetPower(ctx context.Context, key string, action domain.PowerAction) error
	}
)

// answer is what a source said.
type answer struct {
	hosts    []domain.FoundHost
	files    []domain.LookedAt
	problems []domain.ConfigProblem
	err      error
	state    domain.AskState
}

// whole reports whether a machine that isn't in the answer is gone: the source answered, and all its files could be read.
func (a answer) whole() bool {
	return a.state == domain.AskReady && allRead(a.files)
}

// asker keeps one question under way to a source, and its last answer.
type asker struct {
	source Source

	mu    sync.Mutex
	busy  chan struct{} // closed when the question under way is answered; nil: there is none
	last  answer
	have  bool // there is a last answer that is no failure
	late  bool // somebody stopped waiting for the question under way
	fresh bool // last came late, and nobody has used it yet: it is used once instead of asking again
}

// ask gives what the source says now, if it says so within patience; else AskAsking with what it said before, and the
// service's listener is called when the answer is there. The error is only ever ctx's.
func (s *Service) ask(ctx context.Context, a *asker, patience time.Duration) (answer, error) {
	a.mu.Lock()
	if a.fresh {
		a.fresh = false
		defer a.mu.Unlock()
		return a.last, nil
	}
	if a.busy == nil {
		a.busy = make(chan struct{})
		s.start(a, a.busy)
	}
	busy := a.busy
	a.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-busy:
	case <-timer.C:
	case <-ctx.Done():
		return answer{}, domain.NewError(domain.CodeClosed, "", "looking for machines was given up: %w", context.Cause(ctx))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy == busy {
		a.late = true
		before := answer{state: domain.AskAsking}
		if a.have {
			before = a.last
			before.state, before.err = domain.AskAsking, nil
		}
		return before, nil
	}
	return a.last, nil
}

// start puts the question; a.mu is held.
func (s *Service) start(a *asker, busy chan struct{}) {
	ctx, stop := context.WithTimeout(s.lifetime(), maxAsk)
	s.asks.Go(func() {
		defer stop()
		got := answer{state: domain.AskReady}
		got.hosts, got.files, got.problems, got.err = a.source.List(ctx)
		if got.err != nil {
			got.state, got.hosts = domain.AskFailed, nil
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				got.err = domain.NewError(domain.CodeConnectTimeout, "Look again later; the other sources are not concerned.",
					"%s didn't answer within %s", sourceWords(a.source.Name()), maxAsk)
			}
		}
		a.mu.Lock()
		a.last, a.busy = got, nil
		a.have = a.have || got.err == nil
		tell := a.late
		a.fresh, a.late = a.late, false
		a.mu.Unlock()
		close(busy)
		if tell {
			s.tell()
		}
	})
}

// stale makes the next ask a new one.
func (a *asker) stale() {
	a.mu.Lock()
	a.fresh = false
	a.mu.Unlock()
}

func (s *Service) lifetime() context.Context {
	s.life.Lock()
	defer s.life.Unlock()
	if s.ctx == nil {
		s.ctx, s.end = context.WithCancel(context.Background())
	}
	return s.ctx
}

// tell calls the listener of StartWatch.
func (s *Service) tell() {
	s.life.Lock()
	changed, ctx := s.changed, s.ctx
	s.life.Unlock()
	if changed != nil && (ctx == nil || ctx.Err() == nil) {
		changed()
	}
}

// askAll asks all sources at once.
func (s *Service) askAll(ctx context.Context) ([]answer, error) {
	out, errs := make([]answer, len(s.askers)), make([]error, len(s.askers))
	var wg sync.WaitGroup
	for i, a := range s.askers {
		wg.Go(func() { out[i], errs[i] = s.ask(ctx, a, s.opt.Patience) })
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

// lookup looks for aliases in the sources, each of which is asked once, however many aliases there are.
type lookup struct {
	s       *Service
	answers []map[string]domain.FoundHost // of the sources asked so far, by alias
	failed  error                         // of the first of them that failed
}

// offerOf looks for an alias in one source after the other, and waits for each as long as it takes: the first that has
// it counts, and ssh_config, which is quick, comes first.
func (l *lookup) offerOf(ctx context.Context, alias string) (offer, bool, error) {
	for i, a := range l.s.askers {
		if i == len(l.answers) {
			got, err := l.s.ask(ctx, a, maxAsk)
			if err != nil {
				return offer{}, false, err
			}
			if l.failed == nil {
				l.failed = got.err
			}
			hosts := make(map[string]domain.FoundHost, len(got.hosts))
			for _, host := range got.hosts {
				if _, twice := hosts[host.Alias]; !twice {
					hosts[host.Alias] = host
				}
			}
			l.answers = append(l.answers, hosts)
		}
		if host, ok := l.answers[i][alias]; ok {
			return offer{a.source.Name(), host}, true, nil
		}
	}
	return offer{}, false, l.failed // it may be what the failed one has
}

// Details gives what the VM's source knows of it beside its address; never nil, empty for a source that knows no more.
func (s *Service) Details(ctx context.Context, id string) ([]domain.Detail, error) {
	vm, err := s.opt.Store.GetVM(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, a := range s.askers {
		if d, ok := a.source.(Detailer); ok && a.source.Name() == vm.Source {
			list, err := d.Details(ctx, vm.SourceKey)
			return append([]domain.Detail{}, list...), err
		}
	}
	return []domain.Detail{}, nil
}

// SetPower has the VM's source turn it on or off. CodeUnsupported where it can't.
func (s *Service) SetPower(ctx context.Context, id string, action domain.PowerAction) error {
	vm, err := s.opt.Store.GetVM(ctx, id)
	if err != nil {
		return err
	}
	for _, a := range s.askers {
		if power, ok := a.source.(Switch); ok && a.source.Name() == vm.Source {
			err := power.SetPower(ctx, vm.SourceKey, action)
			a.stale()
			return err
		}
	}
	return domain.NewError(domain.CodeUnsupported, "Switch it where it runs.", "%q can't be switched from here", vm.Name)
}

// sourceWords names a source to people.
func sourceWords(source domain.Source) string {
	switch source {
	case domain.SourceSSHConfig:
		return "your SSH config"
	case domain.SourceImport:
		return "the file"
	}
	return string(source)
}
