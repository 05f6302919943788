package command

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"vmorchestrator/backend/domain"
)

const (
	// historyBytes is how much of the end of a shell's history is read: tens of thousands of lines.
	historyBytes = 2 << 20
	// maxSuggestions is how many are offered.
	maxSuggestions = 50
	// suggestionBytes is the longest that is offered: what is longer was pasted once.
	suggestionBytes = 4 << 10
)

// Suggestion is a command that the person gave to ssh by hand.
type Suggestion struct {
	Script string             `json:"script"`
	Kind   domain.CommandKind `json:"kind"`
	Hosts  []string           `json:"hosts"` // as they were typed
	Count  int                `json:"count"`
}

// Suggestions reads the histories of bash, zsh and fish in a home folder for `ssh HOST COMMAND` and gives the commands,
// the most used first. Lines that seem to hold a secret are left out, and so is what was only a login. histFile is the
// value of HISTFILE, which bash and zsh keep their history in instead; "" is their own choice.
func Suggestions(home, histFile string) []Suggestion {
	var lines []string
	files := map[string]bool{}
	for _, h := range []struct {
		file  string
		lines func(string) []string
	}{
		{filepath.Join(home, ".bash_history"), bashLines}, {filepath.Join(home, ".zsh_history"), zshLines},
		{filepath.Join(home, ".local/share/fish/fish_history"), fishLines}, {filepath.Clean(histFile), eitherLines},
	} {
		if !filepath.IsAbs(h.file) || files[h.file] {
			continue
		}
		files[h.file] = true
		lines = append(lines, h.lines(tail(h.file))...)
	}
	found, last := map[string]*Suggestion{}, map[string]int{}
	for i, line := range lines {
		host, script, kind := sshCommand(line)
		if script == "" || len(script) > suggestionBytes || looksSecret(line) {
			continue
		}
		s := found[script]
		if s == nil {
			s = &Suggestion{Script: script, Kind: kind, Hosts: []string{}}
			found[script] = s
		}
		s.Count++
		last[script] = i
		if !slices.Contains(s.Hosts, host) {
			s.Hosts = append(s.Hosts, host)
		}
	}
	out := make([]Suggestion, 0, len(found))
	for _, s := range found {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		return cmp.Or(b.Count-a.Count, last[b.Script]-last[a.Script])
	})
	return out[:min(len(out), maxSuggestions)]
}

// tail gives the end of a file, "" if it can't be read: nothing is suggested then.
func tail(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	} else if info.Size() > historyBytes {
		if _, err := f.Seek(-historyBytes, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, historyBytes))
	if err != nil {
		return ""
	}
	return string(text)
}

func bashLines(text string) []string {
	return strings.Split(text, "\n")
}

var zshStamp = regexp.MustCompile(`^: \d+:\d+;`)

// zshLines undoes what zsh does to its history: some bytes are written as 0x83 and the byte with bit 5 turned, and a line
// that goes on ends with a backslash.
func zshLines(text string) []string {
	var plain bytes.Buffer
	for i := 0; i < len(text); i++ {
		if text[i] == 0x83 && i+1 < len(text) {
			i++
			plain.WriteByte(text[i] ^ 0x20)
			continue
		}
		plain.WriteByte(text[i])
	}
	lines := strings.Split(strings.ReplaceAll(plain.String(), "\\\n", "\x00"), "\n")
	for i, line := range lines {
		lines[i] = zshStamp.ReplaceAllString(strings.ReplaceAll(line, "\x00", "\n"), "")
	}
	return lines
}

// eitherLines reads a file that bash or zsh may have written. Only zsh writes stamps before its lines; without them its
// name has to tell.
func eitherLines(text string) []string {
	if zshStamp.MatchString(text) {
		return zshLines(text)
	}
	return bashLines(text)
}

// fishLines reads the one key of fish's history that matters.
func fishLines(text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if cmd, ok := strings.CutPrefix(line, "- cmd: "); ok {
			out = append(out, strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(cmd))
		}
	}
	return out
}

// withValue are the options of ssh that have a value; see ssh(1).
const withValue = "BbcDEeFIiJLlmOopPQRSWw"

// sshCommand takes `ssh [options] HOST COMMAND` apart, when that is all the line says and nothing in it is for the local
// shell to work out.
func sshCommand(line string) (host, script string, kind domain.CommandKind) {
	if !strings.Contains(line, "ssh ") {
		return "", "", ""
	}
	file, err := syntax.NewParser().Parse(strings.NewReader(line), "")
	if err != nil || len(file.Stmts) != 1 {
		return "", "", ""
	}
	call, ok := file.Stmts[0].Cmd.(*syntax.CallExpr)
	if !ok || len(call.Assigns) > 0 || len(file.Stmts[0].Redirs) > 0 || len(call.Args) < 3 {
		return "", "", ""
	}
	words := make([]string, len(call.Args))
	for i, arg := range call.Args {
		if words[i], ok = literalWord(arg); !ok {
			return "", "", ""
		}
	}
	if words[0] != "ssh" {
		return "", "", ""
	}
	kind = domain.KindSSH
	i := 1
	for ; i < len(words) && strings.HasPrefix(words[i], "-"); i++ {
		if words[i] == "--" {
			i++
			break
		}
		for j, c := range words[i][1:] {
			if c == 't' {
				kind = domain.KindTerminal
			}
			if strings.ContainsRune(withValue, c) {
				if j == len(words[i])-2 {
					i++
				}
				break
			}
		}
	}
	if i >= len(words)-1 {
		return "", "", ""
	}
	return words[i], strings.TrimSpace(strings.Join(words[i+1:], " ")), kind
}

// literalWord is a word as the shell would hand it on, if that takes no shell.
func literalWord(w *syntax.Word) (string, bool) {
	var out strings.Builder
	for _, part := range w.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			out.WriteString(unescaped(p.Value, ""))
		case *syntax.SglQuoted:
			if p.Dollar {
				return "", false
			}
			out.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, inner := range p.Parts {
				lit, ok := inner.(*syntax.Lit)
				if !ok || p.Dollar {
					return "", false
				}
				out.WriteString(unescaped(lit.Value, "$`\"\\\n"))
			}
		default:
			return "", false
		}
	}
	return out.String(), true
}

// unescaped takes backslashes away: those before one of only, or all if that is "".
func unescaped(text, only string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (only == "" || strings.IndexByte(only, text[i+1]) >= 0) {
			i++
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

var (
	secretWord = regexp.MustCompile(`(?i)passw|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|authorization|bearer|_pwd|pwd=|sshpass|://[^/\s:@]*:[^/\s@]+@|-u\s*\S+:\S+|\bmysql\w*\s.*-p\S|\s-p\S{6,}|BEGIN [A-Z ]*KEY`)
	longWord   = regexp.MustCompile(`[A-Za-z0-9+/_=-]{20,}`)
)

// looksSecret reports whether a line may hold a secret: by its words, or by a long word of letters and digits mixed. It
// is better to suggest too little.
func looksSecret(line string) bool {
	if secretWord.MatchString(line) {
		return true
	}
	for _, word := range longWord.FindAllString(line, -1) {
		if strings.ContainsAny(word, "0123456789") && strings.ContainsAny(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") && !strings.Contains(word, "/") {
			return true
		}
	}
	return false
}
