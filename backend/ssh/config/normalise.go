package config

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	ssh_config "github.com/kevinburke/ssh_config"
)

// includeWord stands for Include in normalised text: kevinburke/ssh_config would follow an Include itself, from the
// folder of another user's home if need be, and fail as a whole if one of the files is bad.
const includeWord = "VmoInclude"

// shownKeywords are those whose values a list shows. Everything else is left out of the normalised text.
var shownKeywords = map[string]string{
	"hostname": "HostName", "user": "User", "port": "Port", "proxyjump": "ProxyJump", "identityfile": "IdentityFile",
}

// lineProblem is a line that could not be used.
type lineProblem struct {
	line    int
	message string
}

// normalise gives text in the narrow form that kevinburke/ssh_config reads without loss, line for line the original:
// one blank between words, words percent-encoded (so no tab, quote, '#' or '=' is left in them), Match lines turned into
// a Host that never matches. By itself that library loses Host lines with tabs or quotes, cuts values at '#', applies
// "Match host X user Y" to other hosts and gives up the file at any other Match.
func normalise(data []byte) (text []byte, problems []lineProblem) {
	if rest, found := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); found {
		data = rest
		problems = append(problems, lineProblem{1, "the file begins with a byte order mark, which ssh refuses: save it as UTF-8 without one"})
	}
	var out bytes.Buffer
	number := 0
	for line := range bytes.Lines(data) {
		number++
		keyword, words, err := splitLine(string(line))
		problem := ""
		switch {
		case err != nil:
			problem = err.Error()
		case keyword == "":
		case keyword == "host":
			if len(words) == 0 {
				problem = "Host has no name"
				words = []string{"!*"}
			}
			emit(&out, "Host", words)
		case keyword == "match":
			emit(&out, "Host", []string{"!*"})
		case keyword == "include":
			if len(words) == 0 {
				problem = "Include names no file"
			} else {
				emit(&out, includeWord, words)
			}
		case shownKeywords[keyword] != "":
			if problem = badValue(keyword, words); problem == "" {
				emit(&out, shownKeywords[keyword], words[:1])
			}
		}
		if problem != "" && len(problems) < maxProblems {
			problems = append(problems, lineProblem{number, problem})
		}
		out.WriteByte('\n')
	}
	return out.Bytes(), problems
}

func badValue(keyword string, words []string) string {
	name := shownKeywords[keyword]
	switch {
	case len(words) == 0 || words[0] == "":
		return name + " has no value"
	case len(words) > 1:
		return name + " has more than one value"
	case keyword == "port":
		if port, err := strconv.Atoi(words[0]); err != nil || port < 1 || port > 65535 {
			return "Port " + strings.ToValidUTF8(words[0], "\uFFFD") + " is not a number from 1 to 65535"
		}
	}
	return ""
}

func emit(out *bytes.Buffer, keyword string, words []string) {
	out.WriteString(keyword)
	for _, word := range words {
		out.WriteByte(' ')
		// An empty word would vanish; a lone '%' can't come from the encoder.
		if word == "" {
			word = "\x00"
		}
		out.WriteString(url.QueryEscape(word))
	}
}

// block is one Host section of one file.
type block struct {
	patterns []string // nil: the lines before the first Host, which are for all
	line     int
	nodes    []node
}

type node struct {
	keyword string // one of shownKeywords' keys, or "include"
	words   []string
	line    int
}

// blocks parses normalised text.
func blocks(text []byte) ([]block, error) {
	parsed, err := ssh_config.DecodeBytes(text)
	if err != nil {
		return nil, err
	}
	var out []block
	hostLines := linesOf(text, "Host ")
	for i, host := range parsed.Hosts {
		b := block{}
		if i > 0 { // the first is the library's implicit "Host *"
			b.line = hostLines[i-1]
			b.patterns = []string{}
			for _, p := range host.Patterns {
				b.patterns = append(b.patterns, decode(p.String()))
			}
		}
		for _, n := range host.Nodes {
			kv, ok := n.(*ssh_config.KV)
			if !ok {
				continue
			}
			words := strings.Fields(kv.Value)
			for j := range words {
				words[j] = decode(words[j])
			}
			keyword := strings.ToLower(kv.Key)
			if kv.Key == includeWord {
				keyword = "include"
			}
			b.nodes = append(b.nodes, node{keyword: keyword, words: words, line: kv.Pos().Line})
		}
		out = append(out, b)
	}
	return out, nil
}

func linesOf(text []byte, prefix string) []int {
	var out []int
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if bytes.HasPrefix(line, []byte(prefix)) {
			out = append(out, number)
		}
	}
	return out
}

func decode(word string) string {
	plain, err := url.QueryUnescape(word)
	if err != nil || plain == "\x00" {
		return ""
	}
	return plain
}

// readable makes foreign bytes fit for a screen and for JSON.
func readable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
