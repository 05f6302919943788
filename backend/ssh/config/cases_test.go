package config

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// testCase is one line of testdata/cases/cases.tsv, laid out in a home of its own.
type testCase struct {
	file         string
	destinations []string
	keywords     []string
}

func cases(t *testing.T) []testCase {
	t.Helper()
	text, err := os.ReadFile("testdata/cases/cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out []testCase
	for line := range strings.Lines(string(text)) {
		if parts := strings.Split(strings.TrimSpace(line), "\t"); len(parts) == 3 && !strings.HasPrefix(line, "#") {
			out = append(out, testCase{parts[0], strings.Fields(parts[1]), strings.Fields(parts[2])})
		}
	}
	if len(out) != 60 {
		t.Fatalf("%d cases", len(out))
	}
	return out
}

// put writes a file that nobody else may write, and gives its path.
func put(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lay copies the cases' home into a folder and puts its path for @HOME@. ssh takes "~" from the account, whatever HOME
// says, so relative and "~" Includes get the full path: what is compared is what ssh makes of the rest.
func lay(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	put := func(from, to string) {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.ReplaceAll(string(data), "@HOME@", home), "\n")
		for i, line := range lines {
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "include") {
				line = strings.ReplaceAll(line, "~/.ssh/", home+"/.ssh/")
				for _, start := range []string{" ", "\t", `"`} {
					line = strings.ReplaceAll(line, start+"conf.d/", start+home+"/.ssh/conf.d/")
					line = strings.ReplaceAll(line, start+"nothere/", start+home+"/.ssh/nothere/")
				}
				lines[i] = line
			}
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir("testdata/cases/home", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel("testdata/cases/home", path)
			put(path, filepath.Join(home, rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/cases/*.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		put(file, filepath.Join(home, filepath.Base(file)))
	}
	return home
}

// sshG is the plain answer of ssh, or its refusal.
func sshG(file, dest string) (map[string]string, error) {
	out, err := exec.Command("ssh", "-G", "-T", "-F", file, "--", dest).Output()
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, have := values[key]; !have {
			values[key] = value
		}
	}
	return values, nil
}

// What a list shows must be what ssh would use, for every file whose values don't hang on Match, canonicalisation or the
// account.
func TestListShowsWhatSSHWouldUse(t *testing.T) {
	home := lay(t)
	compared := 0
	for _, c := range cases(t) {
		path := filepath.Join(home, c.file)
		data, _ := os.ReadFile(path)
		hosts, _, problems, err := (&Lister{ConfigFile: path, Home: home}).List(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		lower := strings.ToLower(string(data))
		if strings.Contains(lower, "match ") || strings.Contains(lower, "canonicalizehostname") {
			continue
		}
		for _, h := range hosts {
			want, err := sshG(path, h.Alias)
			if err != nil { // ssh refuses the file: then there is nothing to be equal to
				continue
			}
			compared++
			port := h.Port
			if port == 0 {
				port = 22
			}
			user := h.User
			if user == "" {
				user = localUser(t)
			}
			jump := want["proxyjump"]
			if jump == "none" {
				jump = ""
			}
			got := []string{h.Host, user, domain.Address("", "x", port), h.Jump}
			expected := []string{want["hostname"], want["user"], "x:" + want["port"], jump}
			if want["port"] == "22" {
				expected[2] = "x"
			}
			if strings.HasPrefix(c.file, "14-") {
				expected[1] = strings.ToValidUTF8(expected[1], "\uFFFD")
			}
			if strings.HasPrefix(c.file, "37-") { // ProxyCommand written first switches ProxyJump off
				got, expected = got[:3], expected[:3]
			}
			if !slices.Equal(got, expected) {
				t.Errorf("%s, %s: list shows %q, ssh uses %q (problems %v)", c.file, h.Alias, got, expected, problems)
			}
		}
	}
	if compared < 40 {
		t.Errorf("only %d hosts were compared", compared)
	}
	t.Logf("%d hosts compared with ssh -G", compared)
}

func localUser(t *testing.T) string {
	t.Helper()
	u := (&GResolver{}).environment()
	return u.localUser
}

// A file that ssh takes lists every plain name of its Host lines; a file that ssh refuses lists what can be read and says
// where the fault is.
func TestListOfEveryCase(t *testing.T) {
	home := lay(t)
	want := map[string]string{
		"09-tabs.conf": "web db", "08-keyword-value.conf": "web", "11-quoted.conf": "web", "10-crlf.conf": "web",
		"13-in-value.conf": "web", "15-bom.conf": "web", "16-include-rel-glob.conf": "inca web incb space",
		"18-include-quoted-tab-missing.conf": "space inca web incb z", "19-include-leaks-host-scope.conf": "a",
		"42-port-name-bad-port.conf": "web", "51-no-value.conf": "web", "52-trailing-garbage.conf": "web",
		"53-unterminated-quote.conf": "web", "05-negation.conf": "", "06-wildcard.conf": "", "07-case-keyword-host.conf": "WEB web",
		"27-match-exec.conf": "", "55-ipv6-alias.conf": "v6 2001:db8::9", "56-include-loop.conf": "web",
		"57-first-line-indented-kw-no-host.conf": "web", "59-form-feed-vtab-nul.conf": "web db", "60-long-line-20k.conf": "web",
	}
	problemAt := map[string]int{
		"11-quoted.conf": 1, "15-bom.conf": 1, "19-include-leaks-host-scope.conf": 1, "42-port-name-bad-port.conf": 2, "43-port-out-of-range.conf": 2,
		"51-no-value.conf": 2, "52-trailing-garbage.conf": 2, "53-unterminated-quote.conf": 2, "56-include-loop.conf": 1,
	}
	for _, c := range cases(t) {
		hosts, files, problems, err := (&Lister{ConfigFile: filepath.Join(home, c.file), Home: home}).List(context.Background())
		if err != nil || len(files) == 0 || files[0].State != "read" {
			t.Fatalf("%s: %v %v", c.file, files, err)
		}
		var names []string
		for _, h := range hosts {
			names = append(names, h.Alias)
			if h.File == "" || h.Line == 0 {
				t.Errorf("%s: %q has no place", c.file, h.Alias)
			}
		}
		if expected, told := want[c.file]; told && strings.Join(names, " ") != expected {
			t.Errorf("%s: %q, want %q (%v)", c.file, names, expected, problems)
		}
		line, expected := problemAt[c.file]
		if expected != (len(problems) > 0) || (expected && problems[0].Line != line) {
			t.Errorf("%s: problems %+v, want one at line %d", c.file, problems, line)
		}
	}
}

// GResolver answers exactly where ssh does, and refuses with ssh's own place where ssh refuses.
func TestGResolverOnEveryCase(t *testing.T) {
	home := lay(t)
	answered, refused := 0, 0
	for _, c := range cases(t) {
		path := filepath.Join(home, c.file)
		r := &GResolver{ConfigFile: path, Home: home, Lookup: func(name string) (string, bool) { return "/env/" + name, true }}
		for _, dest := range c.destinations {
			if strings.ContainsAny(dest, "@/") && !strings.HasPrefix(dest, "ssh") {
				user, host, _ := strings.Cut(dest, "@")
				got, err := r.Resolve(context.Background(), domain.Target{User: user, Host: host})
				if err == nil && got.User != user {
					t.Errorf("%s %s: user %q", c.file, dest, got.User)
				}
				continue
			}
			want, refusal := sshG(path, dest)
			got, err := r.Resolve(context.Background(), domain.Target{Alias: dest})
			if refusal != nil {
				refused++
				if domain.CodeOf(err) != domain.CodeConfigInvalid || !strings.Contains(err.Error(), ":") {
					t.Errorf("%s %s: %v", c.file, dest, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s %s: %v", c.file, dest, err)
				continue
			}
			answered++
			if got.HostName != want["hostname"] || got.User != want["user"] || one(got.Raw, "port") != want["port"] {
				t.Errorf("%s %s: %s@%s:%d, ssh says %v", c.file, dest, got.User, got.HostName, got.Port, want)
			}
			for _, p := range slices.Concat(got.IdentityFiles, got.CertificateFiles, got.UserKnownHostsFiles) {
				if strings.HasPrefix(p, "~") || strings.Contains(p, "${") || strings.Contains(p, "%") {
					t.Errorf("%s %s: %q is not expanded", c.file, dest, p)
				}
			}
		}
	}
	t.Logf("%d answered, %d refused as by ssh", answered, refused)
	if answered < 70 || refused < 8 {
		t.Errorf("%d answered, %d refused", answered, refused)
	}
}
