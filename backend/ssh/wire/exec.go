// Package wire is what crosses an SSH channel beside the output of commands: the one line that starts a run, the
// marker that a run tells its pid with, and the lines that the keeper is spoken to with. It only builds and parses;
// the client and the demo fleet's servers both use it, so that the two can't drift apart.
//
// Nothing of it needs more on the target than a POSIX /bin/sh, and the login shell may be any that knows
// single quotes and exec: sh, bash, dash, busybox, zsh, ksh, fish, csh, tcsh.
package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxLine is the longest exec line. Linux takes 128 KiB in one argument; 140 kB failed and 300 kB dropped the
// connection when measured. What is longer goes by stdin.
const MaxLine = 100_000

// Run is what an exec line asks for.
type Run struct {
	Nonce   string            // fresh for every run; stands in the marker
	RunID   string            // becomes VMO_RUN_ID
	WorkDir string            // "" is where the login begins; "~" and "~/..." are understood
	Env     map[string]string // more variables
	Shell   string            // what runs the script, a path or a name; "" is the person's $SHELL
	Options string            // of Shell, one word
	Script  string            // for the shell; "" in an exec line whose script comes by stdin
	ByStdin bool              // the script is the channel's stdin until its end, and the run's own stdin is /dev/null

	Terminal bool // the channel has a pseudo-terminal: one stream, one marker
	Merge    bool // stderr goes to stdout
	GoOn     bool // the run outlives its connection: what it prints is read to its end, whether anybody takes it or not

	// Fed says that something is sent by stdin once the run has said ReadyMark: a line for each of Secrets, then what the
	// script itself reads. The script reads that to its end, or nothing if it comes by stdin, too.
	Fed     bool
	Secrets []string // variables whose values come by stdin, so that no list of processes ever shows them
}

// flags are the letters that boot looks for.
func (r Run) flags() string {
	text := ""
	for _, f := range []struct {
		on     bool
		letter string
	}{{r.ByStdin, "i"}, {r.Terminal, "t"}, {r.Merge, "m"}, {r.GoOn, "g"}, {r.Fed, "f"}} {
		if f.on {
			text += f.letter
		}
	}
	return text
}

const (
	execHead   = "exec /bin/sh -c '"
	evalTail   = `; eval "$vmo_s"`
	runTag     = "vmo-run"
	keeperTag  = "vmo-keeper"
	markerHead = "\x1evmo "
)

