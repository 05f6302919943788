package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/planted"
	"vmorchestrator/internal/sshdtest"
)

// save saves a command in the data folder, as the window does.
func (d *data) save(c domain.Command) {
	d.t.Helper()
	a, err := app.Open(d.t.Context(), app.Config{DataDir: d.dir, SSHConfig: d.home.ConfigFile})
	must(d.t, err)
	_, err = a.Commands.Create(d.t.Context(), c)
	must(d.t, err)
	must(d.t, a.Close(d.t.Context()))
}

// secretive tells the check sums of its secrets, one from the environment and one from the standard input, and runs on
// until the file "go" is in dir.
func secretive(dir string) domain.Command {
	return domain.Command{
		Name: "secretive",
		Script: `printf %s {{token}} | sha256sum
IFS= read -r line
printf %s "$line" | sha256sum
until test -e ` + filepath.Join(dir, "go") + `; do sleep 0.05; done`,
		Params: []domain.Param{
			{Name: "token", Type: domain.ParamSecret, Required: true}, {Name: "sudo", Type: domain.ParamSecret, Required: true, Stdin: true},
		},
	}
}

func sum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// Secrets of each kind are planted; while they are used and afterwards they are nowhere but where they must be: typed
// into the terminal, and in the environment of the script that asked for one. What is looked for in the same way and
// was put there on purpose is found.
func TestPlantedSecretsAreNowhere(t *testing.T) {
	passphrase, token, sudo, control := planted.New(t), planted.New(t), planted.New(t), planted.New(t)
	secrets := map[string]string{"passphrase": passphrase, "token": token, "sudo": sudo}
	home := sshdtest.NewHome(t)
	o := sshdtest.Options{}
	password := ""
	if os.Geteuid() == 0 { // only root can give an account a password
		password = planted.New(t)
		secrets["password"] = password
		o.Password, o.Shell = password, "/bin/bash"
	}
	srv := sshdtest.Start(t, o)
	key, err := sshdtest.NewKey(filepath.Join(home.Dir, ".ssh"), "id_locked", sshdtest.Ed25519, passphrase)
	must(t, err)
	home.Host("locked", srv, "IdentityFile "+key.Path)
	home.Ready("ready", sshdtest.Start(t, sshdtest.Options{}))
	home.Trust(srv)
	must(t, srv.Authorize(key.Public))
	on, questions := []string{"run", "--on", "locked"}, map[string]string{"token:": token, "sudo:": sudo, "Passphrase for " + key.Path: passphrase}
	if password != "" {
		home.Host("word", srv, "PubkeyAuthentication no")
		on = append(on, "--on", "word")
		questions["Password for "] = password
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	d := newData(t, home)
	d.save(secretive(dir))

	vmo := d.sit(append(on, "--template", "secretive")...)
	vmo.answer(questions)
	machines := len(on) / 2
	eventually(t, "the scripts have their secrets", func() bool { return strings.Count(vmo.out.String(), "|") >= 2*machines || !vmo.running() })
	look := func(when string) {
		t.Helper()
		for name, secret := range secrets {
			except := ""
			if name == "token" {
				except = "VMO_SSHD_TEST=" // all that the test's own server runs
			}
			if found := planted.Processes(secret, except); len(found) > 0 {
				t.Errorf("%s: the %s is in %s", when, name, found)
			}
			if found := planted.Files(t, d.dir, secret); len(found) > 0 {
				t.Errorf("%s: the %s is in %s", when, name, found)
			}
		}
	}
	look("while it runs")
	// Bash has no environment that it made itself in /proc; what it starts has, and each sleep of the script is a short one.
	eventually(t, "the environment of what the script starts is looked at", func() bool { return len(planted.Processes(token, "")) > 0 })
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", vmo.Process.Pid))
	must(t, err)
	if !regexp.MustCompile(`Max core file size\s+1 `).Match(limits) {
		t.Errorf("vmo may dump core:\n%s", limits)
	}
	must(t, os.WriteFile(filepath.Join(dir, "go"), nil, 0o644))
	if status := vmo.exit(); status != exitOK {
		t.Fatalf("exit status %d\n%s%s", status, vmo.out, vmo.screen)
	}
	out := vmo.out.String()
	if strings.Count(out, sum(token)) != machines || strings.Count(out, sum(sudo)) != machines {
		t.Errorf("%d machines printed %q; token %s, sudo %s", machines, out, sum(token), sum(sudo))
	}
	look("afterwards")
	shown := out + vmo.screen.String() + vmo.errs.String() + d.ok("jobs", "--json") + d.ok("logs", "1") + srv.Log()
	for name, secret := range secrets {
		if planted.In([]byte(shown), secret) {
			t.Errorf("the %s was shown: %s", name, shown)
		}
		if found := planted.Files(t, home.Dir, secret); len(found) > 0 {
			t.Errorf("the %s is in %s", name, found)
		}
	}

	// The control: a secret that somebody puts on the command line is found at each of these places.
	must(t, os.Remove(filepath.Join(dir, "go")))
	careless := d.start("run", "--on", "ready", "--", "echo "+control+"; until test -e "+filepath.Join(dir, "go")+"; do sleep 0.05; done")
	eventually(t, "the careless command prints", func() bool { return careless.out.String() != "" || !careless.running() })
	if planted.Processes(control, "") == nil || planted.Files(t, d.dir, control) == nil || !planted.In([]byte(d.ok("jobs", "--json")), control) {
		t.Error("a secret on a command line was not found")
	}
	must(t, os.WriteFile(filepath.Join(dir, "go"), nil, 0o644))
	if careless.exit() != exitOK || planted.Files(t, d.dir, control) == nil {
		t.Error("a secret on a command line was not found afterwards")
	}
}

// Secrets come in by a variable or a file descriptor, never by --set, and where nobody can be asked it is said how.
func TestHandingSecretsIn(t *testing.T) {
	t.Parallel()
	home := sshdtest.NewHome(t)
	home.Ready("box", sshdtest.Start(t, sshdtest.Options{}))
	d := newData(t, home)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "go"), nil, 0o644))
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	d.save(secretive(dir))
	file := filepath.Join(t.TempDir(), "sudo")
	must(t, os.WriteFile(file, []byte("from a file\n"), 0o600))
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	cmd := d.command("run", "--json", "--on", "box", "--template", "Secretive", "--set-from-env", "token=TOKEN", "--set-from-fd", "sudo=3")
	cmd.Env, cmd.ExtraFiles = append(cmd.Env, "TOKEN=from a variable"), []*os.File{f}
	out, err := cmd.CombinedOutput()
	if text := string(out); err != nil || !strings.Contains(text, sum("from a variable")) || !strings.Contains(text, sum("from a file")) {
		t.Errorf("%v\n%s", err, text)
	}
	for _, secret := range []string{"from a variable", "from a file"} {
		if planted.In(out, secret) || planted.Files(t, d.dir, secret) != nil {
			t.Errorf("%q was printed or stored: %s", secret, out)
		}
	}
	for want, args := range map[string][]string{
		"every user of this computer":     {"--set", "token=x"},
		"nobody to ask":                   {"--set-from-fd", "token=0"},
		"nothing in the variable NOTHING": {"--set-from-env", "token=NOTHING"},
		"can't be read":                   {"--set-from-fd", "token=77"},
		"no file descriptor":              {"--set-from-fd", "token=x"},
		"no secret parameter":             {"--set-from-fd", "token=0", "--set-from-env", "sudo=HOME", "--set-from-env", "other=HOME"},
	} {
		cmd := d.command(append([]string{"run", "--on", "box", "--template", "secretive"}, args...)...)
		cmd.Stdin = strings.NewReader("typed")
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), want) {
			t.Errorf("%q: exit status %d, want %q\n%s", args, cmd.ProcessState.ExitCode(), want, out)
		}
	}
	if jobs := d.jobs(); len(jobs) != 1 {
		t.Errorf("%d jobs were run", len(jobs))
	}
}

// A vmo that crashes leaves no core, though the person's shell allows them and the system writes them for others.
func TestNoCoreFile(t *testing.T) {
	t.Parallel()
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	must(t, err)
	cores := func(script string) int {
		dir := t.TempDir()
		cmd := exec.Command("sh", "-c", "ulimit -c unlimited; "+script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOTRACEBACK=crash", "VMO_DATA_DIR="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Fatalf("%s: it did not crash: %s", script, out)
		}
		files, err := os.ReadDir(dir)
		must(t, err)
		return len(files)
	}
	if n := cores(vmoBinary + ` --demo run --all --quiet -- sleep 60 & pid=$!
until grep -q "core file size  *1 " /proc/$pid/limits; do sleep 0.05; done
kill -ABRT $pid; wait $pid`); n != 0 {
		t.Errorf("vmo left %d files", n)
	}
	if n := cores(`sh -c 'kill -ABRT $$'`); n == 0 && !strings.ContainsAny(string(pattern), "|/") {
		t.Error("no core of another program either: the test can't tell anything")
	}
}
