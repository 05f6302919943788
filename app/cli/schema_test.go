package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/internal/sshdtest"
)

// schema is the part of JSON Schema that docs/vmo-schema.json uses.
type schema struct {
	Ref        string             `json:"$ref"`
	Defs       map[string]*schema `json:"$defs"`
	OneOf      []*schema          `json:"oneOf"`
	Type       any                `json:"type"`
	Const      *string            `json:"const"`
	Enum       []string           `json:"enum"`
	Pattern    string             `json:"pattern"`
	Minimum    *float64           `json:"minimum"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
	Additional additional         `json:"additionalProperties"`
}

// additional describes the properties that have no name in the schema; nil: there are none.
type additional struct{ *schema }

func (a *additional) UnmarshalJSON(text []byte) error {
	if string(text) == "false" {
		return nil
	}
	a.schema = &schema{}
	return json.Unmarshal(text, a.schema)
}

// check says what breaks the schema at path, or "".
func (root *schema) check(s *schema, path string, v any) string {
	if s.Ref != "" {
		return root.check(root.Defs[strings.TrimPrefix(s.Ref, "#/$defs/")], path, v)
	}
	if len(s.OneOf) > 0 {
		fits, why := 0, []string{}
		for _, one := range s.OneOf {
			if text := root.check(one, path, v); text != "" {
				why = append(why, text)
				continue
			}
			fits++
		}
		if fits != 1 {
			return path + " fits " + string(rune('0'+fits)) + " of oneOf: " + strings.Join(why, "; ")
		}
		return ""
	}
	if s.Type != nil && !slices.Contains(words(s.Type), typeOf(v)) {
		return path + " is of type " + typeOf(v)
	}
	switch v := v.(type) {
	case string:
		if s.Const != nil && v != *s.Const || s.Enum != nil && !slices.Contains(s.Enum, v) || !regexp.MustCompile(s.Pattern).MatchString(v) {
			return path + " is " + v
		}
	case float64:
		if s.Minimum != nil && v < *s.Minimum {
			return path + " is too small"
		}
	case []any:
		for _, item := range v {
			if text := root.check(s.Items, path+"[]", item); text != "" {
				return text
			}
		}
	case map[string]any:
		for _, key := range s.Required {
			if _, ok := v[key]; !ok {
				return path + " has no " + key
			}
		}
		for key, value := range v {
			p := s.Properties[key]
			if p == nil {
				p = s.Additional.schema
			}
			if p == nil {
				return path + "." + key + " is not in the schema"
			}
			if text := root.check(p, path+"."+key, value); text != "" {
				return text
			}
		}
	}
	return ""
}

func words(t any) []string {
	if list, ok := t.([]any); ok {
		var out []string
		for _, w := range list {
			out = append(out, w.(string))
		}
		return out
	}
	return []string{t.(string)}
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "integer"
	case []any:
		return "array"
	}
	return "object"
}

// All that --json prints fits the schema in docs, and the order of the fields, which people's eyes and diffs see, stays.
func TestJSONFitsTheSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/vmo-schema.json")
	must(t, err)
	var root schema
	must(t, json.Unmarshal(text, &root))
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("web-1", srv)
	home.AppendConfig("Host dead\n  HostName 127.0.0.1\n  Port 1\n")
	kinds := map[string]int{}
	for _, args := range [][]string{
		{"run", "--json", "--on", "web-1", "--", `echo one; echo two >&2; printf 'bad \377\nopen'`},
		{"run", "--json", "--on", "web-1", "--on", "dead", "--", "exit 3"},
		{"run", "--json", "--on", "web-1", "--", "kill -9 $$"},
		{"run", "--json", "--on", "web-1", "--timeout", "1s", "--", "sleep 100"},
		{"jobs", "--json"},
		{"vms", "--json"},
		{"explain", "--json", "web-1"},
		{"check", "--json", "web-1"},
		{"check", "--json", "dead"},
		{"search", "--json", "--context", "1", "one"},
	} {
		_, out, errs := call(t, home, "", args...)
		if out == "" {
			t.Errorf("%q printed nothing: %s", args, errs)
		}
		for line := range strings.Lines(out) {
			var v map[string]any
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatalf("%q is no object: %v", line, err)
			}
			if why := root.check(&schema{OneOf: root.OneOf}, "", v); why != "" {
				t.Errorf("%q: %s\n%s", args, why, line)
			}
			kinds[v["type"].(string)]++
		}
	}
	if kinds["output"] != 4 || kinds["job"] != 8 || kinds["vm"] != 2 ||
		kinds["explanation"] != 1 || kinds["check"] != 2 || kinds["match"] != 1 {
		t.Errorf("objects by type: %v", kinds)
	}
}