// boot turns the login shell's /bin/sh into the run. Positions: nonce, run id, folder, flags, shell, its options, script, then NAME=value...,
// and NAME... for what is read from stdin. Rules for every word of it: no single quote, no exclamation mark (csh), no
// newline (csh), and no backslash before a quote or backslash (fish).
//
//   - The marker carries the rest of /proc/PID/stat, read by a builtin: the start time without a fork.
//   - bash reads .bashrc when sshd starts it, so once for the login shell and once more for the script. To have its
//     functions and not its noise, the marker comes from the inner bash; eval keeps line numbers in its messages as
//     the person counts them, and begins although the script may be wrong. fish has an option for the same. Other
//     shells tell the marker before they start.
//   - A run that goes on without its connection would be ended by what it prints: cat takes it, and when nobody takes it
//     from cat any more it is read all the same. Its leader is the /bin/sh then, and a signal is told as status 128+n.
//   - A secret is read before the person's shell begins, and only after the ready mark is it sent: what a shell reads at
//     its start is not for it, and a server that runs something else than this line never gets it.
//   - A shell that the script names reads what it would read for a script in a file, so bash no .bashrc. If it isn't
//     there, the /bin/sh that looks for it says so, after the marker, and the status is 127.
//   - A long script is read from the pipe, but csh closes what isn't 0, 1 or 2: it gets a file, and with a
//     line break at its end, or a word that is too long for it would go unnoticed there.
const boot = `eval "set -- $(printf "$1")"; ` +
	`vmo_t=; if [ -r /proc/$$/stat ]; then read -r vmo_t </proc/$$/stat; vmo_t=${vmo_t##*) }; fi; ` +
	`vmo_m="$1 $$ $vmo_t"; VMO_RUN_ID=$2; export VMO_RUN_ID; vmo_d=$3; vmo_i=$4; vmo_h=$5; vmo_o=$6; vmo_s=$7; shift 7; ` +
	`case $vmo_i in *f*) printf "\036vmo-ready %s\n" "${vmo_m%% *}";; esac; ` +
	`for vmo_e do case $vmo_e in *=*) export "$vmo_e";; *) IFS= read -r "$vmo_e" || exit 1; export "$vmo_e";; esac; done; ` +
	`vmo_p() { printf "\036vmo %s\n" "$vmo_m"; case $vmo_i in *t*) ;; *) printf "\036vmo %s\n" "$vmo_m" >&2;; esac; case $vmo_i in *m*) exec 2>&1;; esac; }; ` +
	`case $vmo_d in "~"|"~/"*) vmo_d=$HOME${vmo_d#?};; esac; ` +
	`if [ -n "$vmo_d" ]; then CDPATH= cd -- "$vmo_d" >/dev/null 2>&1 || { vmo_p; echo "vmo: cannot enter the folder $vmo_d" >&2; exit 1; }; fi; ` +
	`[ -n "$SHELL" ] || SHELL=/bin/sh; vmo_n=$vmo_h; case $vmo_h in "") vmo_h=$SHELL;; */*) ;; *) vmo_h=$(command -v "$vmo_h" || echo "$vmo_h");; esac; ` +
	`case $vmo_n in *bash) vmo_o="--norc $vmo_o";; esac; ` +
	`case $vmo_i in *i*) exec 3<&0 </dev/null; ` +
	`case $vmo_h in *csh) vmo_f=$(mktemp) && cat <&3 >"$vmo_f" && echo >>"$vmo_f" && exec 3<&- && vmo_p && "$vmo_h" $vmo_o "$vmo_f"; vmo_x=$?; rm -f "$vmo_f"; exit "$vmo_x";; esac; ` +
	`if [ -p /dev/fd/3 ]; then :; else vmo_f=$(mktemp) && cat <&3 >"$vmo_f" && exec 3<"$vmo_f" && rm -f "$vmo_f"; fi; ` +
	`vmo_p; exec "$vmo_h" $vmo_o /dev/fd/3;; ` +
	`*g*) vmo_p; vmo_r() { trap "" PIPE; cat 2>/dev/null; cat >/dev/null; }; exec 3>&1 4>&2; ` +
	`vmo_x=$({ { { "$vmo_h" $vmo_o -c "$vmo_s" 3>&- 4>&- 5>&- 6>&-; echo $? >&5; } 2>&6 | vmo_r >&3; } 6>&1 | vmo_r >&4; } 5>&1); exit "$vmo_x";; esac; ` +
	`vmo_b="builtin printf \"\\036vmo %s\\n\" \"$vmo_m\""; ` +
	`case $vmo_i in *t*) ;; *) vmo_b="$vmo_b; $vmo_b >&2";; esac; ` +
	`case $vmo_i in *m*) vmo_b="$vmo_b; exec 2>&1";; esac; ` +
	`[ -z "$vmo_n" ] && case $vmo_h in ` +
	`*/bash) exec "$vmo_h" $vmo_o -c "$vmo_b; vmo_s=\$1; shift; eval \"\$vmo_s\"" bash "$vmo_s";; ` +
	`*/fish) case $vmo_i in *m*) ;; *) exec "$vmo_h" $vmo_o -C "$vmo_b" -c "$vmo_s";; esac;; esac; ` +
	`vmo_p; exec "$vmo_h" $vmo_o -c "$vmo_s"`

