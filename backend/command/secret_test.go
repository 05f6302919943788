package command

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// A secret is exactly one argument, or exactly its text within one, in every shell; the script has only its variable.
func TestSecretsArriveExactly(t *testing.T) {
	p := printfPath(t) + ` '%s\0' `
	places := []struct{ script, want string }{
		{p + `{{v}}`, "V\x00"},
		{p + `a{{v}}b{{v}}`, "aVbV\x00"},
		{p + `a {{v}} b`, "a\x00V\x00b\x00"},
		{p + `'a {{v}} b' "a{{v}}b"`, "a V b\x00aVb\x00"},
		{`sh -c '` + printfPath(t) + ` "%s\0" "$1"' sh {{v}}`, "V\x00"},
	}
	dir := t.TempDir()
	for name, shell := range shells(t, "sh", "bash", "dash", "zsh", "ksh", "busybox", "fish", "csh", "tcsh") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vals := values
			if name == "csh" {
				vals = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return len(v) > 900 }) // it has short words
			}
			for _, place := range places {
				// Many in one call: starting a shell is most of what one costs.
				for some := range slices.Chunk(vals, 25) {
					if out, want, _, err := shellWith(t, shell, dir, place.script, place.want, some); out == want && err == nil {
						continue
					}
					for _, value := range some {
						if out, want, script, err := shellWith(t, shell, dir, place.script, place.want, []string{value}); out != want || err != nil {
							t.Errorf("%q: got %q, %v\nscript: %s", cutTo(value, 60), cutTo(out, 100), err, script)
						}
					}
				}
			}
			noCanary(t, dir)
		})
	}
}

// shellWith runs a script of {{v}} once for each value, all in one shell, and says what came and what was to come.
func shellWith(t *testing.T, shell []string, dir, script, want string, values []string) (out, wants, text string, err error) {
	t.Helper()
	names, env := map[string]string{}, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8"}
	var lines []string
	for i, value := range values {
		name := fmt.Sprintf("v%d", i)
		names[name] = "VMO_SECRET_" + name
		env = append(env, names[name]+"="+value)
		lines = append(lines, strings.ReplaceAll(script, "{{v}}", "{{"+name+"}}"))
		wants += strings.ReplaceAll(want, "V", value)
	}
	text, err = render(strings.Join(lines, "\n"), nil, names)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(shell[0], append(slices.Clone(shell[1:]), text)...)
	cmd.Dir, cmd.Env = dir, env
	got, err := cmd.Output()
	return string(got), wants, text, err
}

func TestSecretParameters(t *testing.T) {
	s := New(Options{})
	token := domain.Param{Name: "token", Type: domain.ParamSecret, Required: true}
	sudo := domain.Param{Name: "sudo", Type: domain.ParamSecret, Stdin: true, Required: true}
	c := domain.Command{Name: "x", Script: `curl -K - {{url}}; echo {{token}}`, Params: []domain.Param{token, sudo}}
	got, err := s.Render(c, map[string]string{"url": "u"})
	if want := `curl -K - 'u'; echo "$VMO_SECRET_token"`; got != want || err != nil {
		t.Errorf("rendered %q, %v", got, err)
	}
	for _, name := range []string{"token", "sudo"} {
		if _, err := s.Render(c, map[string]string{"url": "u", name: "x"}); domain.AsError(err).Field != "values."+name {
			t.Errorf("%s among the values: %v", name, err)
		}
	}
	params := Params(c.Script, c.Params)
	if len(params) != 3 || params[2].Name != "sudo" || !params[2].Stdin {
		t.Errorf("parameters %+v", params)
	}
	if p := s.Preview(c, map[string]string{"url": "u"}); len(p.Errors) != 0 || !strings.Contains(p.Script, `"$VMO_SECRET_token"`) {
		t.Errorf("preview %+v", p)
	}
	c.Script += " {{sudo}}"
	if _, err := prepare(c); domain.AsError(err).Field != "script" || domain.AsError(err).Hint == "" {
		t.Errorf("a secret for the standard input in the script: %v", err)
	}
	if p := s.Preview(c, map[string]string{"url": "u"}); len(p.Errors) != 1 || p.Script != "" {
		t.Errorf("preview %+v", p)
	}
}
