package store

import (
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// What a command usually takes is the median of its newest successes, by command and VM; the run before is the newest
// of the same command on the same VM that said something; several jobs go and come back together.
func TestHowACommandDoes(t *testing.T) {
	s, ctx := opened(t), t.Context()
	id := "c1"
	add := func(command *string, script, vm string, status domain.Status, seconds int) (domain.Job, domain.Run) {
		job, runs := newJob(vm)
		job.CommandID, job.Script = command, script
		job, err := s.InsertJob(ctx, job, runs)
		must(t, err)
		run := runs[0]
		run.Status, run.StartedAt = domain.StatusRunning, at(0)
		_, err = s.UpdateRun(ctx, run)
		must(t, err)
		end := at(0).Add(time.Duration(seconds) * time.Second)
		if status != domain.StatusRunning {
			run.Status, run.FinishedAt = status, &end
			_, err = s.UpdateRun(ctx, run)
			must(t, err)
		}
		return job, run
	}
	_, first := add(&id, "df", "web", domain.StatusSucceeded, 2)
	add(&id, "df", "db", domain.StatusSucceeded, 100)
	add(&id, "df", "web", domain.StatusFailed, 50)
	add(&id, "df -h", "web", domain.StatusSucceeded, 4)
	last, newest := add(&id, "df", "web", domain.StatusSucceeded, 9)
	going, now := add(&id, "df", "web", domain.StatusRunning, 0)
	_, free := add(nil, "df", "web", domain.StatusSucceeded, 1)

	u, err := s.Usage(ctx, domain.UsageQuery{CommandID: id, VMID: "vm-web"})
	must(t, err)
	if u.Runs != 4 || u.Succeeded != 3 || u.UsualMillis != 4000 || u.LastJob != last.Number || u.LastStatus != domain.StatusSucceeded || u.LastAt == nil {
		t.Errorf("on web: %+v", u)
	}
	if u, err = s.Usage(ctx, domain.UsageQuery{CommandID: id}); err != nil || u.Runs != 5 || u.UsualMillis != 9000 {
		t.Errorf("anywhere: %+v, %v", u, err)
	}
	if u, err = s.Usage(ctx, domain.UsageQuery{Script: "df"}); err != nil || u.Runs != 1 || u.UsualMillis != 1000 {
		t.Errorf("free: %+v, %v", u, err)
	}
	if u, err = s.Usage(ctx, domain.UsageQuery{VMID: "vm-db"}); err != nil || u.Runs != 1 || u.UsualMillis != 100_000 {
		t.Errorf("a VM: %+v, %v", u, err)
	}
	if u, err = s.Usage(ctx, domain.UsageQuery{CommandID: "never"}); err != nil || u.Runs != 0 {
		t.Errorf("never run: %+v, %v", u, err)
	}
	_, err = s.Usage(ctx, domain.UsageQuery{})
	wantCode(t, err, domain.CodeInvalid)

	if run, err := s.PreviousRun(ctx, now.ID); err != nil || run.ID != newest.ID {
		t.Errorf("before the one that runs: %+v, %v", run, err)
	}
	for _, none := range []string{first.ID, free.ID} {
		_, err = s.PreviousRun(ctx, none)
		wantCode(t, err, domain.CodeNotFound)
	}

	wantCode(t, s.DeleteJobs(ctx, []string{last.ID, going.ID}), domain.CodeNotAllowed)
	_, err = s.GetJob(ctx, last.ID)
	must(t, err)
	must(t, s.DeleteJobs(ctx, []string{last.ID}))
	_, err = s.GetJob(ctx, last.ID)
	wantCode(t, err, domain.CodeNotFound)
	must(t, s.RestoreJobs(ctx, []string{last.ID}))
	_, err = s.GetJob(ctx, last.ID)
	must(t, err)
	if jobs, _, err := s.ListJobs(ctx, domain.JobFilter{Text: "#" + "5"}); err != nil || len(jobs) == 0 || jobs[0].Number != 5 {
		t.Errorf("by number: %+v, %v", jobs, err)
	}
}
