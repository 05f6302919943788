package inventory

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// Read reads a file of machines. name is its name, which may be "" for pasted text; what the text looks like decides where
// the name says nothing. CodeInvalid if it can't be a list of machines at all.
func Read(name string, data []byte) (domain.ImportFile, error) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	switch {
	case len(data) > MaxFile:
		return domain.ImportFile{}, domain.FieldError("file", "the file has more than %d MB", MaxFile>>20)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return domain.ImportFile{}, domain.NewError(domain.CodeInvalid, "Save it as UTF-8 and try again.", "this is no text in UTF-8")
	case strings.TrimSpace(text) == "":
		return domain.ImportFile{}, domain.FieldError("file", "there is nothing in it")
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	r := &reader{file: domain.ImportFile{Hosts: []domain.FoundHost{}, Problems: []domain.ImportProblem{}, Left: []domain.ImportProblem{}}}
	switch form(name, text) {
	case "csv":
		r.csv(text)
	case "json":
		r.json(text)
	case "yaml":
		r.yaml(text)
	case "ssh_config":
		return domain.ImportFile{}, domain.NewError(domain.CodeInvalid,
			"Name the file with an Include line in your own ~/.ssh/config: its hosts are then offered for review, and stay up to date.",
			"this is an ssh_config, which is not imported but read where it is")
	default:
		r.ini(text)
	}
	if more := len(r.file.Problems) - maxProblems; more > 0 {
		r.file.Problems = append(r.file.Problems[:maxProblems:maxProblems], domain.ImportProblem{Message: fmt.Sprintf("and %d more lines that could not be used", more)})
	}
	return r.file, nil
}

var (
	yamlStart    = regexp.MustCompile(`(?m)\A(?:\s*(?:#[^\n]*)?\n)*\s*(?:---|["']?[A-Za-z0-9_.-]+["']?:\s*(?:$|\n|#))`)
	configStart  = regexp.MustCompile(`(?mi)^\s*(?:host|match)[ \t=]+\S[^=\n]*\n\s*(?:hostname|user|port|identityfile|proxyjump)[ \t=]+\S`)
	sectionStart = regexp.MustCompile(`(?m)^\s*\[[^\]\n]+\]\s*(?:#.*)?$`)
	variable     = regexp.MustCompile(`(?m)^[^\n,;]*\s[A-Za-z_][A-Za-z0-9_]*=`)
)

// form says what a text is.
func form(name, text string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv":
		return "csv"
	case ".json":
		return "json"
	case ".yml", ".yaml":
		return "yaml"
	}
	begin := strings.TrimSpace(text)
	first, _, _ := strings.Cut(begin, "\n")
	switch {
	case json.Valid([]byte(begin)), strings.HasPrefix(begin, "{"):
		return "json"
	case sectionStart.MatchString(text):
		return "ini"
	case yamlStart.MatchString(text):
		return "yaml"
	case configStart.MatchString(text):
		return "ssh_config"
	case variable.MatchString(text):
		return "ini"
	case strings.ContainsAny(first, ",;\t|"):
		return "csv"
	}
	return "ini"
}

// reader collects what a file has.
type reader struct {
	file domain.ImportFile
	full bool
	told map[string]bool // of what is left, so that each thing is told once
}

func (r *reader) problem(line int, field, format string, args ...any) {
	r.file.Problems = append(r.file.Problems, domain.ImportProblem{Line: line, Field: field, Message: fmt.Sprintf(format, args...)})
}

// left tells what isn't taken over, once for each what.
func (r *reader) left(line int, what, format string, args ...any) {
	if r.told == nil {
		r.told = map[string]bool{}
	}
	if r.told[what] || len(r.file.Left) >= maxProblems {
		return
	}
	r.told[what] = true
	r.file.Left = append(r.file.Left, domain.ImportProblem{Line: line, Field: what, Message: fmt.Sprintf(format, args...)})
}

// add takes a machine, whose name or address may stand for the other.
func (r *reader) add(host domain.FoundHost) {
	if len(r.file.Hosts) >= maxMachines {
		if !r.full {
			r.full = true
			r.problem(host.Line, "", "there are more than %d machines; those from here on are left out", maxMachines)
		}
		return
	}
	r.file.Hosts = append(r.file.Hosts, host)
}

// isPassword says whether a variable or column holds one.
func isPassword(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "passw") || strings.HasSuffix(name, "_pass") || name == "pass" || strings.Contains(name, "passphrase") || strings.Contains(name, "secret")
}

func (r *reader) leftPassword(line int) {
	r.left(line, "password", "Passwords are not taken over: the app asks for them, and keeps them in the keychain if you wish.")
}

// scheme begins an address that is written as a URL.
var scheme = regexp.MustCompile(`(?i)^(?:ssh|scp|sftp)://`)

// address gives an address as SSH writes it: of a URL such as ssh://deploy:word@10.0.0.5:2222/home the password is left
// and told, and what is around the address is cut off. It comes before all that shows or keeps a text of the file.
func (r *reader) address(line int, text string) string {
	text = strings.TrimSpace(text)
	if whole := scheme.FindString(text); whole != "" {
		text = text[len(whole):]
		end := strings.LastIndexByte(text, '@') + 1 // a password may have slashes
		if slash := strings.IndexByte(text[end:], '/'); slash >= 0 {
			text = text[:end+slash]
		}
	}
	if at := strings.LastIndexByte(text, '@'); at > 0 {
		if user, _, with := strings.Cut(text[:at], ":"); with {
			r.leftPassword(line)
			return user + text[at:]
		}
	}
	return text
}

// jumps is address for the hops of a jump host.
func (r *reader) jumps(line int, text string) string {
	hops := strings.Split(text, ",")
	for i := range hops {
		hops[i] = r.address(line, hops[i])
	}
	return strings.Join(hops, ",")
}

// splitAddress takes user and port off an address such as deploy@10.0.0.5:2222 or [2001:db8::1]:22. What isn't one comes
// back whole, for the rules to refuse.
func splitAddress(text string) (user, host, port string) {
	host = text
	if at := strings.LastIndexByte(text, '@'); at > 0 {
		user, host = text[:at], text[at+1:]
	}
	if inner, v6 := strings.CutPrefix(host, "["); v6 {
		if address, rest, closed := strings.Cut(inner, "]"); closed && (rest == "" || strings.HasPrefix(rest, ":")) {
			return user, address, strings.TrimPrefix(rest, ":")
		}
	} else if strings.Count(host, ":") == 1 {
		host, port, _ = strings.Cut(host, ":")
	}
	return user, host, port
}