// inBash stands before a line that begins with execHead, and has a login shell that is bash do itself what the line has
// /bin/sh do: two programs less to start, and .bashrc is read once, as for ssh. Such a shell gets a function in the place
// of exec, which takes the line's words; body is what it does with them. Words: as those of boot, and
//
//   - Every shell must be able to read the line (fish has && since 3.0, of 2018), and one that isn't bash although $SHELL
//     says so must not come to the function: what hands a forced command on may be another one. In POSIX mode bash
//     wouldn't take the function for exec.
//   - What .bashrc made of the shell must not keep this from working: each command is a builtin, and called as one, but
//     for exec: the redirection of "builtin exec 2>&1" is that of builtin, and ends with it.
func inBash(body string) string {
	return `test "$SHELL" = /bin/bash -o "$SHELL" = /usr/bin/bash && eval '[ -n "${BASH_VERSION-}" ] && [ -z "${POSIXLY_CORRECT-}" ]' && ` +
		`eval 'exec() { builtin unset -f exec; ` + body + ` }'; `
}

// bashRun does in bash what boot does elsewhere; evalTail behind the line begins the script, outside of the function. The
// mark in the environment is for what the script starts: the shell itself is known by the words of its line.
var bashRun = inBash(`builtin printf -v vmo_s "$5"; builtin eval "builtin set -- $vmo_s"; ` +
	`vmo_m="$1 $$ "; [[ -r /proc/$$/stat ]] && builtin read -r vmo_t </proc/$$/stat && vmo_m=$vmo_m${vmo_t##*) }; ` +
	`VMO_RUN_ID=$2; builtin export VMO_RUN_ID; vmo_d=$3; vmo_i=$4; vmo_s=$7; builtin shift 7; ` +
	`[[ $vmo_i == *f* ]] && builtin printf "\036vmo-ready %s\n" "${vmo_m%% *}"; ` +
	`for vmo_e do IFS= builtin read -r "$vmo_e" || builtin exit 1; builtin export "$vmo_e"; done; ` +
	`case $vmo_d in "~"|"~/"*) vmo_d=$HOME${vmo_d#?};; esac; ` +
	`[[ -z $vmo_d ]] || CDPATH= builtin cd -- "$vmo_d" >/dev/null 2>&1 || vmo_s="builtin echo \"vmo: cannot enter the folder \$vmo_d\" >&2; builtin exit 1"; ` +
	`builtin printf "\036vmo %s\n" "$vmo_m"; [[ $vmo_i == *t* ]] || builtin printf "\036vmo %s\n" "$vmo_m" >&2; ` +
	`[[ $vmo_i == *m* ]] && exec 2>&1; builtin unset vmo_e vmo_i vmo_m vmo_t;`)

// inLogin reports whether a login shell that is bash may run the script itself. Not for other programs than the login
// shell, for what goes on without its connection and for a script that comes by stdin; and the environment stands in the
// line, which everybody on the target may see for as long as that shell lives.
func (r Run) inLogin() bool { return !r.ByStdin && !r.GoOn && r.Shell == "" && len(r.Env) == 0 }

// Line is the exec line of r, and what to send to the channel's stdin (nil: nothing, close it at once).
// It fails when even without the script the line is longer than MaxLine.
func (r Run) Line() (line string, stdin []byte, err error) {
	if !word(r.Nonce) || !word(r.RunID) {
		return "", nil, fmt.Errorf("nonce %q or run id %q isn't a plain word", r.Nonce, r.RunID)
	}
	if !r.ByStdin {
		if line = r.line(); len(line) <= MaxLine {
			return line, nil, nil
		}
	}
	if r.Terminal || r.GoOn {
		return "", nil, fmt.Errorf("a script that has a terminal or goes on without contact can have %d bytes at most", MaxLine/2)
	}
	script := r.Script
	r.Script, r.ByStdin = "", true
	if line = r.line(); len(line) > MaxLine {
		return "", nil, fmt.Errorf("environment and folder of the run take %d bytes, %d at most", len(line), MaxLine)
	}
	return line, []byte(script), nil
}

func (r Run) line() string {
	words := []string{r.Nonce, r.RunID, r.WorkDir, r.flags(), r.Shell, r.Options, r.Script}
	for name, value := range r.Env {
		words = append(words, name+"="+value)
	}
	slices.Sort(words[7:])
	words = append(words, r.Secrets...)
	line := execHead + boot + "' " + runTag + " '" + escape(quote(words)) + "'"
	if r.inLogin() {
		line = bashRun + line + evalTail
	}
	return line
}

