package inventory

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// listed is what ansible-inventory --list prints.
type listed struct {
	Meta struct {
		Hostvars map[string]map[string]any `json:"hostvars"`
	} `json:"_meta"`
	groups map[string]struct {
		Hosts []string `json:"hosts"`
	}
}

func ansibleList(t *testing.T, text, name string) (listed, []byte) {
	t.Helper()
	if _, err := exec.LookPath("ansible-inventory"); err != nil {
		t.Fatal("no ansible-inventory: build/setup.sh test installs ansible-core")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ansible-inventory", "-i", file, "--list")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ANSIBLE_HOME="+dir, "ANSIBLE_INVENTORY_UNPARSED_FAILED=true", "ANSIBLE_NOCOLOR=1", "LC_ALL=C.UTF-8")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || strings.Contains(said.String(), "WARNING") {
		t.Fatalf("%v\n%s\n%s", err, said.String(), text)
	}
	var l listed
	if err := json.Unmarshal(out, &l); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &l.groups); err != nil {
		t.Fatal(err)
	}
	return l, out
}

// Ansible reads the exported inventory without a warning as the VMs were, and a text that looks like a template is a text.
func TestWrittenInventoryByAnsible(t *testing.T) {
	vms := nasty()
	text, err := Write(Ansible, vms)
	if err != nil {
		t.Fatal(err)
	}
	l, out := ansibleList(t, text, "inventory.yml")
	if len(l.Meta.Hostvars) != len(vms) {
		t.Fatalf("%d hosts of %d\n%s", len(l.Meta.Hostvars), len(vms), text)
	}
	plainText := func(v any) string {
		if unsafe, ok := v.(map[string]any); ok {
			v = unsafe["__ansible_unsafe"]
		}
		text, _ := v.(string)
		return text
	}
	templates := 0
	for _, vm := range vms {
		found := false
		for name, vars := range l.Meta.Hostvars {
			called := plainText(vars["vmo_name"])
			if called == "" {
				called = name
			}
			if called != vm.Name {
				continue
			}
			found = true
			if vars["ansible_host"] != hostOf(vm) || plainText(vars["vmo_description"]) != vm.Description || plainText(vars["vmo_provider"]) != vm.Provider {
				t.Errorf("%q: %v", vm.Name, vars)
			}
			if _, unsafe := vars["vmo_description"].(map[string]any); unsafe {
				templates++
			}
			if !slices.Contains(l.groups[string(vm.Environment)].Hosts, name) {
				t.Errorf("%q is not in its environment's group", vm.Name)
			}
			if vm.Name == "web" && (vars["ansible_ssh_common_args"] != "-o 'ProxyJump=ops@bastion:2222,second'" || vars["ansible_ssh_private_key_file"] != "~/.ssh/my key" || vars["ansible_user"] != `DOM\user`) {
				t.Errorf("%v", vars)
			}
		}
		if !found {
			t.Errorf("%q is not there", vm.Name)
		}
	}
	if templates != 2 {
		t.Errorf("%d texts are marked, of 2 that look like a template", templates)
	}
	// And what Ansible prints of it is read here as it was.
	f, err := Read("", out)
	if err != nil || len(f.Problems) > 0 || len(f.Hosts) != len(vms) {
		t.Errorf("%v %s", err, told(f))
	}
}

// An inventory means here what it means to Ansible: hosts, ranges, variables of groups in groups, and who wins.
func TestReadAsAnsibleDoes(t *testing.T) {
	ini := `lone ansible_host=10.0.0.9
[blue]
web[08:11] ansible_port=2200
db-[a:c].example ansible_user='me'
[green]
web08 ansible_host=10.1.0.8
[site:children]
blue
green
[site:vars]
ansible_user=site
ansible_port=2300
[blue:vars]
ansible_user=blue
[green:vars]
ansible_user=green
[all:vars]
ansible_user=everybody
`
	yml := `all:
  vars: {ansible_user: everybody}
  hosts:
    lone: {ansible_host: 10.0.0.9}
  children:
    site:
      vars: {ansible_user: site, ansible_port: 2300}
      children:
        blue:
          vars: {ansible_user: blue}
          hosts:
            web[08:11]: {ansible_port: 2200}
            db-[a:c].example: {ansible_user: me}
        green:
          vars: {ansible_user: green}
          hosts: {web08: {ansible_host: 10.1.0.8}}
`
	for name, text := range map[string]string{"hosts.ini": ini, "hosts.yml": yml} {
		l, _ := ansibleList(t, text, name)
		f, err := Read(name, []byte(text))
		if err != nil || len(f.Problems) > 0 || len(f.Hosts) != len(l.Meta.Hostvars) {
			t.Fatalf("%s: %v, %d hosts of %d: %s", name, err, len(f.Hosts), len(l.Meta.Hostvars), told(f))
		}
		for _, h := range f.Hosts {
			vars := l.Meta.Hostvars[h.Alias]
			host, _ := vars["ansible_host"].(string)
			if host == "" {
				host = h.Alias
			}
			port, _ := vars["ansible_port"].(float64)
			if h.Host != host || h.User != vars["ansible_user"] || h.Port != int(port) {
				t.Errorf("%s: %s is %s here, and to Ansible %v", name, h.Alias, domain.Address(h.User, h.Host, h.Port), vars)
			}
			for group, in := range l.groups {
				direct := slices.Contains(in.Hosts, h.Alias) && group != "ungrouped"
				if direct && !slices.Contains(h.Tags, group) {
					t.Errorf("%s: %s has the tags %q and not %s", name, h.Alias, h.Tags, group)
				}
			}
		}
	}
}
