package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"vmorchestrator/backend/domain"
)

// Format is a form that machines are written in.
type Format string

const (
	JSON      Format = "json"
	SSHConfig Format = "ssh_config"
	Ansible   Format = "ansible"
)

// FileName is what a file of that form is called.
func (f Format) FileName() string {
	switch f {
	case SSHConfig:
		return "vms.conf"
	case Ansible:
		return "inventory.yml"
	}
	return "vms.json"
}

// Write writes vms, each once, in their order. CodeInvalid for a form that isn't known.
func Write(format Format, vms []domain.VM) (string, error) {
	switch format {
	case JSON:
		return writeJSON(vms)
	case SSHConfig:
		return writeConfig(vms), nil
	case Ansible:
		return writeAnsible(vms), nil
	}
	return "", domain.FieldError("format", "%q is no form of export: json, ssh_config or ansible", string(format))
}

// machine is a VM in our own JSON, under the names that Read knows.
type machine struct {
	Name         string   `json:"name"`
	Host         string   `json:"host"`
	User         string   `json:"user,omitempty"`
	Port         int      `json:"port,omitempty"`
	Jump         string   `json:"jump,omitempty"`
	IdentityFile string   `json:"identityFile,omitempty"`
	Environment  string   `json:"environment"`
	Provider     string   `json:"provider,omitempty"`
	Tags         []string `json:"tags"`
	Description  string   `json:"description,omitempty"`
}

