package command

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// A playbook is taken by a real ansible-playbook, and what it runs gets the values as one argument each.
func TestPlaybookWithRealAnsible(t *testing.T) {
	tool, err := exec.LookPath("ansible-playbook")
	if err != nil {
		t.Fatal("ansible-playbook is needed: apt-get install ansible-core")
	}
	value := "it's $(id) \"x\" `y` {{ 7*7 }} \\ é\nline two"
	c := domain.Command{
		Name: "Deploy {{x}}", Kind: domain.KindLocal, Env: map[string]string{"A": "{{b}}"}, WorkDir: t.TempDir(), TimeoutSeconds: 60,
		Script: "printf '<%s>' {{who}} \"{{who}}\" '{{.Names}}' '{% x %}' \"$A\" >out\nprintf '<%s>' '{'{{n}} {{token}} >>out",
		Params: []domain.Param{
			{Name: "who", Type: domain.ParamText, Required: true, Help: "a {{name}}"}, {Name: "n", Type: domain.ParamNumber, Default: "3"}, {Name: "token", Type: domain.ParamSecret},
		},
	}
	playbook := func(c domain.Command) string {
		text, err := Playbook(c, vmsByID)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		write(t, dir, "play.yml", string(text))
		return filepath.Join(dir, "play.yml")
	}
	extra, err := json.Marshal(map[string]string{"param_who": "placeholder", "param_n": "3", "param_token": "hidden"})
	if err != nil {
		t.Fatal(err)
	}
	run := func(file, vars string, more ...string) {
		cmd := exec.Command(tool, append([]string{"-i", "localhost,", "-e", vars, file}, more...)...)
		cmd.Env = append(cmd.Environ(), "ANSIBLE_LOCALHOST_WARNING=False", "LC_ALL=C.UTF-8")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	run(playbook(c), string(extra), "--check")
	// no_log hides what a command with a secret printed: one without is read.
	c.Script, c.Params = strings.ReplaceAll(c.Script, " {{token}}", ""), c.Params[:2]
	unsafe, err := json.Marshal(map[string]any{"param_who": map[string]string{"__ansible_unsafe": value}, "param_n": "3"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "vars.json")
	write(t, filepath.Dir(file), "vars.json", string(unsafe))
	run(playbook(c), "@"+file)
	got, err := os.ReadFile(filepath.Join(c.WorkDir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	want := "<" + value + "><" + value + "><{{.Names}}><{% x %}><{{b}}><{3>"
	if string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestPlaybookHosts(t *testing.T) {
	c := fullCommand()
	if got := playHosts(c, vmsByID); got != "db 2:web-1" {
		t.Error(got)
	}
	c.Scope = domain.Scope{Kind: domain.ScopeTags, Tags: []string{"web-eu", "db"}}
	if got := playHosts(c, nil); got != "web_eu:db" {
		t.Error(got)
	}
	c.Kind = domain.KindTerminal
	if _, err := Playbook(c, nil); domain.CodeOf(err) != domain.CodeNotAllowed {
		t.Error(err)
	}
}
