package command

import (
	"os"
	"strings"
	"testing"
)

// The file that docs/commands.md shows is one that is taken.
func TestDocumentedFileIsTaken(t *testing.T) {
	text, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	if found, problems := Decode("docs", []byte(example), nil); len(found) != 1 || len(problems) > 0 || len(found[0].Command.Params) != 4 {
		t.Errorf("%+v, %v", found, problems)
	}
}
