package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/expand"
)

// fact is a program that says one thing.
func fact(say func(*machine) string) program {
	return func(c *call) int { c.printf("%s\n", say(c.machine)); return 0 }
}

func id(c *call) int {
	if options, _ := c.split(""); has(options, "u") {
		if has(options, "n") {
			return fact(func(*machine) string { return demoUser })(c)
		}
		c.printf("1000\n")
		return 0
	}
	c.printf("uid=1000(%s) gid=1000(%s) groups=1000(%s),27(sudo)\n", demoUser, demoUser, demoUser)
	return 0
}

func (m *machine) kernel() string {
	if strings.HasPrefix(m.spec.OS, "Alpine") {
		return "6.12.8-0-virt"
	}
	return "6.1.0-41-amd64"
}

func uname(c *call) int {
	options, _ := c.split("")
	m := c.machine
	parts := []string{}
	for _, p := range []struct{ letter, text string }{
		{"s", "Linux"}, {"n", m.spec.Name}, {"r", m.kernel()}, {"v", "#1 SMP PREEMPT_DYNAMIC"}, {"m", "x86_64"}, {"o", "GNU/Linux"},
	} {
		if has(options, "a", p.letter) {
			parts = append(parts, p.text)
		}
	}
	if len(parts) == 0 {
		parts = []string{"Linux"}
	}
	c.printf("%s\n", strings.Join(parts, " "))
	return 0
}

func lsbRelease(c *call) int {
	c.printf("Description:\t%s %s\n", c.machine.spec.OS, c.machine.spec.Version)
	return 0
}

func (m *machine) up() string {
	up := m.now().Sub(m.spec.Booted)
	days, hours, minutes := int(up.Hours())/24, int(up.Hours())%24, int(up.Minutes())%60
	if days == 0 {
		return fmt.Sprintf("%2d:%02d", hours, minutes)
	}
	plural := "s"
	if days == 1 {
		plural = ""
	}
	return fmt.Sprintf("%d day%s, %2d:%02d", days, plural, hours, minutes)
}

func uptime(c *call) int {
	if options, _ := c.split(""); has(options, "p", "pretty") {
		c.printf("up %s\n", strings.TrimSpace(c.machine.up()))
		return 0
	} else if has(options, "s", "since") {
		c.printf("%s\n", c.machine.spec.Booted.Format(time.DateTime))
		return 0
	}
	load := c.machine.spec.Load
	c.printf(" %s up %s,  1 user,  load average: %.2f, %.2f, %.2f\n", c.machine.now().Format(time.TimeOnly), c.machine.up(), load[0], load[1], load[2])
	return 0
}

func date(c *call) int {
	options, operands := c.split("d")
	now := c.machine.now()
	if has(options, "u") {
		now = now.UTC()
	}
	if len(operands) == 1 && strings.HasPrefix(operands[0], "+") {
		c.printf("%s\n", strings.NewReplacer(
			"%Y", now.Format("2006"), "%m", now.Format("01"), "%d", now.Format("02"), "%H", now.Format("15"), "%M", now.Format("04"),
			"%S", now.Format("05"), "%s", strconv.FormatInt(now.Unix(), 10), "%F", now.Format(time.DateOnly), "%T", now.Format(time.TimeOnly),
			"%N", fmt.Sprintf("%09d", now.Nanosecond()), "%Z", now.Format("MST"), "%%", "%",
		).Replace(operands[0][1:]))
		return 0
	}
	c.printf("%s\n", now.Format("Mon Jan _2 15:04:05 MST 2006"))
	return 0
}

