package secret

import (
	"context"
	"errors"
	"testing"

	"github.com/zalando/go-keyring"

	"vmorchestrator/backend/domain"
)

// person answers with its next words and remembers what it was asked.
type person struct {
	answers []domain.PromptAnswer
	asked   []domain.Prompt
}

func (p *person) Ask(_ context.Context, q domain.Prompt) (domain.PromptAnswer, error) {
	p.asked = append(p.asked, q)
	if len(p.answers) == 0 {
		return domain.PromptAnswer{}, domain.NewError(domain.CodePromptNeeded, "", "nobody is there")
	}
	a := p.answers[0]
	p.answers = p.answers[1:]
	return a, nil
}

func ask(t *testing.T, p *Prompter, q domain.Prompt, want string) {
	t.Helper()
	a, err := p.Ask(context.Background(), q)
	if err != nil || a.Secret != want || !a.Accept {
		t.Fatalf("answered %+v, %v; want %q", a, err, want)
	}
}

func TestKeptOnlyOnTheTickAndForgottenWhenWrong(t *testing.T) {
	k := mocked(t)
	me := &person{answers: []domain.PromptAnswer{{Accept: true, Secret: "a"}, {Accept: true, Secret: "b", Keep: true}, {Accept: true, Secret: "c"}}}
	q := domain.Prompt{Kind: domain.PromptPassphrase, KeyFile: "/id", Attempt: 1}
	ask(t, Keep(me, k), q, "a")
	ask(t, Keep(me, k), q, "b") // a was not kept: asked again
	if !me.asked[0].CanKeep || len(me.asked) != 2 {
		t.Errorf("asked %+v", me.asked)
	}
	later := Keep(me, k) // another start of the app
	ask(t, later, q, "b")
	if len(me.asked) != 2 {
		t.Fatal("a kept passphrase was asked for")
	}
	q.Attempt = 2 // it was wrong
	ask(t, later, q, "c")
	if last := me.asked[2]; !last.Forgot || !last.CanKeep {
		t.Errorf("asked %+v", last)
	}
	if _, err := k.Get(context.Background(), Passphrase, "/id"); !errors.Is(err, ErrNotKept) {
		t.Errorf("a wrong passphrase is still kept: %v", err)
	}
}

// A wrong answer of the person's own doesn't cost what another login needs, and nobody to ask is told as before.
func TestOnlyTheKeptAnswerIsForgotten(t *testing.T) {
	k := mocked(t)
	if err := k.Set(context.Background(), Password, "me@box:22 SHA256:x", "right"); err != nil {
		t.Fatal(err)
	}
	me := &person{}
	p := Keep(me, k)
	_, err := p.Ask(context.Background(), domain.Prompt{Kind: domain.PromptPassword, Fingerprint: "SHA256:x", Address: "me@box:22", Attempt: 2})
	if domain.CodeOf(err) != domain.CodePromptNeeded {
		t.Fatal(err)
	}
	ask(t, p, domain.Prompt{Kind: domain.PromptPassword, Fingerprint: "SHA256:x", Address: "me@box:22", Attempt: 1}, "right")
	_, err = p.Ask(context.Background(), domain.Prompt{Kind: domain.PromptPassword, Fingerprint: "SHA256:y", Address: "me@box:22", Attempt: 1})
	if domain.CodeOf(err) != domain.CodePromptNeeded {
		t.Errorf("a password went to another machine: %v", err)
	}
}

func TestWithoutAKeychainNothingIsOffered(t *testing.T) {
	k := mocked(t)
	keyring.MockInitWithError(keyring.ErrUnsupportedPlatform)
	me := &person{answers: []domain.PromptAnswer{{Accept: true, Secret: "a", Keep: true}, {Accept: true, Secret: "b"}}}
	p := Keep(me, k)
	ask(t, p, domain.Prompt{Kind: domain.PromptPassword, Fingerprint: "SHA256:x", Address: "me@box:22", Attempt: 1}, "a")
	ask(t, p, domain.Prompt{Kind: domain.PromptQuestion, Address: "me@box:22", Attempt: 1}, "b")
	for _, q := range me.asked {
		if q.CanKeep {
			t.Errorf("offered to keep: %+v", q)
		}
	}
}
