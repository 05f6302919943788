//go:build unix

package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// gValues is everything that ssh -G prints, or its refusal.
func gValues(t testing.TB, file string, target domain.Target) (map[string][]string, error) {
	t.Helper()
	out, err := exec.Command("ssh", (&GResolver{ConfigFile: file}).arguments(target)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return valuesOf(string(out)), err
}

// compare holds the own answer against ssh -G in every keyword. It says whether the own resolver answered.
func compare(t testing.TB, r *Resolver, target domain.Target) (mine bool, why error) {
	t.Helper()
	got, err := r.own(context.Background(), target)
	if err != nil {
		var ask *notMine
		if !errors.As(err, &ask) {
			t.Errorf("%v: %v", target, err)
		}
		return false, err
	}
	want, refusal := gValues(t, r.ConfigFile, target)
	if refusal != nil {
		t.Errorf("%v: answered what ssh refuses: %v", target, refusal)
	}
	for _, name := range differences(got.values, want) {
		if refusal != nil {
			break
		}
		t.Errorf("%s of %v: own %q, ssh %q", name, target, got.values[name], want[name])
	}
	for name, values := range got.values {
		if len(got.origins[name]) != len(values) {
			t.Errorf("%s: %d origins for %d values", name, len(got.origins[name]), len(values))
		}
		for _, at := range got.origins[name] {
			if keyword := keywordAt(t, at); keyword != "" && keyword != name && (name != "tunnel" || keyword != "clearallforwardings") {
				t.Errorf("%s is said to be from %s:%d, where %s stands", name, at.File, at.Line, keyword)
			}
		}
	}
	return true, nil
}

// keywordAt is the keyword of a line, under its present name; "" for an origin that is no line.
func keywordAt(t testing.TB, at Origin) string {
	t.Helper()
	if at.File == "" {
		return ""
	}
	data, err := os.ReadFile(at.File)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	if at.Line < 1 || at.Line > len(lines) {
		return "no line"
	}
	keyword, _, _ := splitKeyword(lines[at.Line-1])
	if canonical, ok := aliases[keyword]; ok {
		return canonical
	}
	return keyword
}

// The own resolver answers as ssh -G does in every keyword, for every case but a few that it hands over, and never where
// ssh refuses.
func TestOwnOnEveryCase(t *testing.T) {
	home := lay(t)
	answered, handedOver, refused := 0, []string{}, []string{}
	for _, c := range cases(t) {
		path := filepath.Join(home, c.file)
		r := &Resolver{ConfigFile: path}
		over, no := "", false
		for _, dest := range c.destinations {
			mine, why := compare(t, r, domain.Target{Alias: dest})
			if mine {
				answered++
				continue
			}
			over = fmt.Sprintf("%s: %v", c.file, strings.ReplaceAll(why.Error(), home, "~"))
			_, refusal := gValues(t, path, domain.Target{Alias: dest})
			no = no || refusal != nil
		}
		switch {
		case no:
			refused = append(refused, over)
		case over != "":
			handedOver = append(handedOver, over)
		}
	}
	t.Logf("%d answers; %d files handed over; %d files refused by ssh", answered, len(handedOver), len(refused))
	t.Logf("handed over:\n%s", strings.Join(handedOver, "\n"))
	t.Logf("refused by ssh:\n%s", strings.Join(refused, "\n"))
	if len(handedOver) > 6 || len(refused) > 12 || answered < 70 {
		t.Errorf("%d answers, %d files handed over, %d refused", answered, len(handedOver), len(refused))
	}
	if !slices.ContainsFunc(handedOver, func(s string) bool { return strings.Contains(s, "exec at ~/27-match-exec.conf:1") }) {
		t.Errorf("Match exec is not among them: %q", handedOver)
	}
}

// Configurations by which own answers were once found to differ.
func TestOnceDifferent(t *testing.T) {
	for _, text := range []string{
		"ProxyJump none\nProxyCommand nc %h %p\n",                                     // takes effect since 9.2
		"Match final\nCanonicalizeFallbackLocal no\n",                                 // has its default by then
		"Match final\nCanonicalizeMaxDots 3\n",                                        // the same
		"LogLevel QUIET\n",                                                            // is printed by its other name
		"ForwardAgent $X\nExitOnForwardFailure yes\n",                                 // is refused if there is no socket
		"Match final\nSendEnv A\nMatch all\nSendEnv B\n",                              // is added in both passes
		"HostName Db.Example\nHost db.example\nUser final\nMatch final all\nPort 2\n", // Host lines see the new name then
	} {
		if _, _ = compare(t, &Resolver{ConfigFile: put(t, filepath.Join(t.TempDir(), "config"), text)}, domain.Target{Alias: "web"}); t.Failed() {
			t.Fatalf("%q", text)
		}
	}
}

// Every keyword of the proven set is held against ssh, alone and before another value of its own, with good and bad
// values; and each has a value that is answered, or it would not be proven.
func TestEveryKeyword(t *testing.T) {
	t.Setenv("VMO_FUZZ_DIR", "/tmp/fuzz")
	dir := t.TempDir()
	answers := 0
	for _, name := range slices.Sorted(maps.Keys(keywords)) {
		pool := fuzzValues[name]
		if len(pool) == 0 {
			pool = anyValues
		}
		mine := 0
		for i, value := range pool {
			text := fmt.Sprintf("Host web\n%s %s\n%s %s\nMatch final host web\n%s %s\n", name, value, name, pool[(i+1)%len(pool)], name, pool[(i+2)%len(pool)])
			if i%2 == 1 {
				text = fmt.Sprintf("Host other\n%s %s\nHost web\n%s=%s # x\n", name, pool[0], name, value)
			}
			if ok, _ := compare(t, &Resolver{ConfigFile: put(t, filepath.Join(dir, "config"), text)}, domain.Target{Alias: "web"}); ok {
				mine++
			}
			if t.Failed() {
				t.Fatalf("%q", text)
			}
			if ok, _ := compare(t, &Resolver{ConfigFile: put(t, filepath.Join(dir, "config"), name+" "+value+"\n")}, domain.Target{Alias: "web"}); ok {
				mine++
			}
			if t.Failed() {
				t.Fatalf("%s %s", name, value)
			}
		}
		if mine == 0 {
			t.Errorf("%s is never answered", name)
		}
		answers += mine
	}
	t.Logf("%d answers", answers)
}

// A key file and a jump host that the person set beside the address count before those of the files, as with -o and -J.
func TestOwnWithKeyAndJump(t *testing.T) {
	mine := 0
	for _, text := range []string{
		"", "Host other\nUser x\n", "IdentityFile ~/.ssh/mine\n", "ProxyJump first\n", "ProxyCommand nc %h %p\n", "IdentitiesOnly yes\nIdentityFile none\n",
	} {
		r := &Resolver{ConfigFile: put(t, filepath.Join(t.TempDir(), "config"), text)}
		for _, target := range []domain.Target{
			{Host: "10.0.0.5", IdentityFile: "~/.ssh/deploy"},
			{Host: "10.0.0.5", IdentityFile: "/keys/with a blank"},
			{Host: "10.0.0.5", Jump: "bastion"},
			{Host: "10.0.0.5", Jump: "ops@bastion:2222,[2001:db8::1]:22", User: "deploy", Port: 2200},
			{Host: "10.0.0.5", Jump: "none"},
		} {
			if is, _ := compare(t, r, target); is {
				mine++
			}
			if t.Failed() {
				t.Fatalf("%q %+v", text, target)
			}
		}
	}
	if mine < 24 {
		t.Errorf("only %d of 30 were answered without ssh", mine)
	}
}

// What could be an option or a second line never gets as far as ssh.
func TestTargetThatIsNoTarget(t *testing.T) {
	r := &Resolver{ConfigFile: put(t, filepath.Join(t.TempDir(), "config"), "")}
	for field, target := range map[string]domain.Target{
		"jump":         {Host: "a", Jump: "-oProxyCommand=id"},
		"identityFile": {Host: "a", IdentityFile: "x\"\nProxyCommand id"},
		"host":         {Host: "-oProxyCommand=id"},
	} {
		if _, err := r.Resolve(context.Background(), target); domain.CodeOf(err) != domain.CodeInvalid || domain.AsError(err).Field != field {
			t.Errorf("%+v: %v", target, err)
		}
	}
}