func df(c *call) int {
	options, _ := c.split("xt")
	human := func(mib int64) string {
		switch {
		case !has(options, "h", "H"):
			return strconv.FormatInt(mib*1024, 10)
		case mib >= 10*1024:
			return fmt.Sprintf("%dG", mib/1024)
		case mib >= 1024:
			return fmt.Sprintf("%.1fG", float64(mib)/1024)
		}
		return fmt.Sprintf("%dM", mib)
	}
	kind := func(text string) string {
		if has(options, "T", "print-type") {
			return fmt.Sprintf(" %-6s", text)
		}
		return ""
	}
	size := "1K-blocks"
	if has(options, "h", "H") {
		size = "Size"
	}
	c.printf("%-16s%s %9s %9s %9s %4s %s\n", "Filesystem", kind("Type"), size, "Used", "Avail", "Use%", "Mounted on")
	for _, d := range c.machine.spec.Disks {
		c.printf("%-16s%s %9s %9s %9s %3d%% %s\n", d.Device, kind(d.Type), human(d.Size), human(d.Used), human(d.Size-d.Used), (d.Used*100+d.Size-1)/d.Size, d.Mount)
	}
	return 0
}

func free(c *call) int {
	options, _ := c.split("")
	scale, suffix := int64(1024), ""
	switch {
	case has(options, "h"):
		scale, suffix = 1, "Mi"
	case has(options, "m"):
		scale = 1
	}
	show := func(mib int64) string { return strconv.FormatInt(mib*scale, 10) + suffix }
	total, used := c.machine.spec.MemoryMiB, c.machine.spec.UsedMiB
	cache := (total - used) / 2
	c.printf("%15s %11s %11s %11s %11s %11s\n", "total", "used", "free", "shared", "buff/cache", "available")
	c.printf("Mem: %10s %11s %11s %11s %11s %11s\n", show(total), show(used), show(total-used-cache), show(12), show(cache), show(total-used))
	c.printf("Swap: %9s %11s %11s\n", show(0), show(0), show(0))
	return 0
}

func ps(c *call) int {
	options, _ := c.split("o")
	pidFirst := strings.HasPrefix(options["o"], "pid,user") // else as ps aux
	row := func(user, pid string, cpu, mem, command string) {
		if pidFirst {
			user, pid = fmt.Sprintf("%7s", pid), fmt.Sprintf("%-10s", user)
		} else {
			user, pid = fmt.Sprintf("%-10s", user), fmt.Sprintf("%7s", pid)
		}
		c.printf("%s %s %5s %5s %s\n", user, pid, cpu, mem, command)
	}
	tenth := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	row("USER", "PID", "%CPU", "%MEM", "COMMAND")
	row("root", "1", "0.0", "0.4", "/sbin/init")
	units := c.machine.spec.Units
	for _, name := range slices.SortedFunc(maps.Keys(units), func(a, b string) int { return units[a].PID - units[b].PID }) {
		if u := units[name]; u.Active {
			row("root", strconv.Itoa(u.PID), tenth(c.machine.spec.Load[0]*10), tenth(u.MemoryMiB*100/float64(c.machine.spec.MemoryMiB)), name)
		}
	}
	for _, p := range c.machine.processes() {
		line, _, _ := strings.Cut(p.line, "\n")
		row(demoUser, strconv.Itoa(p.pid), "0.1", "0.1", line)
	}
	return 0
}

func who(c *call) int {
	c.printf("%-8s pts/0        %s (10.0.9.2)\n", demoUser, c.machine.now().Add(-20*time.Minute).Format("2006-01-02 15:04"))
	return 0
}

func ss(c *call) int {
	c.printf("State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n")
	ports := map[string]int{"ssh": 22, "nginx": 80, "postgresql": 5432, "rabbitmq-server": 5672}
	for _, name := range slices.Sorted(maps.Keys(c.machine.spec.Units)) {
		if port := ports[name]; port != 0 && c.machine.spec.Units[name].Active {
			c.printf("LISTEN 0      511    %-18s 0.0.0.0:*\n", "0.0.0.0:"+strconv.Itoa(port))
		}
	}
	return 0
}

func sleep(c *call) int {
	var total time.Duration
	for _, word := range c.args {
		unit := time.Second
		switch word[max(0, len(word)-1):] {
		case "m":
			unit = time.Minute
		case "h":
			unit = time.Hour
		case "d":
			unit = 24 * time.Hour
		}
		n, err := strconv.ParseFloat(strings.TrimRight(word, "smhd"), 64)
		if err != nil || n < 0 {
			return c.fail("invalid time interval '%s'", word)
		}
		total += time.Duration(n * float64(unit))
	}
	if !c.pause(total) {
		return 143
	}
	return 0
}

