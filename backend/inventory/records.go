package inventory

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"vmorchestrator/backend/domain"
)

// columns are the names under which tools write the values of a machine, in lower case without blanks, '_' and '-'.
var columns = map[string]string{
	"name": "name", "alias": "name", "vm": "name", "vmname": "name", "label": "name", "title": "name", "inventoryhostname": "name", "servername": "name", "instancename": "name",
	"host": "host", "address": "host", "addr": "host", "ip": "host", "ipaddress": "host", "ipv4": "host", "ipv6": "host", "hostname": "host", "fqdn": "host", "dns": "host", "publicip": "host", "ansiblehost": "host", "ansiblesshhost": "host", "server": "host",
	"user": "user", "username": "user", "login": "user", "sshuser": "user", "ansibleuser": "user", "ansiblesshuser": "user",
	"port": "port", "sshport": "port", "ansibleport": "port", "ansiblesshport": "port",
	"environment": "environment", "env": "environment", "stage": "environment",
	"tags": "tags", "tag": "tags", "group": "tags", "groups": "tags", "labels": "tags",
	"description": "description", "notes": "description", "note": "description", "comment": "description",
	"provider": "provider", "cloud": "provider",
	"identityfile": "identityFile", "key": "identityFile", "keyfile": "identityFile", "privatekey": "identityFile", "ansiblesshprivatekeyfile": "identityFile",
	"jump": "jump", "jumphost": "jump", "proxyjump": "jump", "bastion": "jump", "via": "jump",
}

func column(name string) string {
	return columns[strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(strings.TrimSpace(name)))]
}

// record makes a machine of named values, which may break the rules; nil where a value can't even be put into one.
func (r *reader) record(line int, values map[string]string) {
	get := func(name string) string { return strings.TrimSpace(values[name]) }
	name := r.address(line, values["name"])
	user, host, port := splitAddress(r.address(line, values["host"]))
	if host == "" {
		user, host, port = splitAddress(name)
	}
	f := domain.FoundHost{
		Alias: name, User: get("user"), Host: host, Jump: r.jumps(line, values["jump"]), IdentityFile: get("identityFile"), Line: line,
		Provider: get("provider"), Description: get("description"), Tags: tagsOf(values["tags"]),
	}
	if f.Alias == "" {
		f.Alias = host
	}
	if f.User == "" {
		f.User = user
	}
	if given := get("port"); given != "" {
		port = given
	}
	if !r.port(&f, port) || !r.environment(&f, get("environment")) {
		return
	}
	r.add(f)
}

func (r *reader) port(f *domain.FoundHost, text string) bool {
	if text == "" {
		return true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		// What stands there instead isn't shown: in a table without a head it may well be the password.
		r.problem(f.Line, "port", "the port of %q is a number from 1 to 65535", f.Alias)
		return false
	}
	f.Port = n
	return true
}

var environments = map[string]domain.Environment{
	"production": domain.EnvProduction, "prod": domain.EnvProduction, "prd": domain.EnvProduction, "live": domain.EnvProduction,
	"staging": domain.EnvStaging, "stage": domain.EnvStaging, "stg": domain.EnvStaging, "preprod": domain.EnvStaging, "uat": domain.EnvStaging,
	"test": domain.EnvTest, "testing": domain.EnvTest, "qa": domain.EnvTest, "development": domain.EnvDevelopment, "dev": domain.EnvDevelopment,
}

func (r *reader) environment(f *domain.FoundHost, text string) bool {
	if text == "" {
		return true
	}
	is, known := environments[strings.ToLower(text)]
	if !known {
		r.problem(f.Line, "environment", "the environment of %q is production, staging, test or development, not %q", f.Alias, text)
		return false
	}
	f.Environment = is
	return true
}

func tagsOf(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \t\n,", c) })
}

func (r *reader) csv(text string) {
	r.file.Format = "CSV"
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord, in.TrimLeadingSpace, in.Comma = -1, true, comma(text)
	var head []string
	for first := true; ; first = false {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			r.problem(bad.StartLine, "", "this line is no CSV: %v", bad.Err)
			if errors.Is(bad.Err, csv.ErrQuote) { // from here on nobody knows where a row ends
				r.problem(bad.Line, "", "the rest of the file is left out")
				return
			}
			continue
		} else if err != nil {
			r.problem(0, "", "%v", err)
			return
		}
		line, _ := in.FieldPos(0)
		if first {
			if head = r.head(line, row); head != nil {
				continue
			}
			if head = []string{"name", "host", "user", "port"}; len(row) == 1 {
				head = []string{"host"}
			}
		}
		values, filled := map[string]string{}, false
		for i, cell := range row {
			filled = filled || strings.TrimSpace(cell) != ""
			if i < len(head) && head[i] != "" {
				if head[i] == "tags" {
					cell = strings.NewReplacer(";", " ", "|", " ").Replace(cell)
				}
				if values[head[i]] == "" {
					values[head[i]] = cell
				} else if head[i] == "tags" {
					values["tags"] += " " + cell
				}
			}
		}
		switch {
		case !filled, strings.HasPrefix(strings.TrimSpace(row[0]), "#"):
		case len(row) > len(head):
			r.problem(line, "", "this line has %d values for %d columns", len(row), len(head))
		default:
			r.record(line, values)
		}
	}
}

