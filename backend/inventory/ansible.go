package inventory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

// groups is an Ansible inventory as it is written, before variables come together.
type groups struct {
	byName map[string]*group
	order  []string
	hosts  map[string]*member
	names  []string // of hosts, in the order of the file
}

type group struct {
	name     string
	hosts    []string
	children []string
	vars     map[string]value
	depth    int // of the longest way from all
}

// member is a host with its own variables.
type member struct {
	line int
	vars map[string]value
}

// value is a variable. bad says why only Ansible could read it.
type value struct {
	text string
	line int
	bad  string
}

func newGroups() *groups {
	g := &groups{byName: map[string]*group{}, hosts: map[string]*member{}}
	g.group("all")
	return g
}

func (g *groups) group(name string) *group {
	if g.byName[name] == nil {
		g.byName[name] = &group{name: name, vars: map[string]value{}}
		g.order = append(g.order, name)
	}
	return g.byName[name]
}

// host puts a host into a group, and gives it for its variables.
func (g *groups) host(in *group, name string, line int) *member {
	if g.hosts[name] == nil {
		g.hosts[name] = &member{line: line, vars: map[string]value{}}
		g.names = append(g.names, name)
	}
	in.hosts = append(in.hosts, name)
	return g.hosts[name]
}

func (g *groups) child(of *group, name string) {
	g.group(name)
	of.children = append(of.children, name)
}

// take makes machines of it: groups become tags, and variables count as in Ansible: all, then the groups from the outer to
// the inner and by name, then the host.
func (r *reader) take(g *groups) {
	parents := map[string][]string{}
	for _, name := range g.order {
		for _, child := range g.byName[name].children {
			parents[child] = append(parents[child], name)
		}
	}
	for _, name := range g.order {
		g.depth(name, parents, 0)
	}
	direct := map[string][]string{}
	for _, name := range g.order {
		for _, host := range g.byName[name].hosts {
			direct[host] = append(direct[host], name)
		}
	}
	above := map[string][]string{}
	for _, name := range g.names {
		of := map[string]bool{"all": true}
		for _, in := range direct[name] {
			if above[in] == nil {
				seen := map[string]bool{}
				climb(in, parents, seen, 0)
				for one := range seen {
					above[in] = append(above[in], one)
				}
			}
			for _, one := range above[in] {
				of[one] = true
			}
		}
		in := make([]*group, 0, len(of))
		for one := range of {
			in = append(in, g.byName[one])
		}
		slices.SortFunc(in, func(a, b *group) int {
			if a.depth != b.depth {
				return a.depth - b.depth
			}
			return strings.Compare(a.name, b.name)
		})
		vars := map[string]value{}
		var tags []string
		for _, one := range in {
			for key, v := range one.vars {
				vars[key] = v
			}
			if one.name != "all" && one.name != "ungrouped" {
				tags = append(tags, one.name)
			}
		}
		for key, v := range g.hosts[name].vars {
			vars[key] = v
		}
		slices.Sort(tags)
		r.machine(name, g.hosts[name].line, vars, tags)
	}
}

func climb(name string, parents map[string][]string, seen map[string]bool, depth int) {
	if seen[name] || depth > maxDepth {
		return
	}
	seen[name] = true
	for _, parent := range parents[name] {
		climb(parent, parents, seen, depth+1)
	}
}

// depth is found by walking up, no further than maxDepth: a circle ends there.
func (g *groups) depth(name string, parents map[string][]string, walked int) int {
	one := g.byName[name]
	if name == "all" || walked > maxDepth {
		return 0
	}
	if one.depth > 0 {
		return one.depth
	}
	deepest := 1
	for _, parent := range parents[name] {
		deepest = max(deepest, 1+g.depth(parent, parents, walked+1))
	}
	one.depth = deepest
	return deepest
}

// variables that say where a machine is, by what they are here; earlier ones count first.
var variables = []struct{ field, name string }{
	{"host", "ansible_host"}, {"host", "ansible_ssh_host"}, {"user", "ansible_user"}, {"user", "ansible_ssh_user"},
	{"port", "ansible_port"}, {"port", "ansible_ssh_port"},
	{"identityFile", "ansible_ssh_private_key_file"}, {"identityFile", "ansible_private_key_file"},
	{"environment", "vmo_environment"}, {"tags", "vmo_tags"}, {"description", "vmo_description"}, {"provider", "vmo_provider"}, {"name", "vmo_name"},
}

var argumentVars = []string{"ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args"}

func (r *reader) machine(name string, line int, vars map[string]value, groupTags []string) {
	if c, ok := vars["ansible_connection"]; ok {
		switch c.text {
		case "", "ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh", "ansible.builtin.paramiko_ssh":
		default:
			r.problem(line, "", "%q is not reached by SSH but by %q", name, c.text)
			return
		}
	}
	values := map[string]string{}
	for _, v := range variables {
		given, ok := vars[v.name]
		if !ok || values[v.field] != "" {
			continue
		}
		// Ours are texts, whatever they look like.
		if given.bad != "" && !(given.bad == isTemplate && strings.HasPrefix(v.name, "vmo_")) {
			r.problem(given.line, v.field, "%s of %q is %s, which only Ansible can read", v.name, name, given.bad)
			return
		}
		values[v.field] = given.text
		if v.field == "host" {
			values["host"] = r.address(given.line, given.text)
		}
	}
	for key, v := range vars {
		if isPassword(key) {
			r.leftPassword(v.line)
		}
	}
	f := domain.FoundHost{
		Alias: name, Name: values["name"], User: values["user"], Host: values["host"], Line: line,
		IdentityFile: values["identityFile"], Provider: values["provider"], Description: values["description"], Tags: tagsOf(values["tags"]),
	}
	if f.Host == "" {
		f.Host = name
	}
	if _, own := vars["vmo_tags"]; !own {
		for _, tag := range groupTags {
			if len(tag) > domain.MaxTagLen {
				r.left(line, tag, "The group %q has too long a name for a tag.", tag)
				continue
			}
			f.Tags = append(f.Tags, tag)
		}
	}
	for _, key := range argumentVars {
		v, ok := vars[key]
		switch {
		case !ok:
		case v.bad != "":
			r.left(v.line, key, "%s is %s, which only Ansible can read; it is not taken over.", key, v.bad)
		default:
			f.Jump = r.jumps(v.line, r.jump(f.Jump, key, v))
		}
	}
	if !r.port(&f, values["port"]) || !r.environment(&f, values["environment"]) {
		return
	}
	r.add(f)
}

