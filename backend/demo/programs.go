package demo

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/afero"
	"mvdan.cc/sh/v3/expand"
)

// call is one start of a program.
type call struct {
	machine        *machine
	ctx            context.Context
	name           string
	args           []string
	env            expand.Environ
	dir            string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// program runs a call and gives its exit status.
type program func(*call) int

// programs are all that a demo machine has. The shell's builtins (echo, printf, test, cd, ...) come with the interpreter.
// Filled by init because sudo and sh look programs up themselves.
var programs map[string]program

func init() {
	programs = map[string]program{
		// text
		"cat": cat, "head": head, "tail": tail, "grep": grep, "wc": wc, "sort": sortLines, "uniq": uniq, "cut": cut,
		"tr": tr, "tee": tee, "seq": seq, "yes": yes, "nl": nl, "awk": awkMissing, "rev": rev,
		// files
		"ls": ls, "mkdir": mkdir, "rm": rm, "touch": touch, "basename": basename, "dirname": dirname, "du": du,
		"which": find, typeName: find, findName: find,
		// system
		"hostname": fact(func(m *machine) string { return m.spec.Name }),
		"whoami":   fact(func(*machine) string { return demoUser }),
		"nproc":    fact(func(m *machine) string { return strconv.Itoa(m.spec.CPUs) }),
		"id":       id, "uname": uname, "uptime": uptime, "date": date, "df": df, "free": free, "ps": ps, "who": who, "w": who,
		"sleep": sleep, "env": printEnv, "printenv": printEnv, "sudo": sudo, "sh": shell, "bash": shell, "timeout": timeout,
		"getconf": getconf, "clear": func(*call) int { return 0 }, "sync": func(*call) int { return 0 }, "lsb_release": lsbRelease,
		// services
		"systemctl": systemctl, "journalctl": journalctl, "docker": docker, "apt": apt, "apt-get": apt, "apk": apk, "reboot": reboot, "ss": ss,
	}
}

func (c *call) printf(format string, args ...any) { fmt.Fprintf(c.stdout, format, args...) }

// fail tells stderr why and gives status 1.
func (c *call) fail(format string, args ...any) int {
	fmt.Fprintf(c.stderr, "%s: %s\n", c.name, fmt.Sprintf(format, args...))
	return 1
}

// split parts the options of a call from its operands. Options in withValue take the next word or the rest of their own
// ("-n 5", "-n5"); "-5" of head and tail is "-n 5".
func (c *call) split(withValue string) (options map[string]string, operands []string) {
	options = map[string]string{}
	args := c.args
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		switch {
		case word == "--":
			return options, append(operands, args...)
		case strings.HasPrefix(word, "--"):
			name, value, _ := strings.Cut(word[2:], "=")
			options[name] = value
		case len(word) > 1 && word[0] == '-':
			if word[1] >= '0' && word[1] <= '9' {
				options["n"] = word[1:]
				continue
			}
			for i := 1; i < len(word); i++ {
				letter := word[i : i+1]
				if !strings.Contains(withValue, letter) {
					options[letter] = ""
					continue
				}
				value := word[i+1:]
				if value == "" && len(args) > 0 {
					value, args = args[0], args[1:]
				}
				options[letter] = value
				break
			}
		default:
			operands = append(operands, word)
		}
	}
	return options, operands
}

func has(options map[string]string, names ...string) bool {
	for _, name := range names {
		if _, ok := options[name]; ok {
			return true
		}
	}
	return false
}

func number(options map[string]string, name string, otherwise int) int {
	if n, err := strconv.Atoi(strings.TrimPrefix(options[name], "+")); err == nil && n >= 0 {
		return n
	}
	return otherwise
}

// input opens the operands one after the other, or stdin where there are none, and gives 1 if one is missing.
func (c *call) input(operands []string, each func(name string, r io.Reader) error) int {
	if len(operands) == 0 {
		operands = []string{"-"}
	}
	status := 0
	for _, name := range operands {
		if name == "-" {
			if each(name, c.stdin) != nil {
				return 1
			}
			continue
		}
		path := abs(c.dir, name)
		if info, err := c.machine.fs.Stat(path); err != nil {
			status = c.fail("%s: No such file or directory", name)
			continue
		} else if info.IsDir() {
			status = c.fail("%s: Is a directory", name)
			continue
		}
		f, err := c.machine.fs.Open(path)
		if err != nil {
			status = c.fail("%s: %v", name, err)
			continue
		}
		err = each(name, f)
		_ = f.Close()
		if err != nil {
			return 1
		}
	}
	return status
}

// lines reads all lines of r, each without its newline, until the call is ended.
func (c *call) lines(r io.Reader, each func(line string) error) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if err := each(strings.TrimSuffix(line, "\n")); err != nil {
				return err
			}
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the input
		}
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
	}
}

