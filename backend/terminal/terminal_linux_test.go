package terminal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// in is a computer that has these programs, which are scripts.
func in(t *testing.T, environment string, programs map[string]string) Opener {
	t.Helper()
	dir := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return Opener{
		Getenv: func(string) string { return environment },
		LookPath: func(name string) (string, error) {
			path := filepath.Join(dir, name)
			_, err := os.Stat(path)
			return path, err
		},
	}
}

// Whatever a name holds, it reaches the program as one word that no shell reads.
func TestWordsStayWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "said")
	emulate := `while [ "$1" != /bin/sh ]; do shift; done; exec "$@"` // what every terminal does with what follows
	for name, o := range map[string]Opener{
		"found":         in(t, "", map[string]string{"xterm": emulate}),
		"chosen":        in(t, "mine --quiet", map[string]string{"mine": emulate, "xterm": "exit 9"}),
		"known by name": in(t, "gnome-terminal", map[string]string{"gnome-terminal": `[ "$1" = -- ] || exit 9; ` + emulate}),
	} {
		t.Run(name, func(t *testing.T) {
			words := []string{"a b", `it's $(id) "x"`, "-oProxyCommand=x", "\n;`"}
			if err := o.Open(append([]string{"sh", "-c", `out=$1; shift; printf '<%s>' "$@" >"$out.new"; mv "$out.new" "$out"`, "sh", file}, words...), false); err != nil {
				t.Fatal(err)
			}
			var got []byte
			for until := time.Now().Add(5 * time.Second); len(got) == 0 && time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
				got, _ = os.ReadFile(file)
			}
			if want := "<" + strings.Join(words, "><") + ">"; string(got) != want {
				t.Errorf("%q, want %q", got, want)
			}
			_ = os.Remove(file)
		})
	}
}

// No terminal, the wrong one, and one that can't open: an error that says what to do.
func TestNoTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		o    Opener
		says string
	}{
		"none":       {in(t, "", nil), "no terminal program was found; looked for x-terminal-emulator, gnome-terminal"},
		"not there":  {in(t, "mine", map[string]string{"xterm": "exit 0"}), `the terminal program "mine", which TERMINAL names, isn't there`},
		"can't open": {in(t, "", map[string]string{"xterm": "echo no display >&2; exit 1"}), "the terminal program xterm can't be opened: exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.o.Open([]string{"ssh", "--", "web"}, false)
			if domain.CodeOf(err) != domain.CodeNoTerminal || !strings.HasPrefix(err.Error(), c.says) || domain.AsError(err).Hint == "" {
				t.Errorf("%v", err)
			}
		})
	}
}

// A terminal that stays open is not waited for.
func TestTerminalStays(t *testing.T) {
	o := in(t, "", map[string]string{"xterm": "sleep 2"})
	began := time.Now()
	if err := o.Open([]string{"true"}, true); err != nil || time.Since(began) > 1900*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

// What a terminal says after the app has ended can't end it: its stderr is no pipe of ours.
func TestTerminalOutlivesTheApp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stderr")
	o := in(t, "", map[string]string{"xterm": "readlink /proc/$$/fd/2 >" + file})
	if err := o.Open([]string{"true"}, false); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || len(got) == 0 || strings.HasPrefix(string(got), "pipe:") {
		t.Errorf("stderr is %q, %v", got, err)
	}
}
