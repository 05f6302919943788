package command

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"vmorchestrator/backend/domain"
)

// Playbook writes a command as an Ansible playbook: parameters are asked for, or given with -e param_NAME=value, and
// arrive quoted as they do here. Secrets go by the environment or the standard input, and are kept out of Ansible's log.
// CodeNotAllowed for a command of the terminal.
func Playbook(c domain.Command, vmNames map[string]string) ([]byte, error) {
	if c.Kind == domain.KindTerminal {
		return nil, domain.NewError(domain.CodeNotAllowed, "", "a command for the terminal can't be a playbook: nobody is there to type")
	}
	params := Params(c.Script, c.Params)
	script, err := jinja(c, params)
	if err != nil {
		return nil, err
	}
	play := newMap()
	play.text("name", c.Name)
	play.text("hosts", playHosts(c, vmNames))
	if c.Kind == domain.KindLocal {
		play.text("connection", "local")
	}
	play.add("gather_facts", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	if len(params) > 0 {
		play.add("vars_prompt", prompts(params))
	}
	shell := newMap()
	shell.text("cmd", script)
	if named, _ := domain.ScriptShell(c.Script); strings.HasPrefix(named, "/") && named != "/bin/sh" {
		shell.text("executable", named)
	}
	if c.WorkDir != "" {
		shell.text("chdir", literalJinja(c.WorkDir))
	}
	env := newMap()
	for _, name := range sortedKeys(c.Env) {
		env.add(name, unsafeNode(c.Env[name]))
	}
	secret := false
	for _, p := range params {
		switch {
		case p.Type == domain.ParamFile && c.Kind == domain.KindSSH:
			shell.text("stdin", "{{ lookup('ansible.builtin.file', "+variable(p)+", rstrip=false) }}")
			shell.flagOff("stdin_add_newline")
		case p.Type == domain.ParamSecret && p.Stdin:
			shell.text("stdin", "{{ "+variable(p)+" }}")
			secret = true
		case p.Type == domain.ParamSecret:
			env.add(p.Variable(), textNode("{{ "+variable(p)+" }}"))
			secret = true
		}
	}
	task := newMap()
	task.text("name", literalJinja(c.Name))
	task.add("ansible.builtin.shell", shell.node)
	if len(env.node.Content) > 0 {
		task.add("environment", env.node)
	}
	if c.TimeoutSeconds > 0 {
		task.add("timeout", intNode(c.TimeoutSeconds))
	}
	task.flag("no_log", secret)
	task.text("register", "result")
	show := newMap()
	lines := newMap()
	lines.text("var", "result.stdout_lines")
	show.text("name", "Output")
	show.add("ansible.builtin.debug", lines.node)
	show.text("when", "result.stdout_lines is defined")
	play.add("tasks", &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{task.node, show.node}})
	play.node.HeadComment = comment(c)
	text, err := yaml.Marshal(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{play.node}})
	if err != nil {
		return nil, err
	}
	return append([]byte("---\n"), text...), nil
}

func (m mapNode) flagOff(key string) {
	m.add(key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
}

// unsafeNode is a text that Ansible never reads as a template: an environment would be read twice.
func unsafeNode(value string) *yaml.Node {
	n := textNode(value)
	if strings.Contains(value, "{") && n.Tag != "!!binary" {
		n.Tag, n.Style = "!unsafe", n.Style|yaml.DoubleQuotedStyle|yaml.TaggedStyle
	}
	return n
}

func comment(c domain.Command) string {
	text := "Exported by VM Orchestrator. Ansible runs the script with /bin/sh, and not in the login shell."
	if c.Description != "" {
		text = strings.ReplaceAll(c.Description, "\n", " ") + "\n" + text
	}
	return text
}

// variable is the parameter's name in the playbook: with a prefix, because Ansible has reserved words.
func variable(p domain.Param) string { return "param_" + strings.ReplaceAll(p.Name, "-", "_") }

func prompts(params []domain.Param) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, p := range params {
		m := newMap()
		m.text("name", variable(p))
		prompt := p.Name
		if p.Help != "" {
			prompt += " (" + p.Help + ")"
		}
		m.text("prompt", literalJinja(prompt))
		if p.Type != domain.ParamSecret {
			m.add("default", textNode(literalJinja(p.Default)))
		}
		m.add("private", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: map[bool]string{true: "true", false: "false"}[p.Type == domain.ParamSecret]})
		list.Content = append(list.Content, m.node)
	}
	return list
}

var notInGroup = regexp.MustCompile(`[^A-Za-z0-9_]`)

// playHosts is where the play runs: groups named after the tags, hosts named after the VMs, or all.
func playHosts(c domain.Command, vmNames map[string]string) string {
	switch {
	case c.Kind == domain.KindLocal:
		return "localhost"
	case c.Scope.Kind == domain.ScopeTags:
		groups := make([]string, len(c.Scope.Tags))
		for i, tag := range c.Scope.Tags {
			groups[i] = notInGroup.ReplaceAllString(tag, "_")
		}
		return strings.Join(groups, ":")
	case c.Scope.Kind == domain.ScopeVMs:
		var names []string
		for _, id := range c.Scope.VMIDs {
			if name := vmNames[id]; name != "" {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			return strings.Join(names, ":")
		}
	}
	return "all"
}

// jinja writes the script as a template of Ansible that gives what render would.
func jinja(c domain.Command, params []domain.Param) (string, error) {
	places := map[string]string{}
	for _, p := range params {
		switch {
		case p.Type == domain.ParamSecret:
			places[p.Name] = `"$` + p.Variable() + `"`
		case p.Type == domain.ParamFile && c.Kind == domain.KindSSH:
			places[p.Name] = domain.StdinPath
		default:
			places[p.Name] = "{{ " + variable(p) + " | quote }}"
		}
	}
	var out strings.Builder
	for _, p := range parse(c.Script) {
		switch {
		case p.name == "":
			out.WriteString(literalJinja(p.text))
		case p.place == banned:
			return "", p.why
		case p.place == literal:
			out.WriteString(literalJinja(p.text[2:]))
		case p.place == single:
			out.WriteString("'" + places[p.name] + "'")
		case p.place == double:
			out.WriteString(`"` + places[p.name] + `"`)
		default:
			out.WriteString(places[p.name])
		}
	}
	return out.String(), nil
}

// literalJinja keeps text from being read as a template. Every brace that could begin something is written as a value.
func literalJinja(text string) string {
	var out strings.Builder
	for i := range len(text) {
		if text[i] == '{' && (i+1 == len(text) || strings.IndexByte("{%#", text[i+1]) >= 0) {
			out.WriteString("{{ '{' }}")
			continue
		}
		out.WriteByte(text[i])
	}
	return out.String()
}