// jump finds the ProxyJump among arguments of ssh; the others are told.
func (r *reader) jump(before, key string, v value) string {
	words, closed := split(v.text)
	if !closed {
		r.left(v.line, key, "%s has a quote that is not closed; it is not taken over.", key)
		return before
	}
	found := ""
	for i := 0; i < len(words); i++ {
		word := words[i]
		option := ""
		switch {
		case word == "-J" && i+1 < len(words):
			i++
			found = words[i]
			continue
		case strings.HasPrefix(word, "-J"):
			found = word[2:]
			continue
		case word == "-o" && i+1 < len(words):
			i++
			option = words[i]
		case strings.HasPrefix(word, "-o"):
			option = word[2:]
		}
		name, to := option, ""
		if end := strings.IndexAny(option, "= \t"); end >= 0 { // ssh takes both `-o Name=value` and `-o "Name value"`
			name, to = option[:end], strings.TrimLeft(option[end:], "= \t")
		}
		if strings.EqualFold(name, "ProxyJump") {
			found = to
			continue
		}
		// Only names are told: a ProxyCommand with sshpass has a password among its words.
		switch {
		case option != "":
		case strings.HasPrefix(word, "-"):
			name = word[:min(len(word), 2)]
		default:
			name = "an argument"
		}
		r.left(v.line, key+" "+name, "Of %s, %s is not taken over: put it into your ssh_config.", key, name)
	}
	if before != "" {
		return before
	}
	return found
}

// split takes words apart as shlex does: blanks, quotes, backslashes.
func split(text string) (words []string, closed bool) {
	var word strings.Builder
	var quote byte
	inWord := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(text) && (quote == 0 || text[i+1] == '"' || text[i+1] == '\\'):
			i++
			word.WriteByte(text[i])
			inWord = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, quote == 0
}

const isTemplate = "a template"

// template says why a text is no plain value.
func template(text string) string {
	for _, mark := range []string{"{{", "{%"} {
		if strings.Contains(text, mark) {
			return isTemplate
		}
	}
	return ""
}

// ansibleJSON reads what ansible-inventory --list prints, and inventory scripts: groups with lists of hosts, and the hosts'
// variables under _meta. What isn't so may be an inventory that was written as JSON, which is YAML.
func (r *reader) ansibleJSON(text string) {
	type scripted struct {
		Hosts    []string       `json:"hosts"`
		Children []string       `json:"children"`
		Vars     map[string]any `json:"vars"`
	}
	var object map[string]json.RawMessage
	if err := decode(text, &object); err != nil {
		r.problem(1, "", "%v", err)
		return
	}
	g := newGroups()
	for _, name := range sortedKeys(object) {
		if name == "_meta" {
			continue
		}
		var one scripted
		if decode(string(object[name]), &one) != nil {
			var list []string
			if decode(string(object[name]), &list) != nil {
				r.yaml(text)
				return
			}
			one.Hosts = list
		}
		in := g.group(name)
		for _, host := range one.Hosts {
			line := lineOf(text, host)
			g.host(in, r.address(line, host), line)
		}
		for _, child := range one.Children {
			g.child(in, child)
		}
		for key, v := range one.Vars {
			in.vars[key] = jsonValue(v)
		}
	}
	var meta struct {
		Hostvars map[string]map[string]any `json:"hostvars"`
	}
	if object["_meta"] != nil {
		if err := decode(string(object["_meta"]), &meta); err != nil {
			r.problem(lineOf(text, "_meta"), "", "_meta can't be read: %v", err)
		}
	}
	for _, name := range sortedKeys(meta.Hostvars) {
		line := lineOf(text, name)
		host := r.address(line, name)
		one := g.hosts[host]
		if one == nil {
			one = g.host(g.group("all"), host, line)
		}
		for key, v := range meta.Hostvars[name] {
			one.vars[key] = jsonValue(v)
		}
	}
	r.take(g)
}

func decode(text string, into any) error {
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	return in.Decode(into)
}

func jsonValue(v any) value {
	text, ok := plain(v)
	if !ok {
		return value{bad: "no plain value"}
	}
	if _, unsafe := v.(map[string]any); unsafe {
		return value{text: text} // it says itself that it is no template
	}
	return value{text: text, bad: template(text)}
}

// lineOf is the first line that has a text as a JSON string; 0 for none.
func lineOf(text, word string) int {
	at := strings.Index(text, fmt.Sprintf("%q", word))
	if at < 0 {
		return 0
	}
	return 1 + strings.Count(text[:at], "\n")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
