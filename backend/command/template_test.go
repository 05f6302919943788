package command

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// values are what injections and careless quoting are made of.
var values = []string{
	"", "plain", "two words", "  ", "\t", "a'b", `a"b`, `''`, `""`, `\`, `\\`, `a\'b`, `\'; touch canary; '`, `end\`, "$HOME", "$(touch canary)",
	"`touch canary`", "${HOME}", "!", "!!", "a!b", "*", "?", "[a]", "~", "~root", "{a,b}", "a;b", "a&b", "a|b", "<x", ">x", "#x", "-n", "--", "%s%d",
	"Grüße", "日本", "\u202e", "\x7f\x1b[31m", "\xff\xfe", `\n`, `\0`, "{{v}}", "$'x'", `$"x"`, "()", "(", ")", "}", "%", "^a^b", "=ls",
	strings.Repeat("x", 5000),
}

// lineBreaks are apart because csh can't have them.
var lineBreaks = []string{"a\nb", "\n", "a\r\nb", "'\ntouch canary\n'", "EOF\ntouch canary\n", "\\\n"}

func shells(t *testing.T, names ...string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Logf("not installed: %s", name)
			continue
		}
		found[name] = []string{path, "-c"}
		if name == "busybox" {
			found[name] = []string{path, "sh", "-c"}
		}
	}
	if found["sh"] == nil {
		t.Fatal("no sh")
	}
	return found
}

// maxArgument is what every system takes as one argument.
const maxArgument = 30_000

func run(t *testing.T, dir string, shell []string, script string) (string, error) {
	t.Helper()
	cmd := exec.Command(shell[0], append(slices.Clone(shell[1:]), script)...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8"}
	out, err := cmd.Output()
	return string(out), err
}

func printfPath(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("printf")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A value is exactly one argument, or exactly its text within one, in every shell a login can have.
func TestValuesArriveExactly(t *testing.T) {
	p := `printf '%s\0' `
	places := []struct{ name, script, want string }{
		{"bare", p + `{{v}}`, "V\x00"},
		{"blanks in the braces", p + `{{ v }} {{	v}}`, "V\x00V\x00"},
		{"beside text", p + `a{{v}}b{{v}}`, "aVbV\x00"},
		{"between words", p + `a {{v}} b`, "a\x00V\x00b\x00"},
		{"single", p + `'a {{v}} b'`, "a V b\x00"},
		{"double", p + `"a {{v}} b"`, "a V b\x00"},
		{"alone in quotes", p + `'{{v}}' "{{v}}"`, "V\x00V\x00"},
		{"after other quotes", p + `'x'"y"{{v}}"z"'w'`, "xyVzw\x00"},
		{"after an escaped quote", p + `a\'{{v}}`, "a'V\x00"},
		{"option", p + `--name={{v}}`, "--name=V\x00"},
		{"inner shell by argument", `sh -c '` + printfPath(t) + ` "%s\0" "$1"' sh {{v}}`, "V\x00"},
	}
	posix := []struct{ name, script, want string }{
		{"escaped quote within double", p + `"a\"{{v}}\""`, "a\"V\"\x00"},
		{"substitution", p + `"$(` + p + `{{v}}x | tr -d '\0')"`, "Vx\x00"},
		{"substitution with quotes", p + `"<$(echo "a b" 'c' >/dev/null; ` + printfPath(t) + ` %s "{{v}}x")>"`, "<Vx>\x00"},
		{"variable", "v={{v}}\n" + p + `"$v"`, "V\x00"},
		{"comment", "# don't {{v}}\n" + p + `{{v}} # it's {{v}}`, "V\x00"},
		{"after a here-document", "cat >/dev/null <<'E O'\nit's \"\nE O\n" + p + "{{v}}", "V\x00"},
		{"after arithmetic", p + `$((1 << 2)) {{v}}`, "4\x00V\x00"},
		{"after a variable in braces", p + `"${UNSET-x}{{v}}"`, "xV\x00"},
		{"continued line", p + "a \\\n{{v}}", "a\x00V\x00"},
		{"if and case", "case a in a) " + p + "{{v}};; esac\nif true; then (" + p + "{{v}}); fi", "V\x00V\x00"},
	}
	dir := t.TempDir()
	for name, shell := range shells(t, "sh", "bash", "dash", "zsh", "ksh", "busybox", "fish", "csh", "tcsh") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, vals := places, values
			if name != "csh" && name != "tcsh" {
				vals = append(slices.Clone(values), lineBreaks...)
				if name != "fish" {
					all = append(slices.Clone(places), posix...)
				}
			}
			for _, place := range all {
				var scripts, wants []string
				size := 0
				// Many in one call: a shell that reads one of them wrong prints other words, or the rest doesn't come.
				flush := func() {
					out, _ := run(t, dir, shell, strings.Join(scripts, "\n"))
					if out == strings.Join(wants, "") {
						scripts, wants, size = nil, nil, 0
						return
					}
					before := t.Failed()
					for i, script := range scripts {
						if out, err := run(t, dir, shell, script); out != wants[i] || err != nil {
							t.Errorf("%s: got %q, want %q, %v\nscript: %s", place.name, cutTo(out, 100), cutTo(wants[i], 100), err, cutTo(script, 300))
						}
					}
					if before == t.Failed() {
						t.Errorf("%s: each alone is right, together they print %q", place.name, cutTo(out, 1000))
					}
					scripts, wants, size = nil, nil, 0
				}
				for _, value := range vals {
					script, err := render(place.script, map[string]string{"v": value}, nil)
					if err != nil {
						t.Fatalf("%s: %v", place.name, err)
					}
					if (name == "csh" || name == "tcsh") && len(script) > 900 {
						continue // csh has short words
					}
					if size += len(script) + 1; size > maxArgument {
						flush()
						size = len(script) + 1
					}
					scripts, wants = append(scripts, script), append(wants, strings.ReplaceAll(place.want, "V", value))
				}
				flush()
			}
			noCanary(t, dir)
		})
	}
}

