package inventory

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// told is what was read, a machine a line, then problems and what is left.
func told(f domain.ImportFile) string {
	var b strings.Builder
	for _, h := range f.Hosts {
		fmt.Fprintf(&b, "%d %s", h.Line, h.Alias)
		if h.Name != "" {
			fmt.Fprintf(&b, " (%s)", h.Name)
		}
		fmt.Fprintf(&b, " = %s", domain.Address(h.User, h.Host, h.Port))
		for _, s := range []struct{ mark, text string }{
			{"via", h.Jump}, {"key", h.IdentityFile}, {"env", string(h.Environment)}, {"at", h.Provider}, {"tags", strings.Join(h.Tags, ",")}, {"says", h.Description},
		} {
			if s.text != "" {
				fmt.Fprintf(&b, " %s %s", s.mark, s.text)
			}
		}
		b.WriteByte('\n')
	}
	for _, p := range f.Problems {
		fmt.Fprintf(&b, "! %d %s: %s\n", p.Line, p.Field, p.Message)
	}
	for _, p := range f.Left {
		fmt.Fprintf(&b, "- %d %s\n", p.Line, p.Field)
	}
	return b.String()
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ what, name, text, format, want string }{
		{"a table", "vms.csv", "\ufeffName,IP Address,User,Port,Env,Tags,Notes,Password,Rack\r\nweb-1,10.0.0.1,deploy,2222,prod,\"web, eu\",front,hunter2,7\r\n\r\n# off\nweb-2,10.0.0.2,,,,,,,\n", "CSV", `
2 web-1 = deploy@10.0.0.1:2222 env production tags web,eu says front
5 web-2 = 10.0.0.2
- 1 password
- 1 Rack`},
		{"semicolons, and errors that stay in their lines", "", "host;port;environment\na;70000;\nb;22;moon\nc;22;test;more\nd;22;test", "CSV", `
5 d = d env test
! 2 port: the port of "a" is a number from 1 to 65535
! 3 environment: the environment of "b" is production, staging, test or development, not "moon"
! 4 : this line has 4 values for 3 columns`},
		{"without a head", "x.csv", "web,10.0.0.1,me,22\n", "CSV", "1 web = me@10.0.0.1"},
		{"a quote that isn't closed", "x.csv", "name,host\na,\"b\nc,d\n", "CSV", "! 2 : this line is no CSV: extraneous or missing \" in quoted-field\n! 3 : the rest of the file is left out"},
		{"our JSON", "x.json", "{\n \"version\": 1,\n \"vms\": [\n  {\"name\": \"a\", \"host\": \"10.0.0.1\", \"port\": 0, \"tags\": [\"x\", \"y\"]},\n  {\"name\": \"b\", \"host\": {\"no\": 1}}\n ]\n}", "JSON", `
4 a = 10.0.0.1 tags x,y
! 5 host: "host" is a text or a number`},
		{"a list", "", "[\"me@10.0.0.1:2200\",\n {\"hostname\": \"h\", \"ssh_password\": \"x\"}]", "JSON", "1 10.0.0.1 = me@10.0.0.1:2200\n2 h = h\n- 2 password"},
		{"JSON that ends", "x.json", "[{\"host\": \"a\"},\n", "JSON", "1 a = a\n! 2 : the JSON ends before it is whole"},
		{"what ansible-inventory prints", "", `{"_meta": {"hostvars": {"web1": {"ansible_host": "10.0.0.1", "ansible_become_password": "x"}}}, "all": {"children": ["ungrouped", "web"]}, "web": {"hosts": ["web1", "web2"], "vars": {"ansible_user": "deploy"}}}`, "Ansible inventory (JSON)", `
1 web1 = deploy@10.0.0.1 tags web
1 web2 = deploy@web2 tags web
- 0 password`},
		{"an inventory", "hosts", `mail.example.com ansible_port=2222   # a comment
[web]
web[01:03] ansible_user=deploy
"odd" name=1 oops
[db]
db-[a:b].example ansible_host=10.0.1.9
::1
[eu:children]
web
[web:vars]
ansible_ssh_private_key_file="~/.ssh/web key"
ansible_ssh_common_args='-o ProxyJump=ops@bastion:2222 -o ForwardAgent=yes'
ansible_user=nobody
ansible_ssh_pass=hunter2
[windows]
w1 ansible_connection=winrm
[t]
t1 ansible_host='{{ ip }}'
[bad name]
x
`, "Ansible inventory (INI)", `
1 mail.example.com = mail.example.com:2222
3 web01 = deploy@web01 via ops@bastion:2222 key ~/.ssh/web key tags eu,web
3 web02 = deploy@web02 via ops@bastion:2222 key ~/.ssh/web key tags eu,web
3 web03 = deploy@web03 via ops@bastion:2222 key ~/.ssh/web key tags eu,web
6 db-a.example = 10.0.1.9 tags db
6 db-b.example = 10.0.1.9 tags db
7 ::1 = ::1 tags db
! 4 : word 3 is no variable: write name=value after the host
! 19 : [bad name] is no section: write [group], [group:children] or [group:vars]
! 16 : "w1" is not reached by SSH but by "winrm"
! 18 host: ansible_host of "t1" is a template, which only Ansible can read
- 14 password
- 12 ansible_ssh_common_args ForwardAgent`},
		{"plain addresses", "", "10.0.0.1\ndeploy@web.example:2222\n[2001:db8::1]:22\n", "list of addresses", "1 10.0.0.1 = 10.0.0.1\n2 web.example = deploy@web.example:2222\n3 2001:db8::1 = 2001:db8::1"},
		{"ranges that are none", "", "[g]\na[1:3\nb[3:1]\nc[1:99999999]\nd[a:B]\ne[01:100]\nf[0:10:5]", "Ansible inventory (INI)", `
7 f0 = f0 tags g
7 f5 = f5 tags g
7 f10 = f10 tags g
! 2 name: the range of "a[1:3" is not closed
! 3 name: [3:1] of "b[3:1]" is no range: it ends before it begins
! 4 name: [1:99999999] of "c[1:99999999]" is no range: it is more than 10000 machines
! 5 name: [a:B] of "d[a:B]" is no range: both ends are numbers, or both are letters of one case
! 6 name: [01:100] of "e[01:100]" is no range: with leading zeros both ends have the same length`},
		{"YAML", "inv.yml", `# ours
x-common: &common
  vars: {ansible_user: deploy}
all:
  vars:
    ansible_port: 2200
  hosts:
    lone: {ansible_host: 10.0.0.1, <<: {ansible_user: merged}}
  children:
    web:
      vars: {ansible_user: www, secret_token: !vault "x"}
      children:
        blue:
          hosts:
            blue[1:2]:
            enc:
              ansible_host: !vault |
                $ANSIBLE_VAULT;1.1
    odd: [1]
    more:
      machines: {}
`, "Ansible inventory (YAML)", `
8 lone = merged@10.0.0.1:2200
15 blue1 = www@blue1:2200 tags blue,web
15 blue2 = www@blue2:2200 tags blue,web
! 19 : the group "odd" has hosts, children and vars
! 21 : "machines" can't stand in the group "more": it has hosts, children and vars
! 17 host: ansible_host of "enc" is encrypted, which only Ansible can read
- 11 password`},
		{"no YAML", "x.yaml", "all:\n  hosts:\n\t- a\n", "Ansible inventory (YAML)", "! 3 : this is no YAML: line 3: found character that cannot start any token"},
		{"a circle", "", "[a:children]\nb\n[b:children]\na\n[b]\nx\n", "Ansible inventory (INI)", "6 x = x tags a,b"},
	} {
		t.Run(c.what, func(t *testing.T) {
			f, err := Read(c.name, []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(told(f)); got != strings.TrimSpace(c.want) || f.Format != c.format {
				t.Errorf("%s, got:\n%s\nwant:\n%s", f.Format, got, strings.TrimSpace(c.want))
			}
		})
	}
}

