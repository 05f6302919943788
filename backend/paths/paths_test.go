package paths

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"vmorchestrator/backend/domain"
)

func env(vars map[string]string, home string) Env {
	return Env{
		Getenv:   func(k string) string { return vars[k] },
		Home:     func() (string, error) { return home, nil },
		DataHome: func() string { return filepath.Join(home, "share") },
	}
}

func TestDefaultsLieUnderTheDataHomeAndArePrivate(t *testing.T) {
	home := t.TempDir()
	p, err := Resolve(env(nil, home))
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(home, "share", "vmorchestrator")
	want := Paths{
		Home: home, Data: data, Database: filepath.Join(data, "vmo.db"), Locks: filepath.Join(data, "locks"), Logs: filepath.Join(data, "logs"),
		SSHConfig: filepath.Join(home, ".ssh", "config"), SystemSSHConfig: p.SystemSSHConfig,
	}
	if p != want {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	for _, folder := range []string{p.Data, p.Locks, p.Logs} {
		info, err := os.Stat(folder)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", folder, info.Mode(), err)
		}
	}
}

func TestEnvironmentAndFlagsOverrule(t *testing.T) {
	dir := t.TempDir()
	e := env(map[string]string{EnvDataDir: filepath.Join(dir, "d"), EnvSSHConfig: filepath.Join(dir, "c")}, dir)
	p, err := Resolve(e)
	if err != nil || p.Data != filepath.Join(dir, "d") || p.SSHConfig != filepath.Join(dir, "c") || p.SSHConfigFlag != p.SSHConfig || p.SystemSSHConfig != "" {
		t.Fatalf("%+v %v", p, err)
	}
	e.DataDir, e.Demo = filepath.Join(dir, "x"), true
	p, err = Resolve(e)
	if err != nil || p.Data != filepath.Join(dir, "x", "demo") || p.DemoKnownHosts == "" {
		t.Fatalf("%+v %v", p, err)
	}
}

func TestNoPlaceIsAClearError(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	noHome := env(nil, "")
	failing := env(nil, dir)
	failing.Home = func() (string, error) { return "", errors.New("$HOME is not defined") }
	relative := env(nil, dir)
	relative.DataHome = func() string { return "share" }
	for name, e := range map[string]Env{
		"empty home": noHome, "no home": failing, "relative data home": relative,
		"a file in the way": env(map[string]string{EnvDataDir: file}, dir),
		"below a file":      env(map[string]string{EnvDataDir: filepath.Join(file, "x")}, dir),
	} {
		_, err := Resolve(e)
		if domain.CodeOf(err) != domain.CodeDataFolder || domain.AsError(err).Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
