package store

import (
	"fmt"
	"testing"

	"vmorchestrator/backend/domain"
)

func TestNamesAreUniqueInTheirScope(t *testing.T) {
	s, ctx := opened(t), t.Context()
	scoped := func(name string, tags ...string) domain.Command {
		c := aCommand(name)
		c.ID = fmt.Sprint(name, tags)
		if len(tags) > 0 {
			c.Scope = domain.Scope{Kind: domain.ScopeTags, Tags: tags}
		}
		return c
	}
	must(t, s.InsertCommand(ctx, scoped("Deploy")))
	must(t, s.InsertCommand(ctx, scoped("deploy", "web", "eu")))
	other := scoped("Other", "eu", "web")
	must(t, s.InsertCommand(ctx, other))
	other.Name = "DEPLOY"
	wantCode(t, s.UpdateCommand(ctx, other), domain.CodeConflict)
	other.Scope.Tags = []string{"db"}
	must(t, s.UpdateCommand(ctx, other))
}

func TestEditsAreKeptAndBounded(t *testing.T) {
	s, ctx := opened(t), t.Context()
	c := aCommand("a")
	must(t, s.InsertCommand(ctx, c))
	for i := range maxVersions + 5 {
		c.Script = fmt.Sprint("edit ", i)
		must(t, s.UpdateCommand(ctx, c))
	}
	versions, err := s.CommandVersions(ctx, c.ID)
	if err != nil || len(versions) != maxVersions || versions[0].Command.Script != fmt.Sprint("edit ", maxVersions+3) || versions[0].Command.ID != c.ID {
		t.Errorf("%d, %+v, %v", len(versions), versions[0], err)
	}
	must(t, s.ArrangeCommands(ctx, "G", []string{"gone", c.ID}))
	got, err := s.GetCommand(ctx, c.ID)
	if err != nil || got.Order != 1 || got.Group != "G" {
		t.Errorf("%+v, %v", got, err)
	}
	if again, err := s.CommandVersions(ctx, c.ID); err != nil || len(again) != maxVersions || again[0].At != versions[0].At {
		t.Errorf("ordering is no edit: %v", err)
	}
}