func printEnv(c *call) int {
	if len(c.args) == 1 {
		v := c.env.Get(c.args[0])
		if !v.IsSet() {
			return 1
		}
		c.printf("%s\n", v.String())
		return 0
	}
	for name, v := range c.env.Each {
		if v.Exported && v.Kind == expand.String {
			c.printf("%s=%s\n", name, v.Str)
		}
	}
	return 0
}

// shell runs `sh -c SCRIPT`, or a script from stdin, with the call's environment and folder.
func shell(c *call) int {
	script, params := "", []string{c.name}
	for i, word := range c.args {
		if strings.HasPrefix(word, "-") && strings.Contains(word, "c") && i+1 < len(c.args) {
			script = c.args[i+1]
			if rest := c.args[i+2:]; len(rest) > 0 {
				params = rest
			}
			break
		}
	}
	if script == "" {
		text, _ := io.ReadAll(io.LimitReader(c.stdin, maxScriptBytes))
		script = string(text)
	}
	var env []string
	for name, v := range c.env.Each {
		if v.Exported && v.Kind == expand.String {
			env = append(env, name+"="+v.Str)
		}
	}
	e := c.machine.run(c.ctx, script, c.dir, env, params, nil, c.stdout, c.stderr)
	if e.signal != "" {
		return 143
	}
	return e.status
}

// again runs the rest of a call's words as a program of its own.
func (c *call) again(ctx context.Context, words []string) int {
	if len(words) == 0 {
		return 0
	}
	next, ok := c.machine.program(words[0])
	if !ok {
		fmt.Fprintf(c.stderr, "%s: %s: command not found\n", c.name, words[0])
		return 127
	}
	inner := *c
	inner.ctx, inner.name, inner.args = ctx, words[0], words[1:]
	return next(&inner)
}

// sudo takes any password, as the demo user may do everything: with -S a line of its input is one.
func sudo(c *call) int {
	words := c.args
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		flag := words[0]
		words = words[1:]
		if (flag == "-p" || flag == "-u" || flag == "-g") && len(words) > 0 {
			words = words[1:]
		}
		if strings.Contains(flag, "S") {
			for one := []byte{0}; one[0] != '\n'; { // byte by byte: the rest is the command's
				if _, err := io.ReadFull(c.stdin, one); err != nil {
					break
				}
			}
		}
	}
	return c.again(c.ctx, words)
}

func timeout(c *call) int {
	_, operands := c.split("ks")
	if len(operands) < 2 {
		return c.fail("missing operand")
	}
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(operands[0], "s"), 64)
	if err != nil {
		return c.fail("invalid time interval '%s'", operands[0])
	}
	ctx, cancel := context.WithTimeout(c.ctx, time.Duration(seconds*float64(time.Second)))
	defer cancel()
	status := c.again(ctx, operands[1:])
	if ctx.Err() != nil && c.ctx.Err() == nil {
		return 124
	}
	return status
}

func reboot(c *call) int {
	c.printf("A demo machine doesn't reboot. Nothing happened.\n")
	return 0
}

// chatterOf are the messages that a unit keeps writing; every unit's where there is none of that name.
func (m *machine) chatterOf(name string) []string {
	if u, ok := m.spec.Units[name]; ok {
		return u.Chatter
	}
	var all []string
	for _, n := range slices.Sorted(maps.Keys(m.spec.Units)) {
		all = append(all, m.spec.Units[n].Chatter...)
	}
	return all
}

// chatter says the messages in turn, at a human pace, until the call is ended.
func (c *call) chatter(messages []string, say func(string)) int {
	for i := 0; ; i++ {
		if !c.pause(250*time.Millisecond + rand.N(900*time.Millisecond)) {
			return 143
		}
		if len(messages) > 0 {
			say(messages[i%len(messages)])
		}
	}
}

func awkMissing(c *call) int {
	_, _ = bufio.NewReader(c.stdin).Discard(1)
	fmt.Fprintln(c.stderr, "awk: not on the demo machines; cut and grep are")
	return 127
}
