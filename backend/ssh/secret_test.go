package ssh

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// Whatever the login shell: secrets arrive as they were given, in the environment and on the standard input, and what
// the shell prints and reads at its start is not part of it.
func TestSecretsInEveryLoginShell(t *testing.T) {
	t.Parallel()
	value := "  it's \"a\" $value! \\ `x` \u00e9 "
	for _, shell := range shells(t) {
		t.Run(filepath.Base(shell), func(t *testing.T) {
			c, _, _ := box(t, sshdtest.Options{Shell: shell})
			secrets := func() domain.Secrets {
				return domain.Secrets{
					Env:   []domain.Secret{{Name: "VMO_SECRET_a", Value: domain.Hidden(value)}, {Name: "VMO_SECRET_b", Value: domain.Hidden("")}},
					Stdin: domain.Hidden("line\n"),
				}
			}
			got, exit := run(t, c, domain.Exec{
				Script: "printenv VMO_SECRET_a\nprintenv VMO_SECRET_b\necho sep\ncat\nprintenv VALUE", Secrets: secrets(),
				Env: map[string]string{"VALUE": "v", "LC_ALL": "C.UTF-8"}, // fish writes the environment anew in the locale's encoding
			})
			if want := value + "\n\nsep\nline\nv\n"; got.stdout() != want || exit.Code != 0 {
				t.Errorf("%+v, stdout %q (%q), want %q", exit, got.stdout(), got.stderr(), want)
			}
			// The script is long, so it comes through the same pipe.
			long := secrets()
			long.Stdin = nil
			got, exit = run(t, c, domain.Exec{Script: strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 1500) + "printenv VMO_SECRET_a\ncat", Secrets: long, Env: map[string]string{"LC_ALL": "C.UTF-8"}})
			if want := value + "\n"; got.stdout() != want || exit.Code != 0 {
				t.Errorf("long script: %+v, stdout %q (%q), want %q", exit, got.stdout(), got.stderr(), want)
			}
			got, exit = run(t, c, domain.Exec{Script: "cat; echo end"})
			if got.stdout() != "end\n" || exit.Code != 0 {
				t.Errorf("without secrets: %+v, %q", exit, got.stdout())
			}
		})
	}
}

func TestALongScriptCannotBeFed(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	_, err := c.Start(within(t), alias("box"), domain.Exec{
		RunID: runID(t), Script: strings.Repeat("true\n", 30_000), Secrets: domain.Secrets{Stdin: domain.Hidden("x\n")},
	}, &record{})
	if domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("%v", err)
	}
}

// A server that runs something else than what was asked for is never sent the secret: it could be shown by it.
func TestNoSecretWithoutTheReadyMark(t *testing.T) {
	t.Parallel()
	c, srv, _ := box(t, sshdtest.Options{ForceCommand: "timeout 3 cat; echo done"})
	secret := "s3cr3t" + runID(t)
	_, err := c.Start(within(t), alias("box"), domain.Exec{
		RunID: runID(t), Script: "true", Secrets: domain.Secrets{Env: []domain.Secret{{Name: "VMO_SECRET_a", Value: domain.Hidden(secret)}}},
	}, &record{})
	if err == nil {
		t.Fatal("it started")
	}
	if text := fmt.Sprintf("%v %+v", err, *domain.AsError(err)) + srv.Log(); strings.Contains(text, secret) || !strings.Contains(text, "done") {
		t.Errorf("%s", text)
	}
}

// What the form of a command says about sudo holds: the password comes by the standard input, and a wrong one fails at
// once instead of waiting for another.
func TestSudoByStandardInput(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root can permit it
	}
	c, srv, _ := box(t, sshdtest.Options{Shell: "/bin/dash", Password: "right-one"})
	if !sshdtest.AllowSudoByPassword(t, srv.User) {
		t.Fatal("sudo is not installed")
	}
	for password, want := range map[string]string{"right-one": "0\nrest\n", "wrong-one": "rest\n"} {
		got, exit := run(t, c, domain.Exec{
			Script: "sudo -k -S -p '' id -u; echo rest", Secrets: domain.Secrets{Stdin: domain.Hidden(password + "\n")},
		})
		if got.stdout() != want || exit.Code != 0 || strings.Contains(got.stdout()+got.stderr(), password) {
			t.Errorf("%s: %+v, stdout %q, stderr %q", password, exit, got.stdout(), got.stderr())
		}
	}
}
