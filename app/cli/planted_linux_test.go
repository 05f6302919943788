package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/planted"
	"vmorchestrator/internal/sshdtest"
)

// filesWithPasswords are what people have: lists of machines with the passwords among them.
func filesWithPasswords(password string) map[string]string {
	return map[string]string{
		"hosts":      "[web]\nini-1 ansible_host=10.9.0.1 ansible_user=deploy ansible_password=" + password + "\nssh://deploy:" + password + "@10.9.0.2:22\n[web:vars]\nansible_become_pass=" + password + "\n",
		"hosts.yml":  "all:\n  hosts:\n    yml-1:\n      ansible_host: 10.9.1.1\n      ansible_ssh_pass: " + password + "\n      ansible_ssh_common_args: \"-o ProxyCommand='sshpass -p " + password + " ssh gate'\"\n",
		"vms.csv":    "name,host,user,Password\ncsv-1,10.9.2.1,deploy," + password + "\ncsv-2,ssh://deploy:" + password + "@10.9.2.2:2222,," + password + "\n",
		"vms.json":   `[{"name": "json-1", "host": "10.9.3.1", "ssh_password": "` + password + `"}, "ssh://deploy:` + password + `@10.9.3.2"]`,
		"addresses":  "deploy:" + password + "@10.9.4.1:2222\n",
		"shifted":    "row-1,10.9.5.1,deploy," + password + "\n",
		"afterwards": "10.9.6.1 " + password + "\n",
	}
}

