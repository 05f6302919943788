package app

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// finish writes a finished run and gives its id.
func finish(t *testing.T, a *App, vm, text string) string {
	t.Helper()
	job := domain.Job{ID: newID(), Name: "words", Kind: domain.KindSSH, Origin: domain.OriginCLI, Parallelism: 1}
	run := domain.Run{ID: newID(), JobID: job.ID, VMName: vm, Status: domain.StatusRunning}
	if _, err := a.History.InsertJob(t.Context(), job, []domain.Run{run}); err != nil {
		t.Fatal(err)
	}
	w := a.Logs.Open(t.Context(), run.ID)
	if err := w.Write(domain.Stdout, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	run.Status = domain.StatusSucceeded
	if _, err := a.History.UpdateRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	return run.ID
}

// found fetches all pages of a search.
func found(t *testing.T, a *App, id string) (hits []SearchHit, runs int, last SearchPage) {
	t.Helper()
	for !last.Done {
		var err error
		if last, err = a.NextFound(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		hits, runs = append(hits, last.Hits...), runs+len(last.Runs)
		if size := len(fmt.Sprint(last)); size > 2*searchPageBytes {
			t.Errorf("a page of %d bytes", size)
		}
	}
	return hits, runs, last
}

func TestSearchesOfTheWindow(t *testing.T) {
	a, err := Open(t.Context(), Config{DataDir: t.TempDir(), Demo: true, Origin: domain.OriginWindow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	secret := finish(t, a, "web-1", "token is hunter22 for now\n")
	a.masks.add(secret, domain.Secrets{Env: []domain.Secret{{Name: "T", Value: []byte("hunter22")}}})
	finish(t, a, "web-2", strings.Repeat("a line like others, with a Word in it\n", 3000))

	id, err := a.StartSearch(domain.TextQuery{Text: "token is"}, domain.SearchFilter{})
	if err != nil {
		t.Fatal(err)
	}
	hits, _, last := found(t, a, id)
	if len(hits) != 1 || strings.Join(hits[0].Parts, "|") != "|token is| ******** for now" || hits[0].RunID != secret {
		t.Errorf("%+v", hits)
	}
	if last.Full || last.Progress.Searched != last.Progress.Total || last.Progress.Lines != 1 {
		t.Errorf("%+v", last)
	}

	id, err = a.StartSearch(domain.TextQuery{Text: "word"}, domain.SearchFilter{VMNames: []string{"web-2"}})
	if err != nil {
		t.Fatal(err)
	}
	hits, runs, last := found(t, a, id)
	if len(hits) != searchLines || runs != 1 || !last.Full || hits[999].Line != 1000 {
		t.Errorf("%d lines in %d runs, full %v", len(hits), runs, last.Full)
	}

	// A search that nobody fetches waits, and ends when it is stopped or another one begins.
	if id, err = a.StartSearch(domain.TextQuery{Text: "word"}, domain.SearchFilter{}); err != nil {
		t.Fatal(err)
	}
	a.StopSearch(id)
	if _, _, last = found(t, a, id); last.Full {
		t.Error("a stopped search is not full")
	}
	if _, err = a.StartSearch(domain.TextQuery{Text: "word"}, domain.SearchFilter{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.NextFound(t.Context(), id); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("the page of an old search: %v", err)
	}
	if _, err := a.StartSearch(domain.TextQuery{Text: "(", Regex: true}, domain.SearchFilter{}); domain.AsError(err).Field != "text" {
		t.Errorf("a bad expression: %v", err)
	}
}