func (c *call) allLines(operands []string) ([]string, int) {
	var all []string
	status := c.input(operands, func(_ string, r io.Reader) error {
		return c.lines(r, func(line string) error { all = append(all, line); return nil })
	})
	return all, status
}

// pause waits for d and reports whether the call goes on.
func (c *call) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func cat(c *call) int {
	options, operands := c.split("")
	n := 0
	return c.input(operands, func(_ string, r io.Reader) error {
		if !has(options, "n") {
			_, err := io.Copy(c.stdout, r)
			return err
		}
		return c.lines(r, func(line string) error {
			n++
			_, err := fmt.Fprintf(c.stdout, "%6d\t%s\n", n, line)
			return err
		})
	})
}

func head(c *call) int {
	options, operands := c.split("nc")
	if has(options, "c") {
		limit := number(options, "c", 0)
		return c.input(operands, func(_ string, r io.Reader) error {
			_, err := io.Copy(c.stdout, io.LimitReader(r, int64(limit)))
			return err
		})
	}
	limit := number(options, "n", 10)
	return c.input(operands, func(_ string, r io.Reader) error {
		left := limit
		_ = c.lines(r, func(line string) error {
			if left == 0 {
				return io.EOF
			}
			left--
			_, err := fmt.Fprintln(c.stdout, line)
			return err
		})
		return nil
	})
}

func tail(c *call) int {
	options, operands := c.split("nc")
	all, status := c.allLines(operands)
	all = all[max(0, len(all)-number(options, "n", 10)):]
	for _, line := range all {
		c.printf("%s\n", line)
	}
	if !has(options, "f", "F", "follow") || status != 0 {
		return status
	}
	// The file is followed by what its machine would go on writing.
	return c.chatter(c.machine.chatterOf("nginx"), func(message string) { c.printf("%s\n", message) })
}

func grep(c *call) int {
	options, operands := c.split("eABCm")
	pattern, given := options["e"]
	if !given {
		if len(operands) == 0 {
			return c.fail("no pattern") + 1
		}
		pattern, operands = operands[0], operands[1:]
	}
	if has(options, "F") || c.name == "fgrep" {
		pattern = regexp.QuoteMeta(pattern)
	}
	if has(options, "w") {
		pattern = `\b(?:` + pattern + `)\b`
	}
	if has(options, "i") {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return c.fail("%v", err) + 1
	}
	found, n := 0, 0
	status := c.input(operands, func(name string, r io.Reader) error {
		return c.lines(r, func(line string) error {
			n++
			if re.MatchString(line) == has(options, "v") {
				return nil
			}
			found++
			if has(options, "q", "c") {
				return nil
			}
			if has(options, "n") {
				line = strconv.Itoa(n) + ":" + line
			}
			if len(operands) > 1 {
				line = name + ":" + line
			}
			_, err := fmt.Fprintln(c.stdout, line)
			return err
		})
	})
	if has(options, "c") {
		c.printf("%d\n", found)
	}
	switch {
	case status != 0:
		return 2
	case found == 0:
		return 1
	}
	return 0
}

func wc(c *call) int {
	options, operands := c.split("")
	return c.input(operands, func(name string, r io.Reader) error {
		var lines, words, size int64
		buf := make([]byte, 32<<10)
		in := false
		for {
			n, err := r.Read(buf)
			size += int64(n)
			lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
			for _, b := range buf[:n] {
				blank := b == ' ' || b == '\n' || b == '\t'
				if !blank && !in {
					words++
				}
				in = !blank
			}
			if err != nil || c.ctx.Err() != nil {
				break
			}
		}
		var out []string
		all := !has(options, "l", "w", "c", "m")
		for _, column := range []struct {
			letters string
			value   int64
		}{{"l", lines}, {"w", words}, {"c", size}} {
			if all || has(options, column.letters) {
				out = append(out, strconv.FormatInt(column.value, 10))
			}
		}
		if name != "-" {
			out = append(out, name)
		}
		c.printf("%s\n", strings.Join(out, " "))
		return nil
	})
}

func sortLines(c *call) int {
	options, operands := c.split("kt")
	all, status := c.allLines(operands)
	key := func(line string) string {
		if column := number(options, "k", 0); column > 0 {
			if fields := strings.Fields(line); column <= len(fields) {
				return fields[column-1]
			}
			return ""
		}
		return line
	}
	slices.SortStableFunc(all, func(a, b string) int {
		a, b = key(a), key(b)
		if has(options, "n", "h") {
			return cmp.Compare(magnitude(a), magnitude(b))
		}
		return strings.Compare(a, b)
	})
	if has(options, "u") {
		all = slices.Compact(all)
	}
	if has(options, "r") {
		slices.Reverse(all)
	}
	for _, line := range all {
		c.printf("%s\n", line)
	}
	return status
}

func uniq(c *call) int {
	options, operands := c.split("")
	all, status := c.allLines(operands)
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j] == all[i] {
			j++
		}
		if has(options, "c") {
			c.printf("%7d %s\n", j-i, all[i])
		} else {
			c.printf("%s\n", all[i])
		}
		i = j
	}
	return status
}

