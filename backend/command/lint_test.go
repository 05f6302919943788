package command

import (
	"os/exec"
	"testing"
)

func TestLint(t *testing.T) {
	if hints := Lint(t.Context(), "echo {{name}}\n"); len(hints) != 0 {
		t.Errorf("%+v", hints)
	}
	t.Setenv("PATH", t.TempDir())
	if hints := Lint(t.Context(), "echo $x"); hints == nil || len(hints) != 0 {
		t.Errorf("without shellcheck: %+v", hints)
	}
}

func TestLintTellsThePlace(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Fatal("shellcheck is needed: apt-get install shellcheck")
	}
	hints := Lint(t.Context(), "echo ok\nrm {{path}} $dir\n")
	for _, h := range hints {
		if h.Code == 2086 && h.Line == 2 && h.Column == 13 {
			return
		}
	}
	t.Errorf("%+v", hints)
}
