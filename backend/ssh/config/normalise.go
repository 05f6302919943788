package config

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"

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
//
// Its lexer also takes time with the square of a line's length (three minutes for 1 MB), so the words of a long line wait
// in long, and the text holds their place in it.
func normalise(data []byte) (n normalised, problems []lineProblem) {
	if rest, found := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); found {
		data = rest
		problems = append(problems, lineProblem{1, "the file begins with a byte order mark, which ssh refuses: save it as UTF-8 without one"})
	}
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
			n.emit("Host", words)
		case keyword == "match":
			n.emit("Host", []string{"!*"})
		case keyword == "include":
			if len(words) == 0 {
				problem = "Include names no file"
			} else {
				n.emit(includeWord, words)
			}
		case shownKeywords[keyword] != "":
			if problem = badValue(keyword, words); problem == "" {
				n.emit(shownKeywords[keyword], words[:1])
			}
		}
		if problem != "" && len(problems) < maxProblems {
			problems = append(problems, lineProblem{number, problem})
		}
		n.text.WriteByte('\n')
	}
	return n, problems
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

// normalised is a file in the narrow form.
type normalised struct {
	text bytes.Buffer
	long [][]string
}

func (n *normalised) emit(keyword string, words []string) {
	var line strings.Builder
	line.WriteString(keyword)
	for _, word := range words {
		line.WriteByte(' ')
		if word == "" {
			word = "\x00" // an empty word would vanish
		}
		line.WriteString(url.QueryEscape(word))
	}
	if line.Len() > maxLibraryLine {
		line.Reset()
		line.WriteString(keyword + " " + longMark + strconv.Itoa(len(n.long))) // '@' is never left by the encoder
		n.long = append(n.long, words)
	}
	n.text.WriteString(line.String())
}

const longMark = "@"

// words gives back what emit was given.
func (n *normalised) words(encoded []string) []string {
	if len(encoded) == 1 && strings.HasPrefix(encoded[0], longMark) {
		if at, err := strconv.Atoi(encoded[0][len(longMark):]); err == nil && at < len(n.long) {
			return n.long[at]
		}
	}
	out := make([]string, len(encoded))
	for i, word := range encoded {
		if plain, err := url.QueryUnescape(word); err == nil && plain != "\x00" {
			out[i] = plain
		}
	}
	return out
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

// blocks parses the text.
func (n *normalised) blocks() ([]block, error) {
	text := n.text.Bytes()
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
			encoded := make([]string, len(host.Patterns))
			for j, p := range host.Patterns {
				encoded[j] = p.String()
			}
			b.patterns = n.words(encoded)
		}
		for _, line := range host.Nodes {
			kv, ok := line.(*ssh_config.KV)
			if !ok {
				continue
			}
			keyword := strings.ToLower(kv.Key)
			if kv.Key == includeWord {
				keyword = "include"
			}
			b.nodes = append(b.nodes, node{keyword: keyword, words: n.words(strings.Fields(kv.Value)), line: kv.Pos().Line})
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

// readable makes foreign bytes fit for a screen and for JSON.
func readable(s string) string {
	if len(s) > maxShown {
		s = s[:maxShown] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
