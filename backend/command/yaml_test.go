package command

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

var vmsByID = map[string]string{"id-1": "web-1", "id-2": "db 2"}

func idsByName() map[string]string {
	out := map[string]string{}
	for id, name := range vmsByID {
		out[name] = id
	}
	return out
}

func fullCommand() domain.Command {
	return domain.Command{
		Name: "Deploy: a \"release\"", Group: "yes", Description: "# no comment", Kind: domain.KindSSH,
		Script: "\n  echo 'x'\t{{a}} {{b}} {{c}} {{d}} {{e}}\r\nkeep  \n\n", WorkDir: "~/it's", Env: map[string]string{"A": "1", "B": "null", "C": "a\nb"},
		Params: []domain.Param{
			{Name: "a", Type: domain.ParamNumber, Default: "007", Min: number(-1.5), Max: number(1e6), Required: true, Choices: []string{}, Help: "how: many"},
			{Name: "b", Type: domain.ParamChoice, Choices: []string{"no", "~", "a, b", " x"}, Default: "no"},
			{Name: "c", Type: domain.ParamOutput, From: "ls\ndate", FromLocal: true, Choices: []string{}, Pattern: `[a-z]+\d`},
			{Name: "d", Type: domain.ParamSecret, Choices: []string{}}, {Name: "e", Type: domain.ParamText, Choices: []string{}},
			{Name: "sudo", Type: domain.ParamSecret, Stdin: true, Choices: []string{}},
		},
		Scope:   domain.Scope{Kind: domain.ScopeVMs, Tags: []string{}, VMIDs: []string{"id-2", "id-1"}},
		Options: domain.RunOptions{Merge: true, ExpectsDisconnect: true, OnLost: domain.OnLostGoOn}, TimeoutSeconds: 90, Confirm: true,
	}
}

// What was written is read as exactly what it was, and writing that again gives the same bytes.
func TestYAMLRoundTrip(t *testing.T) {
	all := []domain.Command{fullCommand()}
	s, _ := newService()
	all = append(all, s.Shipped()...)
	r := rand.New(rand.NewPCG(1, 2))
	bits := []string{"a", " ", "\n", "\t", "\r\n", "'", `"`, ":", "# x", "- y", "é", "\u2028", "\ufeff", "\\", "|", ">", "%", "&a", "*b", "{", "\x1b", "\u0085", "---\n", "...\n", "null"}
	for i := range 300 {
		var script strings.Builder
		script.WriteString("x")
		for range r.IntN(20) {
			script.WriteString(bits[r.IntN(len(bits))])
		}
		all = append(all, domain.Command{
			Name: "Random " + string(rune('a'+i%26)) + strings.Repeat("z", i/26), Kind: domain.KindLocal, Script: strings.TrimPrefix(script.String(), "x") + "!", Params: []domain.Param{}, Env: map[string]string{},
			Scope: domain.Scope{Kind: domain.ScopeTags, Tags: []string{"x", "007"}, VMIDs: []string{}},
		})
	}
	text, err := Encode(all, vmsByID)
	if err != nil {
		t.Fatal(err)
	}
	back, problems := Decode("f.yaml", text, idsByName())
	if len(problems) > 0 || len(back) != len(all) {
		t.Fatalf("%d of %d, %v", len(back), len(all), problems)
	}
	again := make([]domain.Command, len(back))
	for i, r := range back {
		again[i] = r.Command
		got, want := r.Command, all[i]
		got.Order, want.Order, want.ID, want.Shipped = 0, 0, "", false
		if want.Scope.Kind == domain.ScopeVMs {
			want.Scope.VMIDs = got.Scope.VMIDs
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", want.Name, got, want)
		}
	}
	if second, err := Encode(again, vmsByID); err != nil || string(second) != string(text) {
		t.Errorf("the second file differs: %v", err)
	}
}

func TestYAMLProblemsTellTheLine(t *testing.T) {
	head := "version: 1\ncommands:\n"
	for text, want := range map[string]string{
		"":                               "f.yaml: there is nothing",
		"\t:":                            "f.yaml:1: this is no YAML",
		"version: 2\ncommands:":          "f.yaml:1: the file must say version: 1",
		"version: 1\n":                   "f.yaml:1: the file has no list",
		head + "- name: A\n  scrpt: x\n": `f.yaml:4: a command has no "scrpt"`,
		head + "- name: A\n  script: x\n- name: a\n  script: y\n": `f.yaml:5: "a" is there already, on line 3`,
		head + "- name: A\n": "f.yaml:3: a command needs a script",
		head + "- name: A\n  script: x\n  timeout: soon\n":                      "f.yaml:5: a time-out is like",
		head + "- name: A\n  script: x\n  timeout: 25h\n":                       "f.yaml:5: a time-out is like",
		head + "- name: A\n  script: x\n  vms: [nowhere]\n":                     `f.yaml:5: there is no VM named "nowhere"`,
		head + "- name: A\n  script: x {{a}}\n  params:\n  - name: b\n":         `f.yaml:6: the parameter "b" isn't in the script`,
		head + "- name: A\n  script: x {{a}}\n  params:\n  - {name: a, min: x}": "f.yaml:6: this must be a number",
		head + "- name: A\n  script: |\n    cat <<E\n    {{x}}\n    E\n":        "f.yaml:4: {{x}} can't stand inside of a here-document",
		head + "- &a\n  name: A\n  script: x\n- *a\n":                           "f.yaml:6: a command must have keys",
		head + "- name: A\n  script: x\n---\n":                                  "f.yaml: a file has one document",
	} {
		_, problems := Decode("f.yaml", []byte(text), nil)
		if len(problems) == 0 || !strings.HasPrefix(problems[0].String(), want) {
			t.Errorf("%q: %v, want %s", text, problems, want)
		}
	}
	// One that is wrong doesn't take the others along.
	if found, problems := Decode("f", []byte(head+"- name: A\n  script: x\n- name: B\n"), nil); len(found) != 1 || len(problems) != 1 {
		t.Errorf("%v %v", found, problems)
	}
}