// comma is the separator that the first line has most of.
func comma(text string) rune {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	best, most := ',', 0
	for _, c := range ",;\t|" {
		if n := strings.Count(first, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// head reads a first line with the names of the columns; nil if it is a machine already.
func (r *reader) head(line int, row []string) []string {
	head, known := make([]string, len(row)), false
	for i, cell := range row {
		head[i] = column(cell)
		known = known || head[i] == "name" || head[i] == "host"
	}
	if !known {
		return nil
	}
	for i, cell := range row {
		switch {
		case isPassword(cell):
			head[i] = ""
			r.leftPassword(line)
		case head[i] == "" && strings.TrimSpace(cell) != "":
			r.left(line, cell, "The column %q is not taken over.", strings.TrimSpace(cell))
		}
	}
	return head
}

// json reads a list of machines: this app's export, a plain list, or what ansible-inventory --list prints.
func (r *reader) json(text string) {
	r.file.Format = "JSON"
	in := json.NewDecoder(strings.NewReader(text))
	in.UseNumber()
	lineAt := func(offset int64) int { return 1 + strings.Count(text[:min(int(offset), len(text))], "\n") }
	bad := func(err error) {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			r.problem(lineAt(int64(len(text))), "", "the JSON ends before it is whole")
			return
		}
		r.problem(lineAt(in.InputOffset()), "", "this is no JSON from here on: %v", err)
	}
	token, err := in.Token()
	if err != nil {
		bad(err)
		return
	}
	switch token {
	case json.Delim('['):
		r.jsonList(in, lineAt, bad)
		return
	case json.Delim('{'):
	default:
		r.problem(1, "", "a list of machines is needed")
		return
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			r.problem(lineAt(syntax.Offset), "", "this is no JSON from here on: %v", err)
		} else {
			r.problem(1, "", "%v", err)
		}
		return
	}
	switch {
	case object["_meta"] != nil || object["all"] != nil:
		r.file.Format = "Ansible inventory (JSON)"
		r.ansibleJSON(text)
		return
	case object["vms"] == nil:
		r.problem(1, "", "a list of machines is needed: an array, or one under \"vms\"")
		return
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			bad(err)
			return
		}
		if key != "vms" {
			var skipped json.RawMessage
			if err := in.Decode(&skipped); err != nil {
				bad(err)
				return
			}
			continue
		}
		if token, err := in.Token(); err != nil || token != json.Delim('[') {
			r.problem(lineAt(in.InputOffset()), "", "\"vms\" is a list of machines")
			return
		}
		r.jsonList(in, lineAt, bad)
		return
	}
}

func (r *reader) jsonList(in *json.Decoder, lineAt func(int64) int, bad func(error)) {
	for in.More() {
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			bad(err)
			return
		}
		line := lineAt(in.InputOffset() - int64(len(raw)))
		var object map[string]any
		var text string
		switch {
		case json.Unmarshal(raw, &text) == nil:
			r.record(line, map[string]string{"host": text})
		case json.Unmarshal(raw, &object) != nil:
			r.problem(line, "", "a machine is an object or an address")
		default:
			r.jsonMachine(line, raw)
		}
	}
	if _, err := in.Token(); err != nil {
		bad(err)
	}
}

func (r *reader) jsonMachine(line int, raw json.RawMessage) {
	in := json.NewDecoder(strings.NewReader(string(raw)))
	in.UseNumber()
	var object map[string]any
	if err := in.Decode(&object); err != nil {
		r.problem(line, "", "%v", err)
		return
	}
	values := map[string]string{}
	for key, value := range object {
		name := column(key)
		if isPassword(key) {
			r.leftPassword(line)
			continue
		}
		if name == "" {
			if key != "id" && key != "source" {
				r.left(line, key, "The value %q is not taken over.", key)
			}
			continue
		}
		text, ok := plain(value)
		if !ok {
			r.problem(line, name, "%q is a text or a number", key)
			return
		}
		// "host" and "hostname" may both be there: the plain name of our own export counts.
		if values[name] == "" || strings.EqualFold(key, name) {
			values[name] = text
		}
	}
	if values["port"] == "0" {
		values["port"] = ""
	}
	r.record(line, values)
}

// plain gives a scalar, or a list of scalars with blanks between.
func plain(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case map[string]any: // how Ansible prints a text that is no template
		if text, ok := v["__ansible_unsafe"].(string); ok && len(v) == 1 {
			return text, true
		}
	case []any:
		words := make([]string, len(v))
		for i, one := range v {
			word, ok := plain(one)
			if _, list := one.([]any); !ok || list {
				return "", false
			}
			words[i] = word
		}
		return strings.Join(words, " "), true
	}
	return "", false
}
