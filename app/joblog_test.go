package app

import (
	"testing"

	"vmorchestrator/backend/domain"
)

// A job's log has the lines of all its runs, each with its own run's secrets masked, and is found in, read in parts and
// watched like that of one.
func TestJobLog(t *testing.T) {
	a := demoApp(t)
	job := domain.Job{ID: newID(), Name: "words", Kind: domain.KindSSH, Origin: domain.OriginCLI, Parallelism: 2}
	runs := []domain.Run{{ID: newID(), JobID: job.ID, VMName: "one"}, {ID: newID(), JobID: job.ID, VMName: "two", Position: 1}}
	for i := range runs {
		runs[i].Status = domain.StatusRunning
	}
	if _, err := a.History.InsertJob(t.Context(), job, runs); err != nil {
		t.Fatal(err)
	}
	a.masks.add(runs[1].ID, domain.Secrets{Stdin: []byte("hunter2")})
	id := jobLog + job.ID
	wake, stop := a.WatchLog(t.Context(), id)
	defer stop()
	for i, text := range []string{"first hunter2\n", "second hunter2\n"} {
		w := a.Logs.Open(t.Context(), runs[i].ID)
		if err := w.Write(domain.Stdout, []byte(text)); err != nil {
			t.Fatal(err)
		}
		<-wake
	}
	page, err := a.ReadLog(t.Context(), id, 1, 10)
	if err != nil || page.RunID != id || len(page.Lines) != 2 {
		t.Fatalf("%+v, %v", page, err)
	}
	if l := page.Lines[0]; l.Text != "first hunter2" || l.Run != 0 || l.N != 1 || l.RunLine != 1 {
		t.Errorf("%+v", l)
	}
	if l := page.Lines[1]; l.Text != "second *******" || l.Run != 1 || l.N != 2 || l.RunLine != 1 {
		t.Errorf("%+v", l)
	}
	if text, total, err := a.LogLine(t.Context(), id, 2, 0); text != "second *******" || total != 14 || err != nil {
		t.Errorf("%q, %d, %v", text, total, err)
	}
	if found, err := a.FindInLog(t.Context(), id, domain.TextQuery{Text: "second"}, 1); err != nil || len(found.Lines) != 1 || found.Lines[0] != 2 || !found.Done {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := a.ReadLog(t.Context(), jobLog+newID(), 1, 1); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("a job that isn't there: %v", err)
	}
}
