package prompt

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"vmorchestrator/backend/domain"
)

func broker() *Broker {
	n := 0
	return NewBroker(func() string { n++; return strconv.Itoa(n) }, time.Now)
}

// A changed key is shown once, whoever meets it how often, until the person has taken note.
func TestShow(t *testing.T) {
	b := broker()
	changes := 0
	b.OnChange(func() { changes++ })
	p := domain.Prompt{Kind: domain.PromptHostKeyChanged, Address: "me@web-1:22", Fingerprint: "SHA256:x"}
	for range 3 {
		b.Show(t.Context(), p)
	}
	open := b.Pending()
	if len(open) != 1 || open[0].ID == "" || open[0].Kind != domain.PromptHostKeyChanged || changes != 1 {
		t.Fatalf("%+v after %d changes", open, changes)
	}
	if err := b.Answer(domain.PromptAnswer{ID: open[0].ID}); err != nil || len(b.Pending()) != 0 {
		t.Errorf("after it was noted: %v, %+v", err, b.Pending())
	}
	b.Show(t.Context(), p)
	if len(b.Pending()) != 1 {
		t.Error("the next meeting was not shown")
	}
	b.Close()
	b.Show(t.Context(), p)
	if len(b.Pending()) != 0 {
		t.Error("a closed Broker shows")
	}
}

// Two runs that meet the same unknown key ask once, and both hear the answer; a shown change never joins a question.
func TestQuestionsAreJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := broker()
		p := domain.Prompt{Kind: domain.PromptHostKey, Address: "me@web-1:22", Fingerprint: "SHA256:x"}
		answers := make(chan bool, 2)
		for range 2 {
			go func() {
				a, err := b.Ask(context.Background(), p)
				answers <- err == nil && a.Accept
			}()
		}
		synctest.Wait()
		p.Kind = domain.PromptHostKeyChanged
		b.Show(t.Context(), p)
		open := b.Pending()
		if len(open) != 2 || open[0].Kind != domain.PromptHostKey {
			t.Fatalf("%+v", open)
		}
		if err := b.Answer(domain.PromptAnswer{ID: open[0].ID, Accept: true}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if !<-answers {
				t.Error("an asker did not hear the answer")
			}
		}
	})
}

// An asker that gives up takes the question with it, so that nobody answers into the void.
func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := broker()
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := b.Ask(ctx, domain.Prompt{Kind: domain.PromptPassphrase})
			failed <- err
		}()
		synctest.Wait()
		id := b.Pending()[0].ID
		cancel()
		if err := <-failed; domain.CodeOf(err) != domain.CodePromptNeeded {
			t.Errorf("%v", err)
		}
		if err := b.Answer(domain.PromptAnswer{ID: id}); domain.CodeOf(err) != domain.CodeNotFound || len(b.Pending()) != 0 {
			t.Errorf("answer: %v, open %+v", err, b.Pending())
		}
	})
}
