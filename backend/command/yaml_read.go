package command

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"vmorchestrator/backend/domain"
)

// Limits of a file of commands.
const (
	// MaxFile in bytes: thousands of scripts.
	MaxFile = 8 << 20
	// MaxFileCommands bounds what one file can bring in.
	MaxFileCommands = 5000
)

// Read is a command as a file has it, with the line that it begins on.
type Read struct {
	Command domain.Command
	File    string
	Line    int
}

// Decode reads a file of commands. Every command that is right is given, checked whole; for each other one there is a
// problem. vmIDs are the ids of the VMs by name: what a scope names beside them is a problem, too.
func Decode(file string, text []byte, vmIDs map[string]string) ([]Read, []Problem) {
	d := &decoder{file: file, vmIDs: vmIDs}
	d.document(text)
	return d.commands, d.problems
}

type decoder struct {
	file     string
	vmIDs    map[string]string
	commands []Read
	problems []Problem
}

func (d *decoder) fault(n *yaml.Node, format string, args ...any) {
	line := 0
	if n != nil {
		line = n.Line
	}
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func (d *decoder) document(text []byte) {
	if len(text) > MaxFile {
		d.fault(nil, "a file of commands has at most %d MiB", MaxFile>>20)
		return
	}
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			d.fault(nil, "there is nothing in the file")
			return
		}
		p := Problem{File: d.file, Line: 1, Message: "this is no YAML: " + yamlLine.ReplaceAllString(err.Error(), "")}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil && m[1] != "" {
			p.Line, _ = strconv.Atoi(m[1])
		}
		d.problems = append(d.problems, p)
		return
	}
	if dec.Decode(&yaml.Node{}) == nil {
		d.fault(nil, "a file has one document; this one has more")
		return
	}
	root := doc.Content[0]
	version := 0
	var list *yaml.Node
	ok := d.fields(root, "the file", map[string]func(*yaml.Node) bool{
		"version":  func(n *yaml.Node) bool { return d.integer(n, &version) },
		"commands": func(n *yaml.Node) bool { list = n; return true },
	})
	switch {
	case !ok:
		return
	case version != fileVersion:
		d.fault(root, "the file must say version: %d; a newer one needs a newer app", fileVersion)
		return
	case list == nil || list.Kind != yaml.SequenceNode:
		d.fault(root, "the file has no list of commands")
		return
	case len(list.Content) > MaxFileCommands:
		d.fault(list, "a file has at most %d commands", MaxFileCommands)
		return
	}
	seen := map[string]int{}
	order := map[string]int{}
	for _, n := range list.Content {
		before := len(d.problems)
		c, ok := d.command(n)
		if !ok || len(d.problems) > before {
			continue
		}
		key := strings.ToLower(c.Name) + "\x00" + scopeWord(c.Scope)
		if line := seen[key]; line > 0 {
			d.fault(n, "%q is there already, on line %d", c.Name, line)
			continue
		}
		seen[key] = n.Line
		c.Order = order[c.Group]
		order[c.Group]++
		d.commands = append(d.commands, Read{Command: c, File: d.file, Line: n.Line})
	}
}

// scopeWord is the same for scopes that are the same.
func scopeWord(s domain.Scope) string {
	return string(s.Kind) + "\x00" + strings.Join(slices.Sorted(slices.Values(append(slices.Clone(s.Tags), s.VMIDs...))), "\x00")
}

// fields reads a mapping whose keys are all known.
func (d *decoder) fields(n *yaml.Node, what string, known map[string]func(*yaml.Node) bool) bool {
	if n.Kind != yaml.MappingNode {
		d.fault(n, "%s must have keys and values", what)
		return false
	}
	ok, seen := true, map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read := known[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || read == nil:
			d.fault(key, "%s has no %q; it may have %s", what, key.Value, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			ok = false
		case seen[key.Value]:
			d.fault(key, "%q is there twice", key.Value)
			ok = false
		default:
			seen[key.Value] = true
			ok = read(value) && ok
		}
	}
	return ok
}

func (d *decoder) text(n *yaml.Node, to *string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Decode(to) != nil {
		d.fault(n, "this must be a text")
		return false
	}
	return true
}

func (d *decoder) flag(n *yaml.Node, to *bool) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Decode(to) != nil {
		d.fault(n, "this must be true or false")
		return false
	}
	return true
}

func (d *decoder) integer(n *yaml.Node, to *int) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || n.Decode(to) != nil {
		d.fault(n, "this must be a whole number")
		return false
	}
	return true
}

func (d *decoder) number(n *yaml.Node, to **float64) bool {
	var f float64
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" && n.Tag != "!!float" || n.Decode(&f) != nil || f != f || f-f != 0 {
		d.fault(n, "this must be a number")
		return false
	}
	*to = &f
	return true
}

func (d *decoder) texts(n *yaml.Node, to *[]string) bool {
	if n.Kind != yaml.SequenceNode {
		d.fault(n, "this must be a list")
		return false
	}
	ok := true
	for _, item := range n.Content {
		var text string
		ok = d.text(item, &text) && ok
		*to = append(*to, text)
	}
	return ok
}