// A secret goes to a script that becomes root by sudo, and stands in files that are imported. It is in no process but the
// script's own, in nothing that is stored, and in nothing that is exported: VMs, commands, a playbook, logs, a backup.
func TestPlantedSecretsInSudoImportsAndExports(t *testing.T) {
	token, sudo, imported, control := planted.New(t), planted.New(t), planted.New(t), planted.New(t)
	secrets := map[string]string{"token": token, "sudo password": sudo, "imported password": imported}
	home, o, as := sshdtest.NewHome(t), sshdtest.Options{}, ""
	root := os.Geteuid() == 0 // who else can't give an account a password, nor let it become root
	if root {
		o.Shell, o.Password = "/bin/sh", sudo // no other test gives this account a password
		as = "sudo -k -S -p '' "
	}
	srv := sshdtest.Start(t, o)
	home.Ready("box", srv)
	if root && !sshdtest.AllowSudoByPassword(t, srv.User) {
		t.Fatal("sudo is not installed")
	}
	d := newData(t, home)
	files, outside := t.TempDir(), t.TempDir()
	must(t, os.Chmod(outside, 0o755))
	must(t, os.Chmod(filepath.Dir(outside), 0o755))
	var shown strings.Builder

	// Imports: the machines are there, their passwords aren't, and that is said.
	for name, text := range filesWithPasswords(imported) {
		path := filepath.Join(files, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		status, out, errs := d.call("import", path)
		taken := !slices.Contains([]string{"shifted", "afterwards"}, name)
		if taken != (status == exitOK) || taken != strings.Contains(errs, "Passwords are not taken over") {
			t.Errorf("%s: exit status %d, %s%s", name, status, out, errs)
		}
		shown.WriteString(out + errs)
	}
	if vms := d.ok("vms"); strings.Count(vms, "  import\n") != 8 {
		t.Errorf("taken in:\n%s", vms)
	}

	// A command of a file with a secret that has a value is refused, and so is one of the form.
	a, err := app.Open(t.Context(), app.Config{DataDir: d.dir, SSHConfig: home.ConfigFile})
	must(t, err)
	careless := filepath.Join(files, "careless.yml")
	must(t, os.WriteFile(careless, []byte("version: 1\ncommands:\n  - name: careless\n    script: echo {{token}}\n    params:\n      - {name: token, type: secret, default: "+imported+"}\n"), 0o600))
	review, err := a.Commands.ReviewImport(t.Context(), careless)
	if err != nil || len(review.Problems) != 1 || !strings.Contains(fmt.Sprint(review.Problems), "a secret has no default") {
		t.Errorf("a secret with a default: %+v, %v", review, err)
	}
	fmt.Fprintf(&shown, "%+v", review)
	c, err := a.Commands.Create(t.Context(), domain.Command{
		Name: "become", Script: `printf %s {{token}} | sha256sum
` + as + `sh -c 'id -u; until test -e ` + filepath.Join(outside, "go") + `; do sleep 0.05; done'`,
		Params: []domain.Param{{Name: "token", Type: domain.ParamSecret, Required: true}, {Name: "sudo", Type: domain.ParamSecret, Stdin: true, Required: true}},
	})
	must(t, err)
	must(t, a.Close(t.Context()))

	// Through sudo, with a token in the environment besides.
	vmo := d.sit("run", "--on", "box", "--template", "become")
	vmo.answer(map[string]string{"token:": token, "sudo:": sudo})
	look := func(when string) {
		t.Helper()
		for name, secret := range secrets {
			except := ""
			if name == "token" {
				except = "VMO_SSHD_TEST=" // all that the test's own server runs; sudo's are of it as well
			}
			if found := planted.Processes(secret, except); len(found) > 0 {
				t.Errorf("%s: the %s is in %s", when, name, found)
			}
			if found := planted.Files(t, d.dir, secret); len(found) > 0 {
				t.Errorf("%s: the %s is in %s", when, name, found)
			}
		}
	}
	eventually(t, "the script is root, or as far as it comes", func() bool { return strings.Count(vmo.out.String(), "\n") >= 2 || !vmo.running() })
	look("while it runs")
	must(t, os.WriteFile(filepath.Join(outside, "go"), nil, 0o644))
	if status := vmo.exit(); status != exitOK {
		t.Fatalf("exit status %d\n%s%s", status, vmo.out, vmo.screen)
	}
	if out := vmo.out.String(); !strings.Contains(out, sum(token)) || root && !strings.Contains(out, "0\n") {
		t.Errorf("it printed %q", out)
	}
	shown.WriteString(vmo.out.String() + vmo.screen.String() + srv.Log())
	look("afterwards")

	// All that leaves the app.
	exports := t.TempDir()
	a, err = app.Open(t.Context(), app.Config{DataDir: d.dir, SSHConfig: home.ConfigFile})
	must(t, err)
	for _, format := range []string{"yaml", "ansible"} {
		must(t, a.WriteCommands(t.Context(), format, []string{c.ID}, filepath.Join(exports, format)))
	}
	for _, format := range []app.LogFormat{app.FormatText, app.FormatRaw, app.FormatJSON, app.FormatZip} {
		detail, err := a.History.GetJob(t.Context(), "1")
		must(t, err)
		export := app.LogExport{JobID: detail.Job.ID, RunID: detail.Runs[0].ID, Format: format, Path: filepath.Join(exports, "log."+string(format))}
		must(t, a.Export(t.Context(), export, nil))
	}
	must(t, a.Close(t.Context()))
	for _, format := range []string{"json", "ssh_config", "ansible"} {
		must(t, os.WriteFile(filepath.Join(exports, "vms."+format), []byte(d.ok("export", "--format", format)), 0o600))
	}
	shown.WriteString(d.ok("backup", filepath.Join(exports, "backup")) + d.ok("jobs", "--json") + d.ok("logs", "1"))
	for name, secret := range secrets {
		if planted.In([]byte(shown.String()), secret) {
			t.Errorf("the %s was shown: %s", name, shown.String())
		}
		for _, dir := range []string{exports, d.dir, home.Dir} {
			if found := planted.Files(t, dir, secret); len(found) > 0 {
				t.Errorf("the %s is in %s", name, found)
			}
		}
	}

	// The control: what stands in the script itself is in each of them.
	a, err = app.Open(t.Context(), app.Config{DataDir: d.dir, SSHConfig: home.ConfigFile})
	must(t, err)
	c.Script += "\n# " + control
	c, err = a.Commands.Update(t.Context(), c)
	must(t, err)
	for _, format := range []string{"yaml", "ansible"} {
		text, err := a.ExportCommands(t.Context(), format, []string{c.ID})
		must(t, err)
		if !bytes.Contains([]byte(text), []byte(control)) {
			t.Errorf("%s has not what is in the script: %s", format, text)
		}
	}
	must(t, a.Close(t.Context()))
	if planted.Files(t, d.dir, control) == nil {
		t.Error("what is in the script was not found in the data")
	}
}