func writeJSON(vms []domain.VM) (string, error) {
	list := make([]machine, len(vms))
	for i, vm := range vms {
		list[i] = machine{vm.Name, hostOf(vm), vm.User, vm.Port, jumpOf(vm), vm.IdentityFile, string(vm.Environment), vm.Provider, append([]string{}, vm.Tags...), vm.Description}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(struct {
		Version int       `json:"version"`
		VMs     []machine `json:"vms"`
	}{1, list})
	return out.String(), err
}

// hostOf is where the VM is: for an alias without an address, the alias.
func hostOf(vm domain.VM) string {
	if vm.Host == "" {
		return vm.SourceKey
	}
	return vm.Host
}

func jumpOf(vm domain.VM) string {
	if vm.Jump == "none" {
		return ""
	}
	return vm.Jump
}

// written gives what of a VM can be said to ssh; the fields that can't, such as an address with tokens that only the file
// it came from explains, are "" and named.
func written(vm domain.VM) (out domain.VM, left []string) {
	out = domain.VM{
		Name: vm.Name, Source: domain.SourceImport, Host: hostOf(vm), User: vm.User, Port: vm.Port, Jump: jumpOf(vm), IdentityFile: vm.IdentityFile,
		Environment: domain.EnvTest,
	}
	for range 5 {
		err := domain.AsError(out.Validate())
		if err == nil {
			return out, left
		}
		left = append(left, err.Field)
		switch err.Field {
		case "host":
			out.Host = "unknown.invalid"
		case "user":
			out.User = ""
		case "port":
			out.Port = 0
		case "jump":
			out.Jump = ""
		case "identityFile":
			out.IdentityFile = ""
		case "name":
			out.Name = "vm"
		}
	}
	return out, left
}

var unsafeName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// names gives out words that are safe as an alias, as a host and as a group in every tool, each once whatever the case.
type names map[string]bool

func (n names) next(name string) string {
	word := strings.Trim(unsafeName.ReplaceAllString(name, "-"), "-._")
	if word == "" {
		word = "vm"
	}
	for i, stem := 2, word; n[strings.ToLower(word)]; i++ {
		word = stem + "-" + strconv.Itoa(i)
	}
	n[strings.ToLower(word)] = true
	return word
}

func writeConfig(vms []domain.VM) string {
	var out strings.Builder
	out.WriteString("# Hosts of VM Orchestrator. Name this file in ~/.ssh/config, at its top, with: Include ~/.ssh/vms.conf\n")
	used := names{}
	for _, vm := range vms {
		ok, left := written(vm)
		alias := used.next(vm.Name)
		out.WriteString("\n")
		if alias != vm.Name {
			fmt.Fprintf(&out, "# %s\n", visible(vm.Name))
		}
		if len(left) > 0 {
			fmt.Fprintf(&out, "# left out, for ssh would not take it: %s\n", strings.Join(left, ", "))
		}
		fmt.Fprintf(&out, "Host %s\n    HostName %s\n", alias, ok.Host)
		if ok.User != "" {
			fmt.Fprintf(&out, "    User %s\n", word(ok.User))
		}
		if ok.Port != 0 {
			fmt.Fprintf(&out, "    Port %d\n", ok.Port)
		}
		if ok.Jump != "" {
			fmt.Fprintf(&out, "    ProxyJump %s\n", ok.Jump)
		}
		if ok.IdentityFile != "" {
			fmt.Fprintf(&out, "    IdentityFile %s\n", word(ok.IdentityFile))
		}
	}
	return out.String()
}

// word is one argument of ssh_config. A quote can't be in it: Validate refuses it.
func word(text string) string {
	if strings.ContainsAny(text, " \t\\#'") {
		return `"` + strings.ReplaceAll(text, `\`, `\\`) + `"`
	}
	return text
}

// visible is a text as part of a comment: one line, whatever it holds.
func visible(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, text)
}

var groupName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved are names that mean something else to Ansible as a group.
var reserved = []string{"all", "ungrouped", "hosts", "children", "vars", "localhost", "true", "false", "yes", "no", "on", "off", "null", "y", "n"}

// writeAnsible writes YAML in which every text stands in double quotes, and one that Ansible would take for a template is
// marked !unsafe: it says nothing but itself. Groups are the environments and the tags.
func writeAnsible(vms []domain.VM) string {
	var out strings.Builder
	out.WriteString("# Machines of VM Orchestrator. Use it with: ansible-playbook -i inventory.yml playbook.yml\nall:\n  hosts:")
	if len(vms) == 0 {
		out.WriteString(" {}")
	}
	out.WriteString("\n")
	used := names{}
	for _, name := range reserved {
		used[name] = true
	}
	members := map[string][]string{}
	for _, vm := range vms {
		ok, _ := written(vm)
		name := used.next(vm.Name)
		line := func(key, text string) {
			if text != "" {
				fmt.Fprintf(&out, "      %s: %s\n", key, quoted(text))
			}
		}
		fmt.Fprintf(&out, "    %s:\n", quoted(name))
		line("ansible_host", ok.Host)
		line("ansible_user", ok.User)
		if ok.Port != 0 {
			fmt.Fprintf(&out, "      ansible_port: %d\n", ok.Port)
		}
		line("ansible_ssh_private_key_file", ok.IdentityFile)
		if ok.Jump != "" {
			line("ansible_ssh_common_args", "-o 'ProxyJump="+ok.Jump+"'")
		}
		if name != vm.Name {
			line("vmo_name", vm.Name)
		}
		line("vmo_environment", string(vm.Environment))
		line("vmo_provider", vm.Provider)
		line("vmo_description", vm.Description)
		texts := make([]string, len(vm.Tags))
		for i, tag := range vm.Tags {
			texts[i] = quoted(tag)
		}
		fmt.Fprintf(&out, "      vmo_tags: [%s]\n", strings.Join(texts, ", "))
		groups := map[string]bool{groupOf(string(vm.Environment)): true}
		for _, tag := range vm.Tags {
			groups[groupOf(tag)] = true
		}
		for group := range groups {
			members[group] = append(members[group], name)
		}
	}
	if len(members) == 0 {
		return out.String()
	}
	out.WriteString("  children:\n")
	for _, group := range sortedKeys(members) {
		// Ansible warns where a host and a group have one name, so a group gives way.
		word := group
		for used[strings.ToLower(word)] {
			word = "tag_" + word
		}
		used[strings.ToLower(word)] = true
		fmt.Fprintf(&out, "    %s:\n      hosts:\n", quoted(word))
		for _, name := range members[group] {
			fmt.Fprintf(&out, "        %s: {}\n", quoted(name))
		}
	}
	return out.String()
}

func groupOf(tag string) string {
	if groupName.MatchString(tag) && !slices.Contains(reserved, strings.ToLower(tag)) {
		return tag
	}
	return "tag_" + strings.Trim(regexp.MustCompile(`[^A-Za-z0-9_]+`).ReplaceAllString(tag, "_"), "_")
}

// quoted is a YAML double-quoted scalar: what isn't plainly visible is escaped.
func quoted(text string) string {
	var out strings.Builder
	for _, mark := range []string{"{{", "{%", "{#"} {
		if strings.Contains(text, mark) {
			out.WriteString("!unsafe ")
			break
		}
	}
	out.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteRune(c)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\t':
			out.WriteString(`\t`)
		case unicode.IsPrint(c):
			out.WriteRune(c)
		case c < 0x100:
			fmt.Fprintf(&out, `\x%02x`, c)
		case c < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, c)
		default:
			fmt.Fprintf(&out, `\U%08x`, c)
		}
	}
	out.WriteByte('"')
	return out.String()
}