func (d *decoder) command(n *yaml.Node) (domain.Command, bool) {
	c := domain.Command{Kind: domain.KindSSH, Params: []domain.Param{}, Env: map[string]string{}, Scope: domain.Scope{Kind: domain.ScopeEverywhere, Tags: []string{}, VMIDs: []string{}}}
	var tags, vms *yaml.Node
	lines := map[string]*yaml.Node{}
	at := func(key string, read func(*yaml.Node) bool) func(*yaml.Node) bool {
		return func(n *yaml.Node) bool { lines[key] = n; return read(n) }
	}
	text := func(key string, to *string) func(*yaml.Node) bool {
		return at(key, func(n *yaml.Node) bool { return d.text(n, to) })
	}
	ok := d.fields(n, "a command", map[string]func(*yaml.Node) bool{
		"name": text("name", &c.Name), "group": text("group", &c.Group), "description": text("description", &c.Description),
		"kind":              at("kind", func(n *yaml.Node) bool { return d.text(n, (*string)(&c.Kind)) }),
		"tags":              at("scope", func(n *yaml.Node) bool { tags = n; return d.texts(n, &c.Scope.Tags) }),
		"vms":               at("scope", func(n *yaml.Node) bool { vms = n; return d.vms(n, &c.Scope.VMIDs) }),
		"script":            at("script", func(n *yaml.Node) bool { return d.text(n, &c.Script) }),
		"params":            at("params", func(n *yaml.Node) bool { return d.params(n, &c.Params) }),
		"folder":            text("workDir", &c.WorkDir),
		"env":               at("env", func(n *yaml.Node) bool { return d.env(n, c.Env) }),
		"timeout":           at("timeoutSeconds", func(n *yaml.Node) bool { return d.duration(n, &c.TimeoutSeconds) }),
		"confirm":           func(n *yaml.Node) bool { return d.flag(n, &c.Confirm) },
		"terminal":          at("options.terminal", func(n *yaml.Node) bool { return d.flag(n, &c.Options.Terminal) }),
		"mergeOutput":       at("options", func(n *yaml.Node) bool { return d.flag(n, &c.Options.Merge) }),
		"expectsDisconnect": func(n *yaml.Node) bool { return d.flag(n, &c.Options.ExpectsDisconnect) },
		"onLostContact":     at("options.onLost", func(n *yaml.Node) bool { return d.onLost(n, &c.Options.OnLost) }),
	})
	if !ok {
		return c, false
	}
	switch {
	case tags != nil && vms != nil:
		d.fault(vms, "a command is offered by tags or on VMs, not both")
		return c, false
	case tags != nil:
		c.Scope.Kind = domain.ScopeTags
	case vms != nil:
		c.Scope.Kind = domain.ScopeVMs
	}
	given := c.Params
	c, err := prepare(c)
	if err != nil {
		e := domain.AsError(err)
		where := lines[e.Field]
		if e.Field == "values" || strings.HasPrefix(e.Field, "values.") {
			where = lines["params"]
		}
		if where == nil {
			where = n
		}
		d.fault(where, "%s", e.Message)
		return c, false
	}
	for _, p := range given {
		if !slices.ContainsFunc(c.Params, func(q domain.Param) bool { return q.Name == p.Name }) {
			d.fault(lines["params"], "the parameter %q isn't in the script", p.Name)
			return c, false
		}
	}
	return c, true
}

func (d *decoder) vms(n *yaml.Node, to *[]string) bool {
	var names []string
	if !d.texts(n, &names) {
		return false
	}
	ok := true
	for _, name := range names {
		id := d.vmIDs[name]
		if id == "" {
			d.fault(n, "there is no VM named %q here; take it in first, or use tags", name)
			ok = false
			continue
		}
		*to = append(*to, id)
	}
	return ok
}

func (d *decoder) env(n *yaml.Node, to map[string]string) bool {
	if n.Kind != yaml.MappingNode {
		d.fault(n, "the environment must have names and values")
		return false
	}
	ok := true
	for i := 0; i+1 < len(n.Content); i += 2 {
		var value string
		ok = d.text(n.Content[i+1], &value) && ok
		to[n.Content[i].Value] = value
	}
	return ok
}

func (d *decoder) duration(n *yaml.Node, to *int) bool {
	seconds, err := readDuration(n.Value)
	if err != nil {
		d.fault(n, "%s", err)
		return false
	}
	*to = seconds
	return true
}

func (d *decoder) onLost(n *yaml.Node, to *domain.OnLost) bool {
	switch n.Value {
	case "stop":
		*to = domain.OnLostStop
	case "go_on":
		*to = domain.OnLostGoOn
	default:
		d.fault(n, "when contact is lost a command stops (stop) or goes on (go_on)")
		return false
	}
	return true
}

func (d *decoder) params(n *yaml.Node, to *[]domain.Param) bool {
	if n.Kind != yaml.SequenceNode {
		d.fault(n, "this must be a list")
		return false
	}
	ok := true
	for _, item := range n.Content {
		p := domain.Param{Type: domain.ParamText, Choices: []string{}}
		ok = d.fields(item, "a parameter", map[string]func(*yaml.Node) bool{
			"name":      func(n *yaml.Node) bool { return d.text(n, &p.Name) },
			"type":      func(n *yaml.Node) bool { return d.text(n, (*string)(&p.Type)) },
			"default":   func(n *yaml.Node) bool { return d.text(n, &p.Default) },
			"choices":   func(n *yaml.Node) bool { return d.texts(n, &p.Choices) },
			"from":      func(n *yaml.Node) bool { return d.text(n, &p.From) },
			"fromLocal": func(n *yaml.Node) bool { return d.flag(n, &p.FromLocal) },
			"min":       func(n *yaml.Node) bool { return d.number(n, &p.Min) },
			"max":       func(n *yaml.Node) bool { return d.number(n, &p.Max) },
			"required":  func(n *yaml.Node) bool { return d.flag(n, &p.Required) },
			"pattern":   func(n *yaml.Node) bool { return d.text(n, &p.Pattern) },
			"stdin":     func(n *yaml.Node) bool { return d.flag(n, &p.Stdin) },
			"help":      func(n *yaml.Node) bool { return d.text(n, &p.Help) },
		}) && ok
		*to = append(*to, p)
	}
	return ok
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
