package command

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"vmorchestrator/backend/domain"
)

// fileVersion is the version of the form that files of commands have; docs/commands.md describes it.
const fileVersion = 1

// Problem is what is wrong with a file of commands, and where.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"` // from 1; 0 is the whole file
	Message string `json:"message"`
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ": " + p.Message
}

// Encode writes commands as a file that people can read, keep in git and edit: in their order, always alike, without
// ids, times and whatever is as usual. A scope names VMs by vmNames; one that isn't there any more is left out.
// Nothing secret is in a command, so nothing secret is in the file.
func Encode(all []domain.Command, vmNames map[string]string) ([]byte, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, c := range all {
		list.Content = append(list.Content, encodeCommand(c, vmNames))
	}
	root := newMap()
	root.add("version", intNode(fileVersion))
	root.add("commands", list)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(root.node); err != nil {
		return nil, fmt.Errorf("encode commands: %w", err)
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("encode commands: %w", err)
	}
	return out.Bytes(), nil
}

// mapNode is a mapping that keeps its order and leaves out what is empty.
type mapNode struct{ node *yaml.Node }

func newMap() mapNode { return mapNode{&yaml.Node{Kind: yaml.MappingNode}} }

func (m mapNode) add(key string, value *yaml.Node) {
	m.node.Content = append(m.node.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

func (m mapNode) text(key, value string) {
	if value != "" {
		m.add(key, textNode(value))
	}
}

func (m mapNode) flag(key string, on bool) {
	if on {
		m.add(key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	}
}

func (m mapNode) list(key string, values []string) {
	if len(values) == 0 {
		return
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, v := range values {
		list.Content = append(list.Content, textNode(v))
	}
	m.add(key, list)
}

func intNode(n int) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.Itoa(n)}
}

// textNode is a text as a block if it has lines and a block says it exactly, else quoted where it must be.
func textNode(value string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(value)
	if n.Tag == "!!binary" {
		return n
	}
	if text, err := yaml.Marshal(n); err == nil {
		var back string
		if yaml.Unmarshal(text, &back) == nil && back == value && !strings.ContainsAny(value, "\r\u0085\u2028\u2029\ufeff") {
			return n
		}
	}
	n.Style = yaml.DoubleQuotedStyle
	return n
}

func encodeCommand(c domain.Command, vmNames map[string]string) *yaml.Node {
	m := newMap()
	m.text("name", c.Name)
	m.text("group", c.Group)
	m.text("description", c.Description)
	if c.Kind != domain.KindSSH {
		m.text("kind", string(c.Kind))
	}
	switch c.Scope.Kind {
	case domain.ScopeTags:
		m.list("tags", c.Scope.Tags)
	case domain.ScopeVMs:
		names := []string{}
		for _, id := range c.Scope.VMIDs {
			if name := vmNames[id]; name != "" {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		vms := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, name := range names {
			vms.Content = append(vms.Content, textNode(name))
		}
		m.add("vms", vms)
	}
	m.text("script", c.Script)
	if len(c.Params) > 0 {
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for _, p := range c.Params {
			list.Content = append(list.Content, encodeParam(p))
		}
		m.add("params", list)
	}
	m.text("folder", c.WorkDir)
	if len(c.Env) > 0 {
		env := newMap()
		for _, name := range sortedKeys(c.Env) {
			env.add(name, textNode(c.Env[name]))
		}
		m.add("env", env.node)
	}
	if c.TimeoutSeconds > 0 {
		m.add("timeout", textNode(shortDuration(c.TimeoutSeconds)))
	}
	m.flag("confirm", c.Confirm)
	m.flag("terminal", c.Options.Terminal)
	m.flag("mergeOutput", c.Options.Merge)
	m.flag("expectsDisconnect", c.Options.ExpectsDisconnect)
	if c.Options.OnLost == domain.OnLostGoOn {
		m.text("onLostContact", "go_on")
	}
	return m.node
}

// keysOf gives what a file would say about c, key by key.
func keysOf(c domain.Command, vmNames map[string]string) map[string]string {
	out := map[string]string{}
	n := encodeCommand(c, vmNames)
	for i := 0; i+1 < len(n.Content); i += 2 {
		text, _ := yaml.Marshal(n.Content[i+1]) // it can't fail: every value was made here
		out[n.Content[i].Value] = string(text)
	}
	return out
}

func encodeParam(p domain.Param) *yaml.Node {
	m := newMap()
	m.text("name", p.Name)
	m.text("type", string(p.Type))
	m.text("default", p.Default)
	m.list("choices", p.Choices)
	m.text("from", p.From)
	m.flag("fromLocal", p.FromLocal)
	m.number("min", p.Min)
	m.number("max", p.Max)
	m.flag("required", p.Required)
	m.text("pattern", p.Pattern)
	m.flag("stdin", p.Stdin)
	m.text("help", p.Help)
	return m.node
}

func (m mapNode) number(key string, value *float64) {
	if value != nil {
		m.add(key, &yaml.Node{Kind: yaml.ScalarNode, Value: strconv.FormatFloat(*value, 'f', -1, 64)})
	}
}

// shortDuration writes 600 as 10m and 90 as 90s.
func shortDuration(seconds int) string {
	switch {
	case seconds%3600 == 0:
		return strconv.Itoa(seconds/3600) + "h"
	case seconds%60 == 0:
		return strconv.Itoa(seconds/60) + "m"
	}
	return strconv.Itoa(seconds) + "s"
}

func readDuration(text string) (int, error) {
	if n, err := strconv.Atoi(text); err == nil {
		text = strconv.Itoa(n) + "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d%time.Second != 0 || d > domain.MaxTimeoutSeconds*time.Second {
		return 0, fmt.Errorf("a time-out is like 30s, 10m or 2h, up to 24h, and not %q", text)
	}
	return int(d / time.Second), nil
}
