package app

import (
	"slices"
	"testing"

	"vmorchestrator/backend/domain"
)

func TestFold(t *testing.T) {
	a := demoApp(t)
	job := domain.Job{ID: newID(), Name: "uname -r", Kind: domain.KindSSH, Origin: domain.OriginCLI, Parallelism: 2}
	zero, three := 0, 3
	said := []struct {
		vm, text string
		exit     *int
	}{
		{"odd", "5.15\n", &zero}, {"a", "6.18\n", &zero}, {"b", "6.18\n", &zero}, {"same size", "6.19\n", &zero}, {"failed", "6.18\n", &three}, {"c", "6.18\n", &zero},
		{"silent", "", &zero}, {"goes on", "6.18\n", nil},
	}
	var runs []domain.Run
	for i, s := range said {
		runs = append(runs, domain.Run{ID: newID(), JobID: job.ID, VMName: s.vm, Position: i, Status: domain.StatusRunning})
	}
	if _, err := a.History.InsertJob(t.Context(), job, runs); err != nil {
		t.Fatal(err)
	}
	for i, s := range said {
		w := a.Logs.Open(t.Context(), runs[i].ID)
		if err := w.Write(domain.Stdout, []byte(s.text)); err != nil {
			t.Fatal(err)
		}
		if s.exit == nil {
			continue
		}
		totals, err := w.Close(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		runs[i].Status, runs[i].ExitCode, runs[i].Bytes, runs[i].Complete = domain.StatusSucceeded, s.exit, totals.Bytes, totals.Complete
		if *s.exit != 0 {
			runs[i].Status = domain.StatusFailed
		}
		if _, err := a.History.UpdateRun(t.Context(), runs[i]); err != nil {
			t.Fatal(err)
		}
	}
	groups, err := a.Fold(t.Context(), job.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, g := range groups {
		var names []string
		for _, id := range g {
			names = append(names, said[slices.IndexFunc(runs, func(r domain.Run) bool { return r.ID == id })].vm)
		}
		got = append(got, names)
	}
	want := [][]string{{"a", "b", "c"}, {"odd"}, {"same size"}, {"failed"}, {"silent"}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, err := a.Fold(t.Context(), newID()); domain.CodeOf(err) != domain.CodeNotFound {
		t.Errorf("a job that isn't there: %v", err)
	}
}
