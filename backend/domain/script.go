package domain

import "regexp"

// shebang is a first line that names a shell, with or without env, and at most one word of options, as execve(2) takes it.
// Of the options only those are here that change how a script runs, and none that reads another script.
var shebang = regexp.MustCompile(`^#![ \t]*(?:/usr/bin/env[ \t]+|(/(?:[A-Za-z0-9_.+-]+/)*))((?:ba|da|z|k|mk|a|fi|c|tc)?sh)(?:[ \t]+(-[aefhlnuvx]+))?[ \t]*(?:\n|$)`)

// ScriptShell is the shell that a script names in its first line: a path, or a name for the PATH, and its options, one word
// or "". A script that names none, or what isn't a shell, is for the login shell: shell is "".
func ScriptShell(script string) (shell, options string) {
	m := shebang.FindStringSubmatch(script)
	if m == nil {
		return "", ""
	}
	return m[1] + m[2], m[3]
}