// csh can't take a line break in a word. Nothing of the script may run then.
func TestLineBreaksRunNothingInCsh(t *testing.T) {
	dir := t.TempDir()
	for name, shell := range shells(t, "sh", "csh", "tcsh") {
		if name == "sh" {
			continue
		}
		for _, value := range append(slices.Clone(lineBreaks), "a\ntouch canary", "a\ntouch canary\n") {
			for _, before := range []string{"", "#!/bin/sh\n", "#!/bin/bash -eu\n"} {
				script, err := render(before+"echo begin; echo {{v}}", map[string]string{"v": value}, nil)
				if err != nil {
					t.Fatal(err)
				}
				out, err := run(t, dir, shell, script)
				if out != "" || err == nil {
					t.Errorf("%s with %q: %q, %v", name, value, out, err)
				}
				noCanary(t, dir)
			}
		}
	}
}

func cutTo(s string, n int) string { return s[:min(n, len(s))] }

func noCanary(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "canary")); err == nil {
		t.Error("a value was run as code")
		_ = os.Remove(filepath.Join(dir, "canary"))
	}
}

func TestRefusedPlaces(t *testing.T) {
	for _, script := range []string{
		"cat <<E\n{{v}}\nE", "cat <<'E'\n{{v}}\nE", "cat <<-E\n\t{{v}}\n\tE", "cat <<{{v}}\nx\n", "cat <<E\nno end {{v}}",
		"echo `ls {{v}}`", "echo \"`ls {{v}}`\"", "echo ${x:-{{v}}}", `echo "${x:-{{v}}}"`, "echo $(({{v}} + 1))", "(( {{v}} ))", "echo $'{{v}}'",
		`echo \{{v}}`, `echo "\{{v}}"`, `echo '\{{v}}'`, "echo ${{v}}", `echo "${{v}}"`, "echo $'a\\'' {{v}}",
		`echo "$(case x in x) echo;; esac)" {{v}}`, `tr '\' / {{v}}`, `echo "${x//\"/}" {{v}}`,
		`sh -c 'echo {{v}}'`, `bash -lc "echo {{v}}"`, `sudo -u x sh -c "echo {{v}}"`, `su - x -c 'echo {{v}}'`, `eval "echo {{v}}"`, `a; /bin/sh -ec 'x {{v}}'`,
	} {
		if _, err := render(script, map[string]string{"v": "x"}, nil); domain.CodeOf(err) != domain.CodeInvalid || domain.AsError(err).Field != "script" || domain.AsError(err).Hint == "" {
			t.Errorf("%q: %v", script, err)
		}
	}
}

