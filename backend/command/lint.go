package command

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"time"
)

const (
	// lintWithin is how long shellcheck may take: a hint that comes later is of no use to somebody who types.
	lintWithin = 5 * time.Second
	// lintBytes is the longest script that is looked at: shellcheck takes seconds for more.
	lintBytes = 256 << 10
)

// Hint is a remark of shellcheck about a script.
type Hint struct {
	Line    int    `json:"line"` // from 1
	Column  int    `json:"column"`
	EndLine int    `json:"endLine"`
	EndCol  int    `json:"endColumn"`
	Level   string `json:"level"` // "error" | "warning" | "info" | "style"
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Lint gives shellcheck's remarks about a script, none where shellcheck isn't installed, has no answer in time, or the
// script is too long. The script is a template without values, so there is nothing secret in it.
func Lint(ctx context.Context, script string) []Hint {
	hints := []Hint{}
	tool, err := exec.LookPath("shellcheck")
	if err != nil || len(script) > lintBytes || strings.TrimSpace(script) == "" {
		return hints
	}
	ctx, cancel := context.WithTimeout(ctx, lintWithin)
	defer cancel()
	// It ends with status 1 when it has remarks. bash, because what a login shell is isn't known: more is allowed then.
	cmd := exec.CommandContext(ctx, tool, "--norc", "--format=json1", "--shell=bash", "-")
	cmd.Stdin = strings.NewReader(forLint(script))
	var out bytes.Buffer
	cmd.Stdout = &out
	cmd.WaitDelay = time.Second
	_ = cmd.Run() // without remarks there are none to show, whatever the reason
	var found struct{ Comments []Hint }
	if json.Unmarshal(out.Bytes(), &found) == nil && found.Comments != nil {
		return found.Comments
	}
	return hints
}

// forLint puts a word as long as it in the place of each parameter, so that columns stay what they are. Outside quotes
// it stands quoted, as the value will.
func forLint(script string) string {
	var out strings.Builder
	for _, p := range parse(script) {
		switch {
		case p.name == "" || p.place == literal || p.place == banned:
			out.WriteString(p.text)
		default:
			out.WriteString(strings.Repeat("x", len(p.text)))
		}
	}
	return strings.ReplaceAll(out.String(), "\r\n", " \n")
}
