package store

import (
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

func aVM(name string) domain.VM {
	return domain.VM{ID: newID(), Name: name, Source: domain.SourceManual, Host: "host", Environment: domain.EnvTest, Tags: []string{"a", "b"},
		Port: 2222, CreatedAt: *at(0), UpdatedAt: *at(0)}
}

func aCommand(name string, vms ...string) domain.Command {
	c := domain.Command{ID: newID(), Name: name, Kind: domain.KindSSH, Script: "echo {{x}}\nsecond line", CreatedAt: *at(0), UpdatedAt: *at(0),
		Params: []domain.Param{{Name: "x", Type: domain.ParamText}}, Scope: domain.Scope{Kind: domain.ScopeEverywhere}}
	if len(vms) > 0 {
		c.Scope = domain.Scope{Kind: domain.ScopeVMs, VMIDs: vms}
	}
	return c
}

func TestVMs(t *testing.T) {
	s, ctx := opened(t), t.Context()
	web, db := aVM("Web"), aVM("db")
	db.Source, db.SourceKey = domain.SourceSSHConfig, "db"
	must(t, s.InsertVMs(ctx, []domain.VM{web}))
	must(t, s.InsertVMs(ctx, []domain.VM{db}))
	for _, test := range []struct {
		change func(*domain.VM)
		field  string
	}{
		{func(v *domain.VM) { v.Name = "WEB" }, "name"},
		{func(v *domain.VM) { v.Source, v.SourceKey = domain.SourceSSHConfig, "db" }, "sourceKey"},
	} {
		vm := aVM("other")
		test.change(&vm)
		err := s.InsertVMs(ctx, []domain.VM{vm})
		wantCode(t, err, domain.CodeConflict)
		if domain.AsError(err).Field != test.field {
			t.Errorf("field %q, want %q", domain.AsError(err).Field, test.field)
		}
	}
	web.Description, web.Favourite, web.Tags = "the web", true, nil
	must(t, s.UpdateVMs(ctx, []domain.VM{web}))
	must(t, s.TouchVM(ctx, []string{web.ID, "nothing"}, *at(9)))
	must(t, s.TouchVM(ctx, []string{web.ID}, *at(3)))
	got, err := s.GetVM(ctx, web.ID)
	must(t, err)
	if got.Description != "the web" || !got.Favourite || got.Port != 2222 || got.Tags == nil || got.LastUsedAt == nil || !got.LastUsedAt.Equal(*at(9)) {
		t.Errorf("%+v", got)
	}
	web.Name = "DB"
	wantCode(t, s.UpdateVMs(ctx, []domain.VM{web}), domain.CodeConflict)
	wantCode(t, s.UpdateVMs(ctx, []domain.VM{aVM("x")}), domain.CodeNotFound)
	wantCode(t, s.DeleteVMs(ctx, []string{"x"}), domain.CodeNotFound)
	_, err = s.RestoreVMs(ctx, []string{"x"})
	wantCode(t, err, domain.CodeNotFound)
}

func TestDeletedVMTakesItsCommandsAlong(t *testing.T) {
	s, ctx := opened(t), t.Context()
	web, db := aVM("web"), aVM("db")
	must(t, s.InsertVMs(ctx, []domain.VM{web}))
	must(t, s.InsertVMs(ctx, []domain.VM{db}))
	own, gone, both, all := aCommand("own", web.ID), aCommand("gone", web.ID), aCommand("both", web.ID, db.ID), aCommand("all")
	for _, c := range []domain.Command{own, gone, both, all} {
		must(t, s.InsertCommand(ctx, c))
	}
	must(t, s.DeleteCommand(ctx, gone.ID)) // by itself: it doesn't come back with the VM
	must(t, s.DeleteVMs(ctx, []string{web.ID}))
	names := func() (out string) {
		list, err := s.ListCommands(ctx)
		must(t, err)
		for _, c := range list {
			out += c.Name + " "
		}
		return out
	}
	if got := names(); got != "all both " {
		t.Errorf("got %s", got)
	}
	again := aVM("WEB")
	must(t, s.InsertVMs(ctx, []domain.VM{again}))
	_, err := s.RestoreVMs(ctx, []string{web.ID})
	wantCode(t, err, domain.CodeConflict)
	must(t, s.DeleteVMs(ctx, []string{again.ID}))
	if vms, err := s.RestoreVMs(ctx, []string{web.ID}); err != nil || vms[0].Name != "web" {
		t.Errorf("%+v, %v", vms[0], err)
	}
	if got := names(); got != "all both own " {
		t.Errorf("got %s", got)
	}
}

func TestCommands(t *testing.T) {
	s, ctx := opened(t), t.Context()
	a, b := aCommand("Überblick"), aCommand("b")
	b.Order = -1
	must(t, s.InsertCommand(ctx, a))
	must(t, s.InsertCommand(ctx, b))
	wantCode(t, s.InsertCommand(ctx, aCommand("ÜBERBLICK")), domain.CodeConflict)
	b.Name = "überblick"
	wantCode(t, s.UpdateCommand(ctx, b), domain.CodeConflict)
	list, err := s.ListCommands(ctx)
	must(t, err)
	if len(list) != 2 || list[0].ID != b.ID || list[1].Script != a.Script || list[1].Params[0].Choices == nil || list[1].Env == nil || list[1].Scope.Tags == nil {
		t.Errorf("%+v", list)
	}
	must(t, s.DeleteCommand(ctx, a.ID))
	_, err = s.GetCommand(ctx, a.ID)
	wantCode(t, err, domain.CodeNotFound)
	must(t, s.UpdateCommand(ctx, b))
	_, err = s.RestoreCommand(ctx, a.ID)
	wantCode(t, err, domain.CodeConflict)
}

func TestInsertCommandsOnce(t *testing.T) {
	s, ctx := opened(t), t.Context()
	must(t, s.InsertCommand(ctx, aCommand("Taken")))
	for i, want := range []bool{true, false} {
		first, err := s.InsertCommandsOnce(ctx, []domain.Command{aCommand("taken"), aCommand("new")})
		if err != nil || first != want {
			t.Errorf("call %d: %v, %v", i, first, err)
		}
	}
	if list, err := s.ListCommands(ctx); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestSettings(t *testing.T) {
	s, ctx := opened(t), t.Context()
	got, err := s.GetSettings(ctx)
	if err != nil || got != domain.DefaultSettings() {
		t.Fatalf("%+v, %v", got, err)
	}
	got.Theme, got.Parallelism = "dark", 7
	must(t, s.PutSettings(ctx, got))
	_, err = s.writer.Exec(`INSERT INTO settings VALUES ('ofTheFuture', '{"a":1}'); UPDATE settings SET value = '"plaid"' WHERE key = 'logTime'`)
	must(t, err)
	again, err := s.GetSettings(ctx)
	if err != nil || again != got {
		t.Errorf("%+v, %v", again, err)
	}
	got.Theme = "plaid"
	wantCode(t, s.PutSettings(ctx, got), domain.CodeInvalid)
}

func TestRunsMakeTheJob(t *testing.T) {
	s, ctx := opened(t), t.Context()
	job, runs := aJob(t, s, "a", "b", "c", "d", "e")
	if job.Number != 1 || job.Status != domain.StatusQueued || job.RunCount != 5 || len(job.VMNames) != 4 {
		t.Fatalf("%+v", job)
	}
	step := func(i int, status domain.Status, sec int) domain.Job {
		t.Helper()
		runs[i].Status = status
		if status == domain.StatusRunning {
			runs[i].StartedAt = at(sec)
		} else {
			runs[i].FinishedAt = at(sec)
		}
		job, err := s.UpdateRun(ctx, runs[i])
		must(t, err)
		return job
	}
	if job := step(0, domain.StatusRunning, 1); job.Status != domain.StatusRunning || !job.StartedAt.Equal(*at(1)) || job.Counts[domain.StatusQueued] != 4 {
		t.Errorf("%+v", job)
	}
	step(1, domain.StatusSkipped, 2)
	step(2, domain.StatusRunning, 2)
	step(2, domain.StatusFailed, 9)
	step(3, domain.StatusRunning, 3)
	step(3, domain.StatusTimedOut, 4)
	step(4, domain.StatusCanceled, 4)
	runs[0].Error, runs[0].Remote = domain.FieldError("x", "why"), &domain.RemoteProcess{PID: 7, StartTime: "8"}
	code := 0
	runs[0].ExitCode, runs[0].Bytes, runs[0].Lines = &code, 100, 3
	if job := step(0, domain.StatusSucceeded, 5); job.Status != domain.StatusCanceled || !job.FinishedAt.Equal(*at(9)) || len(job.Counts) != 5 {
		t.Errorf("%+v", job)
	}
	d, err := s.GetJob(ctx, "#1")
	must(t, err)
	run := d.Runs[0]
	if run.ExitCode == nil || *run.ExitCode != 0 || run.Error.Field != "x" || run.Remote.PID != 7 || run.Bytes != 100 || run.JobID != job.ID || *run.VMID != "vm-a" {
		t.Errorf("%+v", run)
	}

	// Finished is finished; the stop result may change.
	changed := run
	changed.Status = domain.StatusFailed
	_, err = s.UpdateRun(ctx, changed)
	wantCode(t, err, domain.CodeNotAllowed)
	changed = run
	changed.Signal, changed.Bytes = "KILL", 1
	changed.StopResult = &domain.StopResult{State: domain.StopStillRunning, PIDs: []int{5}}
	_, err = s.UpdateRun(ctx, changed)
	must(t, err)
	got, err := s.GetRun(ctx, run.ID)
	if err != nil || got.Signal != "" || got.Bytes != 100 || got.StopResult == nil || got.StopResult.PIDs[0] != 5 {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.UpdateRun(ctx, domain.Run{ID: "nothing"})
	wantCode(t, err, domain.CodeNotFound)
}

func TestDeleteAndStar(t *testing.T) {
	s, ctx := opened(t), t.Context()
	job, runs := aJob(t, s, "a")
	wantCode(t, s.DeleteJob(ctx, job.ID), domain.CodeNotAllowed)
	runs[0].Status = domain.StatusCanceled
	_, err := s.UpdateRun(ctx, runs[0])
	must(t, err)
	must(t, s.SetStarred(ctx, "1", true))
	must(t, s.DeleteJob(ctx, job.ID))
	_, err = s.GetJob(ctx, job.ID)
	wantCode(t, err, domain.CodeNotFound)
	back, err := s.RestoreJob(ctx, job.ID)
	if err != nil || !back.Starred {
		t.Errorf("%+v, %v", back, err)
	}
	// A number is never given twice.
	if next, _ := aJob(t, s, "b"); next.Number != 2 {
		t.Errorf("number %d", next.Number)
	}
}

func TestJobNeedsAnOwner(t *testing.T) {
	s := open(t, t.TempDir()+"/vmo.db")
	job, runs := newJob("a")
	_, err := s.InsertJob(t.Context(), job, runs)
	wantCode(t, err, domain.CodeInternal)
}

func TestNotices(t *testing.T) {
	s, ctx := opened(t), t.Context()
	_, runs := aJob(t, s, "a")
	for i, text := range []string{"connected", "ended"} {
		must(t, s.AppendNotice(ctx, runs[0].ID, domain.Notice{AfterLine: int64(i), At: time.UnixMilli(5).UTC(), Text: text}))
	}
	got, err := s.Notices(ctx, runs[0].ID)
	if err != nil || len(got) != 2 || got[1] != (domain.Notice{AfterLine: 1, At: time.UnixMilli(5).UTC(), Text: "ended"}) {
		t.Errorf("%+v, %v", got, err)
	}
	wantCode(t, s.AppendNotice(ctx, "nothing", domain.Notice{}), domain.CodeNotFound)
}