// A password that stands in a file is in nothing that is read from it, wherever people put it, and that it was left is
// said: what is read is stored and shown.
func TestReadLeavesPasswords(t *testing.T) {
	const password = "pl4nted/p@ss:word"
	for _, c := range []struct{ what, name, text, want string }{
		{"a column", "", "name,host,Password\na,10.0.0.1,§\n", "2 a = 10.0.0.1"},
		{"an address in a table", "", "name,host,jump\na,deploy:§@10.0.0.1:2222,ops:§@gate\nb:§@x,10.0.0.2,\n", "2 a = deploy@10.0.0.1:2222 via ops@gate\n3 b@x = 10.0.0.2"},
		{"a URL in a table", "", "name,host\na,ssh://deploy:§@10.0.0.1:2222/srv\n", "2 a = deploy@10.0.0.1:2222"},
		{"in the place of the port", "", "a,10.0.0.1,deploy,§\n", `! 1 port: the port of "a" is a number from 1 to 65535`},
		{"a list", "", "deploy:§@10.0.0.1:2222\nssh://deploy:§@10.0.0.2\n", "1 10.0.0.1 = deploy@10.0.0.1:2222\n2 10.0.0.2 = deploy@10.0.0.2"},
		{"after the host", "", "10.0.0.1 §\n", "! 1 : word 2 is no variable: write name=value after the host"},
		{"variables", "", "[web]\na ansible_host=x:§@10.0.0.1 ansible_password='§'\n[web:vars]\nansible_become_pass=§\n", "2 a = x@10.0.0.1 tags web"},
		{"arguments", "", `a ansible_ssh_common_args="-o ProxyCommand='sshpass -p § ssh gate' -o 'ProxyCommand sshpass -p§' § -i§ -J u:§@gate"` + "\n", "1 a = a via u@gate"},
		{"YAML", "x.yml", "all:\n  hosts:\n    d:§@10.0.0.1:\n      ansible_ssh_pass: §\n    b: {ansible_host: 'ssh://d:§@10.0.0.2'}\n", "5 b = d@10.0.0.2"},
		{"YAML with a star", "x.yml", "all:\n  vars: {ansible_password: *§}\n", "! 2 : this is no YAML: a value that begins with * needs quotes"},
		{"JSON", "", `[{"host": "d:§@10.0.0.1", "password": "§"}, "ssh://d:§@10.0.0.2"]`, "1 10.0.0.1 = d@10.0.0.1\n1 10.0.0.2 = d@10.0.0.2"},
		{"what Ansible prints", "", `{"_meta": {"hostvars": {"d:§@a": {"ansible_ssh_pass": "§"}}}, "all": {"hosts": ["d:§@a"]}}`, "1 d@a = d@a"},
	} {
		value := password
		if strings.Contains(c.what, "star") {
			value = "planted" // what YAML takes for the name of an anchor
		}
		f, err := Read(c.name, []byte(strings.ReplaceAll(c.text, "§", value)))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		got := told(f)
		if !strings.Contains(got, c.want) || strings.Contains(fmt.Sprintf("%+v", f), value) {
			t.Errorf("%s, got:\n%swant:\n%s", c.what, got, c.want)
		}
		if !strings.HasPrefix(c.want, "!") && !strings.Contains(got, "password") {
			t.Errorf("%s: nothing is said of a password that was left:\n%s", c.what, got)
		}
	}
}