// ParseExec takes an exec line apart, as the server of a demo machine does. ok is false for any other line.
func ParseExec(line string) (r Run, ok bool) {
	if inner, may := strings.CutPrefix(line, bashRun); may {
		line = strings.TrimSuffix(inner, evalTail)
	}
	rest, ok := strings.CutPrefix(line, execHead+boot+"' "+runTag+" '")
	if !ok {
		return Run{}, false
	}
	payload, ok := strings.CutSuffix(rest, "'")
	if !ok {
		return Run{}, false
	}
	words, ok := unquote(unescape(payload))
	if !ok || len(words) < 7 {
		return Run{}, false
	}
	has := func(letter string) bool { return strings.Contains(words[3], letter) }
	r = Run{
		Nonce: words[0], RunID: words[1], WorkDir: words[2], Shell: words[4], Options: words[5], Script: words[6], Env: map[string]string{},
		ByStdin: has("i"), Terminal: has("t"), Merge: has("m"), GoOn: has("g"), Fed: has("f"),
	}
	for _, pair := range words[7:] {
		name, value, set := strings.Cut(pair, "=")
		if !set {
			r.Secrets = append(r.Secrets, name)
			continue
		}
		r.Env[name] = value
	}
	return r, true
}

// Mark is what a run tells of itself.
type Mark struct {
	PID       int
	StartTime string // "" unknown
}

// Marker is the line, newline included, that a run writes to both streams before its first byte of output.
func Marker(nonce string, m Mark) string {
	// The place that the start time has in /proc/PID/stat after the name.
	fields := ""
	if m.StartTime != "" {
		fields = strings.Repeat("0 ", startField) + m.StartTime
	}
	return markerHead + nonce + " " + strconv.Itoa(m.PID) + " " + fields + "\n"
}

// startField is the index of the start time in /proc/PID/stat behind the name: field 22, the state being field 3.
const startField = 22 - 3

// ReadyMark is the line, newline included, that a run writes to stdout when it reads what it is fed.
func ReadyMark(nonce string) string { return "\x1evmo-ready " + nonce + "\n" }

// MarkerPrefix is how the marker of a run with this nonce begins.
func MarkerPrefix(nonce string) string { return markerHead + nonce + " " }

// ParseMark reads what follows MarkerPrefix up to the newline.
func ParseMark(text string) (Mark, bool) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return Mark{}, false
	}
	pid, err := strconv.Atoi(fields[0])
	if err != nil || pid <= 1 {
		return Mark{}, false
	}
	m := Mark{PID: pid}
	if len(fields) > 1+startField {
		m.StartTime = fields[1+startField]
	}
	return m, true
}

// word reports whether s can stand in a line unquoted.
func word(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	})
}

// quote writes words for POSIX sh.
func quote(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

// unquote is the inverse of quote.
func unquote(text string) (words []string, ok bool) {
	for text != "" {
		if text[0] != '\'' {
			return nil, false
		}
		var w strings.Builder
		text = text[1:]
		for {
			end := strings.IndexByte(text, '\'')
			if end < 0 {
				return nil, false
			}
			w.WriteString(text[:end])
			text = text[end+1:]
			rest, more := strings.CutPrefix(text, `\''`)
			if !more {
				break
			}
			w.WriteByte('\'')
			text = rest
		}
		words = append(words, w.String())
		if text != "" {
			if text[0] != ' ' || len(text) == 1 {
				return nil, false
			}
			text = text[1:]
		}
	}
	return words, true
}

// escape writes text as a format of printf in which every byte that any shell could care about is \ooo.
func escape(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/2)
	for i := range len(text) {
		c := text[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(" _-+=:,./@|;&()<>[]$\"#~*?{}", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('\\')
		b.WriteByte('0' + c>>6)
		b.WriteByte('0' + c>>3&7)
		b.WriteByte('0' + c&7)
	}
	return b.String()
}

// unescape is the inverse of escape.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
