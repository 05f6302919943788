package desktop

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// A call that fails is logged without what the page sent.
func TestCallsAreNotLogged(t *testing.T) {
	var out bytes.Buffer
	l := wailsLog{slog.New(slog.NewTextHandler(&out, nil))}
	l.Error(`process message error: C{"name":"desktop.Prompts.Answer","args":[{"secret":"planted -> here"}]} -> error parsing arguments: no`)
	l.Error("unknown Window message: planted")
	l.Warning("a theme is missing")
	text := out.String()
	if strings.Contains(text, "planted") || strings.Contains(text, "here") {
		t.Errorf("logged: %s", text)
	}
	for _, kept := range []string{"process message error", "error parsing arguments: no", "a theme is missing"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%q is missing in: %s", kept, text)
		}
	}
}