// What can be no list at all is refused with what to do.
func TestReadRefuses(t *testing.T) {
	for what, text := range map[string]string{
		"nothing": " \n", "no text": "a\x00b", "latin-1": "name\nk\xf6ln", "too big": strings.Repeat("a", MaxFile+1), "ssh_config": "Host web\n  HostName 10.0.0.1\n",
	} {
		if _, err := Read("", []byte(text)); domain.CodeOf(err) != domain.CodeInvalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Aliases that make a small file explode end at a limit.
func TestReadBomb(t *testing.T) {
	text := "a0: &a0 {hosts: {x: }}\n"
	for i := 1; i < 60; i++ {
		text += fmt.Sprintf("a%d: &a%d {children: {l: *a%d, r: *a%d}}\n", i, i, i-1, i-1)
	}
	f, err := Read("x.yml", []byte(text))
	if err != nil || len(f.Problems) == 0 {
		t.Errorf("%v %v", err, f.Problems)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"name,host\na,b\n", `[{"host":"a"}]`, `{"vms":[{"name":"a"}]}`, `{"_meta":{"hostvars":{}},"all":{"hosts":["a"]}}`, "[web]\nweb[01:20] a=b\n[web:vars]\nc='d'\n",
		"all:\n  hosts:\n    a: &x {b: c}\n    d: *x\n", "a: &a [*a]", "---\n? [x]\n: y\n", "[::1]:22\n", "<<: *a", "a:\n  hosts: {<<: [{b: }]}\n",
	} {
		for _, name := range []string{"", "x.csv", "x.json", "x.yml"} {
			f.Add(name, s)
		}
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		file, err := Read(name, []byte(text))
		if err != nil {
			return
		}
		lines := 1 + strings.Count(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n")
		for _, h := range file.Hosts {
			if h.Line < 0 || h.Line > lines {
				t.Errorf("%q is said to be in line %d of %d", h.Alias, h.Line, lines)
			}
		}
		if len(file.Hosts) > maxMachines || len(file.Problems) > maxProblems+1 {
			t.Errorf("%d machines, %d problems", len(file.Hosts), len(file.Problems))
		}
	})
}

// nasty are VMs whose every text tries to be something else.
func nasty() []domain.VM {
	texts := []string{
		`plain`, `a "quote" and 'another'`, `{{ lookup('pipe','id') }}`, `{% raw %}`, "$(id) `id`", `back\slash`, `#no comment`, `- list: x`, `ünïcode 🚀`, `yes`, `[1:3]`, `a: b`, `!vault x`, `*alias`, `%h`, `'`,
	}
	var vms []domain.VM
	for i, text := range texts {
		vms = append(vms, domain.VM{
			ID: fmt.Sprint(i), Name: text, Source: domain.SourceManual, Host: fmt.Sprintf("10.0.0.%d", i), User: "deploy", Port: 2200 + i, Environment: domain.EnvProduction,
			Provider: text, Description: text + "\nline two\t\x07\u2028" + text, Tags: []string{strings.NewReplacer(" ", "_", ",", "_", "|", "_").Replace(text), "all", "web"},
		})
	}
	vms = append(vms,
		domain.VM{Name: "web", Source: domain.SourceManual, Host: "2001:db8::1", Jump: "ops@bastion:2222,second", IdentityFile: "~/.ssh/my key", User: `DOM\user`, Environment: domain.EnvTest, Tags: []string{"web"}},
		domain.VM{Name: "from-file", Source: domain.SourceSSHConfig, SourceKey: "from-file", Jump: "%h.jump", Environment: domain.EnvStaging},
		domain.VM{Name: "all", Source: domain.SourceManual, Host: "10.1.0.1", Environment: domain.EnvDevelopment})
	return vms
}

// What was written and is read again is the same, in both forms that can be read.
func TestWriteAndRead(t *testing.T) {
	for format, name := range map[Format]string{JSON: "x.json", Ansible: "x.yml"} {
		vms := nasty()
		text, err := Write(format, vms)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Read(name, []byte(text))
		if err != nil || len(f.Problems)+len(f.Left) > 0 || len(f.Hosts) != len(vms) {
			t.Fatalf("%s: %v, %d machines, %s\n%s", format, err, len(f.Hosts), told(f), text)
		}
		for i, h := range f.Hosts {
			vm := vms[i]
			called := h.Name
			if called == "" {
				called = h.Alias
			}
			if called != vm.Name || h.Host != hostOf(vm) || h.User != vm.User || h.Port != vm.Port || h.Environment != vm.Environment || h.IdentityFile != vm.IdentityFile {
				t.Errorf("%s: %+v is read as %+v", format, vm, h)
			}
			if !slices.Equal(h.Tags, vm.Tags) || strings.TrimSpace(h.Description) != strings.TrimSpace(vm.Description) || h.Provider != vm.Provider {
				t.Errorf("%s: %q is read as %q, %q, %q", format, vm.Description, h.Description, h.Provider, h.Tags)
			}
		}
	}
}

// ssh itself reads the exported ssh_config as the VMs were.
func TestWrittenConfigBySSH(t *testing.T) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Fatal("no ssh: build/setup.sh test installs it")
	}
	vms := nasty()
	text, err := Write(SSHConfig, vms)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	used := names{}
	for _, vm := range vms {
		alias := used.next(vm.Name)
		out, err := exec.Command("ssh", "-G", "-F", file, alias).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s\n%s", alias, err, out, text)
		}
		want := []string{"hostname " + hostOf(vm)}
		if vm.User != "" {
			want = append(want, "user "+vm.User)
		}
		if vm.Port != 0 {
			want = append(want, fmt.Sprint("port ", vm.Port))
		}
		if vm.Name == "web" {
			want = append(want, "proxyjump "+vm.Jump, "identityfile "+vm.IdentityFile)
		}
		for _, line := range want {
			if !strings.Contains("\n"+string(out), "\n"+line+"\n") {
				t.Errorf("%s: ssh doesn't say %q", alias, line)
			}
		}
	}
}
