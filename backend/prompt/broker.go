// Package prompt carries questions of a connection to the person: is this host's key to be trusted, what is the
// passphrase. Broker is for a window, Terminal for a tty, None for nobody. A question never contains an answer, and
// an answer is handed to the asker alone: it is neither kept nor logged.
package prompt

import (
	"context"
	"slices"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// Broker keeps the open questions until somebody answers. It is made by NewBroker and safe for many goroutines.
type Broker struct {
	newID func() string
	now   func() time.Time

	mu       sync.Mutex
	open     []*question
	onChange func()
	closed   bool
}

type question struct {
	prompt  domain.Prompt
	askers  int
	done    chan struct{} // closed when answered or given up by all
	answer  domain.PromptAnswer
	refused error
}

// NewBroker gives a Broker without questions. newID must give a new id at each call.
func NewBroker(newID func() string, now func() time.Time) *Broker {
	return &Broker{newID: newID, now: now}
}

// OnChange sets what is called, without locks held, whenever the set of open questions has changed.
func (b *Broker) OnChange(call func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.onChange = call
}

// Ask shows p and waits for the answer. Id and time are set here. A host-key question about the same address and
// fingerprint as an open one joins it: the person answers once. CodePromptNeeded when ctx ends before the answer,
// CodeClosed when the Broker is closed.
func (b *Broker) Ask(ctx context.Context, p domain.Prompt) (domain.PromptAnswer, error) {
	if ctx.Err() != nil {
		return domain.PromptAnswer{}, unanswered(ctx)
	}
	q, err := b.join(p)
	if err != nil {
		return domain.PromptAnswer{}, err
	}
	select {
	case <-q.done:
		return q.answer, q.refused
	case <-ctx.Done():
	}
	b.leave(q)
	select {
	case <-q.done: // answered at the same moment
		return q.answer, q.refused
	default:
		return domain.PromptAnswer{}, unanswered(ctx)
	}
}

// Show puts p before the person and waits for nothing: a changed host key has no answer, and it stays among the open
// ones until Answer takes note of it. What is shown already is not shown twice.
func (b *Broker) Show(_ context.Context, p domain.Prompt) {
	_, _ = b.join(p) // a closed Broker shows nothing
}

func (b *Broker) join(p domain.Prompt) (*question, error) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil, closed()
	}
	for _, q := range b.open {
		if sameKey(q.prompt, p) {
			q.askers++
			b.mu.Unlock()
			return q, nil
		}
	}
	p.ID, p.AskedAt = b.newID(), b.now()
	if p.Hops == nil {
		p.Hops = []domain.Hop{}
	}
	q := &question{prompt: p, askers: 1, done: make(chan struct{})}
	b.open = append(b.open, q)
	b.mu.Unlock()
	b.changed()
	return q, nil
}

// sameKey compares what a person would decide about. Passphrases are never joined: each asker may need another attempt.
func sameKey(a, b domain.Prompt) bool {
	return a.Kind == b.Kind && (a.Kind == domain.PromptHostKey || a.Kind == domain.PromptHostKeyChanged) &&
		a.Address == b.Address && a.Fingerprint == b.Fingerprint
}

func (b *Broker) leave(q *question) {
	b.mu.Lock()
	q.askers--
	gone := q.askers == 0 && b.drop(q)
	b.mu.Unlock()
	if gone {
		b.changed()
	}
}

// drop takes q off the list; the lock is held.
func (b *Broker) drop(q *question) bool {
	at := slices.Index(b.open, q)
	if at < 0 {
		return false
	}
	b.open = slices.Delete(b.open, at, at+1)
	return true
}

// Pending gives the open questions, the oldest first. Never nil.
func (b *Broker) Pending() []domain.Prompt {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]domain.Prompt, 0, len(b.open))
	for _, q := range b.open {
		out = append(out, q.prompt)
	}
	return out
}

// Answer gives the person's answer to all who asked. CodeNotFound if the question is no longer open.
func (b *Broker) Answer(a domain.PromptAnswer) error {
	b.mu.Lock()
	for _, q := range b.open {
		if q.prompt.ID == a.ID {
			b.drop(q)
			q.answer = a
			close(q.done)
			b.mu.Unlock()
			b.changed()
			return nil
		}
	}
	b.mu.Unlock()
	return domain.NewError(domain.CodeNotFound, "", "this question is no longer open")
}

// Close lets all askers go with CodeClosed; further questions are refused.
func (b *Broker) Close() {
	b.mu.Lock()
	b.closed = true
	for _, q := range b.open {
		q.refused = closed()
		close(q.done)
	}
	b.open = nil
	b.mu.Unlock()
	b.changed()
}

func (b *Broker) changed() {
	b.mu.Lock()
	call := b.onChange
	b.mu.Unlock()
	if call != nil {
		call()
	}
}

func closed() error {
	return domain.NewError(domain.CodeClosed, "", "the app is shutting down")
}

func unanswered(ctx context.Context) error {
	return domain.NewError(domain.CodePromptNeeded, "", "the question was not answered: %w", context.Cause(ctx))
}

// None is for runs that nobody watches: every question is refused with CodePromptNeeded.
type None struct{}

// Ask refuses. The message of a host-key question has the fingerprint, so that it can be compared elsewhere.
func (None) Ask(_ context.Context, p domain.Prompt) (domain.PromptAnswer, error) {
	const hint = "Run the command once on a terminal, or connect with ssh, to answer it."
	switch p.Kind {
	case domain.PromptHostKey, domain.PromptHostKeyChanged:
		return domain.PromptAnswer{}, domain.NewError(domain.CodePromptNeeded, hint,
			"the %s key %s of %s is not known, and there is nobody to ask", p.KeyType, p.Fingerprint, p.Address)
	case domain.PromptPassphrase:
		return domain.PromptAnswer{}, domain.NewError(domain.CodePromptNeeded,
			"Add the key to your agent (ssh-add), or run the command on a terminal.",
			"the key %s needs its passphrase, and there is nobody to ask", p.KeyFile)
	default:
		return domain.PromptAnswer{}, domain.NewError(domain.CodePromptNeeded, hint,
			"%s asks a question, and there is nobody to answer", p.Address)
	}
}
