package secret

import (
	"context"
	"errors"
	"sync"

	"vmorchestrator/backend/domain"
)

// Asker puts a question to the person.
type Asker interface {
	Ask(ctx context.Context, p domain.Prompt) (domain.PromptAnswer, error)
}

// Prompter is an Asker in front of another one: it answers for a passphrase or a password from the keychain, keeps what
// the person wants kept, and forgets what turned out wrong. Other questions pass through. It is made by Keep.
type Prompter struct {
	next     Asker
	keychain *Keychain

	mu   sync.Mutex
	used map[entry]bool // answers of the keychain, or on their way into it, that were given out
}

type entry struct {
	kind Kind
	id   string
}

// Keep gives a Prompter that asks next for what the keychain doesn't know.
func Keep(next Asker, keychain *Keychain) *Prompter {
	return &Prompter{next: next, keychain: keychain, used: map[entry]bool{}}
}

// Ask gives what is kept at the first attempt. A later attempt means that the answer before it was wrong: if that one was
// kept it is forgotten, and the person is asked. Errors are those of the Asker behind; the keychain's are none.
func (p *Prompter) Ask(ctx context.Context, q domain.Prompt) (domain.PromptAnswer, error) {
	e, ok := entryOf(q)
	if !ok {
		return p.next.Ask(ctx, q)
	}
	var found error
	if q.Attempt <= 1 {
		var kept string
		if kept, found = p.keychain.Get(ctx, e.kind, e.id); found == nil {
			p.use(e, true)
			return domain.PromptAnswer{ID: q.ID, Accept: true, Secret: kept}, nil
		}
	} else if p.use(e, false) {
		found = p.keychain.Delete(ctx, e.kind, e.id)
		q.Forgot = found == nil
	} else {
		_, found = p.keychain.Get(ctx, e.kind, e.id)
	}
	q.CanKeep = !errors.Is(found, ErrNone)
	answer, err := p.next.Ask(ctx, q)
	if err == nil && answer.Accept && answer.Keep && answer.Secret != "" {
		// That it can't be kept now is no reason not to go on: it is asked for again next time.
		if p.keychain.Set(ctx, e.kind, e.id, answer.Secret) == nil {
			p.use(e, true)
		}
	}
	return answer, err
}

// Show passes on what is no question, if the Asker behind can show anything.
func (p *Prompter) Show(ctx context.Context, q domain.Prompt) {
	if s, ok := p.next.(interface {
		Show(ctx context.Context, p domain.Prompt)
	}); ok {
		s.Show(ctx, q)
	}
}

// use notes whether the last answer for e was a kept one, and says whether the one before was.
func (p *Prompter) use(e entry, kept bool) (before bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before = p.used[e]
	p.used[e] = kept
	return before
}

func entryOf(q domain.Prompt) (entry, bool) {
	switch q.Kind {
	case domain.PromptPassphrase:
		return entry{Passphrase, q.KeyFile}, q.KeyFile != ""
	case domain.PromptPassword:
		// Behind another jump host the same address may be another machine: its host key says which one it is.
		return entry{Password, q.Address + " " + q.Fingerprint}, q.Address != "" && q.Fingerprint != ""
	}
	return entry{}, false
}