func FuzzDecode(f *testing.F) {
	text, err := Encode([]domain.Command{fullCommand()}, vmsByID)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("version: 1\ncommands: [{name: a, script: b}]")
	f.Fuzz(func(t *testing.T, text string) {
		found, _ := Decode("f", []byte(text), idsByName())
		for _, r := range found {
			if err := r.Command.Validate(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			again, err := Encode([]domain.Command{r.Command}, vmsByID)
			if err != nil {
				t.Fatal(err)
			}
			back, problems := Decode("g", again, idsByName())
			if len(problems) > 0 || len(differences(back[0].Command, r.Command)) > 0 {
				t.Fatalf("%v\n%s\n%s", problems, text, again)
			}
		}
	})
}

func TestImportIsReviewedAndTakenWhole(t *testing.T) {
	s, m := newService()
	ctx := t.Context()
	for _, name := range []string{"Same", "Changed"} {
		if _, err := s.Create(ctx, domain.Command{Name: name, Script: "old"}); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	write(t, dir, "a.yaml", "version: 1\ncommands:\n- {name: same, script: old}\n- {name: Changed, script: new}\n")
	write(t, dir, "sub/b.yml", "version: 1\ncommands:\n- {name: Fresh, script: x}\n- {name: Broken}\n- {name: changed, script: twice}\n")
	write(t, dir, ".git/c.yaml", "no")
	review, err := s.ReviewImport(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, row := range review.Rows {
		states = append(states, row.Command.Name+" "+string(row.State)+" "+strings.Join(row.Fields, ","))
	}
	if got := strings.Join(states, "; "); got != "same changed name; Changed changed script; Fresh new " {
		t.Error(got)
	}
	if len(review.Problems) != 2 || review.Problems[0].String() != "sub/b.yml:4: a command needs a script" || !strings.Contains(review.Problems[1].Message, "is in a.yaml, too") {
		t.Errorf("%v", review.Problems)
	}
	if n, err := s.Import(ctx, review.Rows[1:]); err != nil || n != 2 || len(m.all) != 3 || m.all[1].Script != "new" {
		t.Errorf("%d, %v, %+v", n, err, m.all)
	}
	if _, err := s.ReviewImport(ctx, filepath.Join(dir, "none")); domain.AsError(err).Field != "path" {
		t.Errorf("missing: %v", err)
	}
}

func TestLibraryIsReadOnlyAndFollowsItsFolder(t *testing.T) {
	s, _ := newService()
	s.VMs = func(context.Context) (map[string]string, error) { return vmsByID, nil }
	ctx, dir := t.Context(), t.TempDir()
	write(t, dir, "team.yaml", "version: 1\ncommands:\n- {name: Shared, script: echo one}\n- {name: Bad}\n")
	s.UseLibrary(dir)
	if !s.CheckLibrary(ctx) || s.CheckLibrary(ctx) {
		t.Error("a change is told once")
	}
	list, err := s.List(ctx)
	if err != nil || len(list) != 1 || list[0].Library != "team.yaml" {
		t.Fatalf("%+v, %v", list, err)
	}
	c, err := s.Get(ctx, list[0].ID)
	if err != nil || c.Script != "echo one" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := s.Update(ctx, c); domain.CodeOf(err) != domain.CodeNotAllowed {
		t.Errorf("update: %v", err)
	}
	if err := s.Delete(ctx, c.ID); domain.CodeOf(err) != domain.CodeNotAllowed {
		t.Errorf("delete: %v", err)
	}
	if own, err := s.Create(ctx, c); err != nil || own.Library != "" || own.ID == c.ID {
		t.Errorf("a copy: %+v, %v", own, err)
	}
	if l := s.Library(ctx); l.Commands != 1 || len(l.Problems) != 1 || l.Problems[0].Line != 4 {
		t.Errorf("%+v", l)
	}
	write(t, dir, "team.yaml", "version: 1\ncommands:\n- {name: Shared, script: echo two}\n")
	if !s.CheckLibrary(ctx) {
		t.Error("not seen")
	}
	if c, err = s.Get(ctx, c.ID); err != nil || c.Script != "echo two" {
		t.Errorf("%+v, %v", c, err)
	}
	s.UseLibrary("")
	if list, err := s.List(ctx); err != nil || len(list) != 1 || list[0].Library != "" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestExportFolderHasAFileForEach(t *testing.T) {
	s, m := newService()
	for _, name := range []string{"Über: alles", "uber alles", "日本"} {
		if _, err := s.Create(t.Context(), domain.Command{Name: name, Script: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	files, err := s.ExportFolder(t.Context(), nil, dir)
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	review, err := s.ReviewImport(t.Context(), dir)
	if err != nil || len(review.Rows) != len(m.all) || len(review.Problems) > 0 {
		t.Fatalf("%+v, %v", review, err)
	}
	for _, row := range review.Rows {
		if row.State != ImportSame {
			t.Errorf("%s is %s: %v", row.Command.Name, row.State, row.Fields)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
