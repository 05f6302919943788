package command

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// A value of 100 kB of everything that shells read otherwise is one argument, to the byte. Such a script is longer than
// an exec line and reaches the shell as a file, as here.
func TestHundredKilobytesArriveAsOneArgument(t *testing.T) {
	bits := []string{"'", `"`, `\`, "$(touch canary)", "`touch canary`", "\n", "!", "é", "日本", " ", "\t", ";", "#", "{{v}}", "%s", "x", "\x01", "*"}
	r := rand.New(rand.NewPCG(5, 6))
	var value strings.Builder
	for value.Len() < 100_000 {
		value.WriteString(bits[r.IntN(len(bits))])
	}
	s, _ := newService()
	c := domain.Command{Name: "x", Script: "printf '%s|' {{v}} end", Params: []domain.Param{{Name: "v", Type: domain.ParamText, Required: true}}}
	script, err := s.Render(c, map[string]string{"v": value.String()})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "script", script)
	for name, shell := range shells(t, "sh", "bash", "dash", "zsh", "fish", "busybox") {
		cmd := exec.Command(shell[0], append(append([]string{}, shell[1:len(shell)-1]...), filepath.Join(dir, "script"))...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8"}
		out, err := cmd.Output()
		if want := value.String() + "|end|"; err != nil || string(out) != want {
			t.Errorf("%s: %v, %d of %d bytes", name, err, len(out), len(want))
		}
		noCanary(t, dir)
	}
	_, err = s.Render(c, map[string]string{"v": "a\x00b"})
	if e := domain.AsError(err); domain.CodeOf(err) != domain.CodeInvalid || e.Field != "values.v" {
		t.Errorf("a NUL: %v", err)
	}
}