func cut(c *call) int {
	options, operands := c.split("dfc")
	all, status := c.allLines(operands)
	delimiter := options["d"]
	if delimiter == "" {
		delimiter = "\t"
	}
	field := number(options, "f", 1)
	for _, line := range all {
		if has(options, "c") {
			c.printf("%s\n", columns(line, options["c"]))
			continue
		}
		fields := strings.Split(line, delimiter)
		if len(fields) > 1 {
			line = ""
			if field >= 1 && field <= len(fields) {
				line = fields[field-1]
			}
		}
		c.printf("%s\n", line)
	}
	return status
}

// columns are the characters of a line that `cut -c` names by one range.
func columns(line, what string) string {
	first, last, ranged := strings.Cut(what, "-")
	runes := []rune(line)
	from, err := strconv.Atoi(first)
	if err != nil {
		from = 1
	}
	to, err := strconv.Atoi(last)
	switch {
	case !ranged:
		to = from
	case err != nil:
		to = len(runes)
	}
	from, to = max(from, 1), min(to, len(runes))
	if from > to {
		return ""
	}
	return string(runes[from-1 : to])
}

func tr(c *call) int {
	options, operands := c.split("")
	if len(operands) == 0 {
		return c.fail("missing operand")
	}
	from := unrange(operands[0])
	to := from
	if len(operands) > 1 {
		to = unrange(operands[1])
	}
	text, _ := io.ReadAll(io.LimitReader(c.stdin, maxFSBytes))
	c.printf("%s", strings.Map(func(r rune) rune {
		i := slices.Index(from, r)
		switch {
		case i < 0:
			return r
		case has(options, "d") || len(to) == 0:
			return -1
		}
		return to[min(i, len(to)-1)]
	}, string(text)))
	return 0
}

// unrange spells out the ranges ("a-z") and escapes ("\n") of a set of tr.
func unrange(set string) []rune {
	var out []rune
	runes := []rune(strings.NewReplacer(`\n`, "\n", `\t`, "\t", "[:upper:]", "A-Z", "[:lower:]", "a-z", "[:digit:]", "0-9").Replace(set))
	for i := 0; i < len(runes); i++ {
		if i+2 < len(runes) && runes[i+1] == '-' {
			for r := runes[i]; r <= runes[i+2]; r++ {
				out = append(out, r)
			}
			i += 2
			continue
		}
		out = append(out, runes[i])
	}
	return out
}

func tee(c *call) int {
	_, operands := c.split("")
	text, err := io.ReadAll(io.LimitReader(c.stdin, maxFSBytes))
	if err != nil {
		return c.fail("%v", err)
	}
	c.printf("%s", text)
	for _, name := range operands {
		if c.machine.full() {
			return c.fail("%s: No space left on device", name)
		}
		if err := afero.WriteFile(c.machine.fs, abs(c.dir, name), text, 0o644); err != nil {
			return c.fail("%s: %v", name, err)
		}
	}
	return 0
}

func seq(c *call) int {
	from, step, to := 1, 1, 0
	var err error
	switch len(c.args) {
	case 1:
		to, err = strconv.Atoi(c.args[0])
	case 2:
		if from, err = strconv.Atoi(c.args[0]); err == nil {
			to, err = strconv.Atoi(c.args[1])
		}
	case 3:
		if from, err = strconv.Atoi(c.args[0]); err == nil {
			if step, err = strconv.Atoi(c.args[1]); err == nil {
				to, err = strconv.Atoi(c.args[2])
			}
		}
	default:
		return c.fail("missing operand")
	}
	if err != nil || step == 0 {
		return c.fail("invalid argument")
	}
	out := bufio.NewWriterSize(c.stdout, 32<<10)
	for i := from; (step > 0 && i <= to) || (step < 0 && i >= to); i += step {
		if _, err := fmt.Fprintln(out, i); err != nil || c.ctx.Err() != nil {
			return 141
		}
	}
	if out.Flush() != nil {
		return 141
	}
	return 0
}

func yes(c *call) int {
	word := "y"
	if len(c.args) > 0 {
		word = strings.Join(c.args, " ")
	}
	block := bytes.Repeat([]byte(word+"\n"), max(1, (32<<10)/(len(word)+1)))
	for c.ctx.Err() == nil {
		if _, err := c.stdout.Write(block); err != nil {
			return 141 // SIGPIPE, as a shell reports it
		}
	}
	return 143
}

func nl(c *call) int {
	c.args = append([]string{"-n"}, c.args...)
	return cat(c)
}

func rev(c *call) int {
	_, operands := c.split("")
	all, status := c.allLines(operands)
	for _, line := range all {
		runes := []rune(line)
		slices.Reverse(runes)
		c.printf("%s\n", string(runes))
	}
	return status
}