func TestLiteral(t *testing.T) {
	for script, want := range map[string]string{
		`docker ps --format '{{.Names}}'`: `docker ps --format '{{.Names}}'`,
		`{{ range . }}{{end }}`:           `{{ range . }}E`,
		`{{1a}} {{}} {{ }} {{a b}} {{a`:   `{{1a}} {{}} {{ }} {{a b}} {{a`,
		`{{{{v}} {{{{ v }}`:               `{{v}} {{ v }}`,
		`{{{v}}}`:                         `{V}`,
		`# {{v}}`:                         `# {{v}}`,
		"cat <<E\n{{{{v}}\nE\n{{v}}":      "cat <<E\n{{v}}\nE\nV",
		`grep -c "{{v}}" f`:               `grep -c ""V"" f`,
		"":                                "",
	} {
		got, err := render(script, map[string]string{"v": "V", "end": "E"}, nil)
		if err != nil {
			t.Errorf("%q: %v", script, err)
			continue
		}
		if got = strings.ReplaceAll(strings.ReplaceAll(got, "'V'", "V"), "'E'", "E"); got != want {
			t.Errorf("%q: got %q, want %q", script, got, want)
		}
	}
	if got := ParseParams("{{b}} {{a}} {{ b }} # {{c}}\n{{d-e}} {{{{f}}"); !slices.Equal(got, []string{"b", "a", "d-e"}) {
		t.Errorf("got %q", got)
	}
}

// FuzzNoInjection builds scripts out of what makes quoting hard, and puts values in that make a file if any of them is
// run. Whatever such a script means to a shell, that file must not appear.
func FuzzNoInjection(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed)
	}
	pieces := []string{
		"{{v}}", "{{v}}", "{{v}}", "'", "'", `"`, `"`, `\`, "$(", ")", "(", "`", "$", "#", " ", " ", "\n", ";", "<<E", "<<'E'", "<<-E", "\nE\n", "${x}", "${x:-", "}", "{",
		"$((", "))", "((", "case x in x)", ";;", "esac", "echo ", ": ", "$'", `$"`, "[[ ", " ]]", "<<<", "|", "&", "if ", "then ", "fi", "{{{{v}}", "x", "=", "\t", "\\\n", "!",
	}
	payloads := []string{": >canary", "$(: >canary)", "`: >canary`", "; : >canary;", "\n: >canary\n", "\nE\n: >canary\n", ") : >canary", ")) ; : >canary"}
	edges := []string{"", "'", `"`, `\'`, `\"`, `'"`, `"'`, `\`, "}", "`", `'\''`, "#", "$", "$'", "\nE\n"}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 7))
		pick := func(from []string) string { return from[r.IntN(len(from))] }
		for range 8 {
			var script strings.Builder
			script.WriteString(pick([]string{"", "echo ", "echo '", `echo "`}))
			for range 1 + r.IntN(14) {
				script.WriteString(pick(pieces))
			}
			value := pick(edges) + pick(payloads) + pick(edges)
			got, err := render(script.String(), map[string]string{"v": value}, nil)
			if err != nil || !slices.Contains(ParseParams(script.String()), "v") {
				continue
			}
			dir := t.TempDir()
			for name, shell := range shells(t, "sh", "bash", "dash", "zsh", "fish", "busybox") {
				_, _ = run(t, dir, shell, got)
				if _, err := os.Stat(filepath.Join(dir, "canary")); err == nil {
					t.Fatalf("%s ran a value as code\ntemplate: %q\nvalue: %q\nscript: %q", name, script.String(), value, got)
				}
			}
		}
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add("echo {{a}} '{{b}}' \"$(x {{c}})\"", "v")
	f.Add("cat <<E\n{{a}}", "\x00")
	f.Fuzz(func(t *testing.T, script, value string) {
		var whole strings.Builder
		for _, p := range parse(script) {
			whole.WriteString(p.text)
		}
		if whole.String() != script {
			t.Fatalf("parts of %q are %q", script, whole.String())
		}
		all := map[string]string{}
		for _, name := range ParseParams(script) {
			all[name] = value
		}
		if got, err := render(script, all, nil); err == nil && len(all) == 0 && !strings.Contains(script, "{{{{") && got != script {
			t.Fatalf("%q became %q", script, got)
		}
	})
}

func ExampleQuote() {
	fmt.Println(Quote("it's 5!"), Quote(""))
	// Output: 'it'\''s 5'\! ''
}
