package inventory

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yaml reads an Ansible inventory in its YAML form. Nodes are walked, never decoded into values: aliases are followed as
// far as maxNodes, tags such as !vault make nothing, and every node knows its line.
func (r *reader) yaml(text string) {
	if r.file.Format != "Ansible inventory (JSON)" {
		r.file.Format = "Ansible inventory (YAML)"
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		line := 0
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
		}
		said := strings.TrimPrefix(err.Error(), "yaml: ")
		// The name of the anchor isn't shown: it is a password that begins with a star and has no quotes.
		if m := unknownAnchor.FindStringSubmatch(said); m != nil {
			before, _, _ := strings.Cut(text, "*"+m[1])
			line, said = 1+strings.Count(before, "\n"), "a value that begins with * needs quotes"
		}
		r.problem(line, "", "this is no YAML: %s", said)
		return
	}
	w := &yamlWalk{reader: r, groups: newGroups()}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		r.problem(1, "", "an inventory in YAML begins with a group, such as \"all:\"")
		return
	}
	for _, p := range w.pairs(doc.Content[0], 0) {
		w.group(p, "", 0)
	}
	r.take(w.groups)
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

var unknownAnchor = regexp.MustCompile(`unknown anchor '([^']*)'`)

type yamlWalk struct {
	*reader
	groups *groups
	nodes  int
}

type pair struct {
	key   string
	line  int
	value *yaml.Node
}

// follow is the node behind aliases; nil past the limits.
func (w *yamlWalk) follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if w.nodes++; w.nodes > maxNodes {
		if w.nodes == maxNodes+1 {
			w.problem(0, "", "the file becomes too big when its aliases are followed; the rest is left out")
		}
		return nil
	}
	return n
}

// pairs are those of a mapping, merged ones ("<<") before its own.
func (w *yamlWalk) pairs(n *yaml.Node, depth int) []pair {
	if n = w.follow(n); n == nil || depth > maxDepth || n.Kind != yaml.MappingNode {
		return nil
	}
	var merged, own []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := w.follow(n.Content[i]), n.Content[i+1]
		switch {
		case key == nil:
			return nil
		case key.Tag == "!!merge":
			if list := w.follow(v); list != nil && list.Kind == yaml.SequenceNode {
				for _, one := range list.Content {
					merged = append(merged, w.pairs(one, depth+1)...)
				}
			} else {
				merged = append(merged, w.pairs(v, depth+1)...)
			}
		case key.Kind != yaml.ScalarNode:
			w.problem(key.Line, "", "a name is needed here")
		default:
			own = append(own, pair{key.Value, key.Line, v})
		}
	}
	return append(merged, own...)
}

func (w *yamlWalk) group(p pair, parent string, depth int) {
	if depth > maxDepth {
		w.problem(p.line, "", "groups stand in each other more than %d deep", maxDepth)
		return
	}
	if p.key == "" || strings.ContainsAny(p.key, " \t\n,") {
		w.problem(p.line, "", "%q is no name of a group", p.key)
		return
	}
	in := w.groups.group(p.key)
	if parent != "" {
		w.groups.child(w.groups.group(parent), p.key)
	}
	n := w.follow(p.value)
	if n == nil || isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		w.problem(p.line, "", "the group %q has hosts, children and vars", p.key)
		return
	}
	for _, part := range w.pairs(n, 0) {
		node := w.follow(part.value)
		if node == nil || isNull(node) {
			continue
		}
		switch part.key {
		case "hosts":
			w.hosts(in, part, node)
		case "children":
			if node.Kind != yaml.MappingNode {
				w.problem(part.line, "", "children of %q are names with a colon after each", p.key)
				continue
			}
			for _, child := range w.pairs(node, 0) {
				w.group(child, p.key, depth+1)
			}
		case "vars":
			if node.Kind != yaml.MappingNode {
				w.problem(part.line, "", "vars of %q are names with values", p.key)
				continue
			}
			w.vars(in.vars, node)
		default:
			w.problem(part.line, "", "%q can't stand in the group %q: it has hosts, children and vars", part.key, p.key)
		}
	}
}

func (w *yamlWalk) hosts(in *group, part pair, node *yaml.Node) {
	if node.Kind != yaml.MappingNode {
		w.problem(part.line, "", "hosts are names with a colon after each")
		return
	}
	for _, p := range w.pairs(node, 0) {
		p.key = w.address(p.line, p.key)
		names, err := expand(p.key)
		if err != nil {
			w.problem(p.line, "name", "%v", err)
			continue
		}
		own := map[string]value{}
		if v := w.follow(p.value); v != nil && !isNull(v) {
			if v.Kind != yaml.MappingNode {
				w.problem(p.line, "", "behind %q stand variables, or nothing", p.key)
				continue
			}
			w.vars(own, v)
		}
		for _, name := range names {
			if len(w.groups.names) > maxMachines {
				return // told when they are taken
			}
			one := w.groups.host(in, name, p.line)
			for key, v := range own {
				one.vars[key] = v
			}
		}
	}
}

func (w *yamlWalk) vars(into map[string]value, node *yaml.Node) {
	for _, p := range w.pairs(node, 0) {
		into[p.key] = w.value(p)
	}
}

func (w *yamlWalk) value(p pair) value {
	n := w.follow(p.value)
	v := value{line: p.line}
	switch {
	case n == nil || isNull(n):
	case n.Tag == "!vault":
		v.bad = "encrypted"
	case n.Kind == yaml.ScalarNode:
		v.text = n.Value
		if n.Tag != "!unsafe" {
			v.bad = template(n.Value)
		}
	case n.Kind == yaml.SequenceNode:
		words := make([]string, 0, len(n.Content))
		for _, one := range n.Content {
			if one = w.follow(one); one == nil || one.Kind != yaml.ScalarNode {
				return value{line: p.line, bad: "no plain value"}
			}
			words = append(words, one.Value)
		}
		v.text = strings.Join(words, " ")
		v.bad = template(v.text)
	default:
		v.bad = "no plain value"
	}
	return v
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }
