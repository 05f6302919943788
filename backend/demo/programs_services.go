package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	green = "\x1b[0;1;32m"
	red   = "\x1b[0;1;31m"
	reset = "\x1b[0m"
)

func systemctl(c *call) int {
	options, operands := c.split("n")
	if len(operands) == 0 || operands[0] == "list-units" {
		return listUnits(c, has(options, "failed"))
	}
	verb := operands[0]
	if verb == "is-system-running" {
		c.printf("running\n")
		return 0
	}
	if verb == "--failed" {
		return listUnits(c, true)
	}
	if len(operands) < 2 {
		return c.fail("Too few arguments.")
	}
	name := strings.TrimSuffix(operands[1], ".service")
	u, ok := c.machine.spec.Units[name]
	if !ok {
		switch verb {
		case "is-active":
			c.printf("inactive\n")
			return 3
		case "status":
			fmt.Fprintf(c.stderr, "Unit %s.service could not be found.\n", name)
			return 4
		}
		fmt.Fprintf(c.stderr, "Failed to %s %s.service: Unit %s.service not found.\n", verb, name, name)
		return 5
	}
	switch verb {
	case "is-active":
		if u.Active {
			c.printf("active\n")
			return 0
		}
		c.printf("failed\n")
		return 3
	case "status":
		return unitStatus(c, name, u, number(options, "n", number(options, "lines", 10)))
	case "restart", "start", "reload", "stop":
		if !u.Active {
			fmt.Fprintf(c.stderr, "Job for %s.service failed because the control process exited with error code.\nSee \"systemctl status %s.service\" and \"journalctl -xeu %s.service\" for details.\n", name, name, name)
			return 1
		}
		return 0
	}
	return c.fail("Unknown command verb '%s'.", verb)
}

func listUnits(c *call, failedOnly bool) int {
	c.printf("  UNIT                     LOAD   ACTIVE SUB     DESCRIPTION\n")
	n := 0
	for _, name := range slices.Sorted(maps.Keys(c.machine.spec.Units)) {
		u := c.machine.spec.Units[name]
		active, sub := "active", "running"
		if !u.Active {
			active, sub = "failed", "failed"
		} else if failedOnly {
			continue
		}
		n++
		c.printf("  %-24s loaded %-6s %-7s %s\n", name+".service", active, sub, u.Description)
	}
	c.printf("\n%d loaded units listed.\n", n)
	return 0
}

func unitStatus(c *call, name string, u unit, lines int) int {
	m := c.machine
	since := m.spec.Booted.Add(41 * time.Second)
	dot, state := green+"●"+reset, green+"active (running)"+reset
	if !u.Active {
		dot, state = red+"×"+reset, red+"failed"+reset+" (Result: "+u.Result+")"
	}
	c.printf("%s %s.service - %s\n", dot, name, u.Description)
	c.printf("     Loaded: loaded (\x1b[36m/lib/systemd/system/%s.service\x1b[0m; %senabled%s; preset: enabled)\n", name, green, reset)
	c.printf("     Active: %s since %s\n", state, since.Format("Mon 2006-01-02 15:04:05 MST"))
	if u.Active {
		c.printf("   Main PID: %d (%s)\n      Tasks: %d (limit: 4671)\n     Memory: %.1fM\n", u.PID, name, m.spec.CPUs+1, u.MemoryMiB)
	}
	c.printf("     CGroup: /system.slice/%s.service\n\n", name)
	for _, message := range u.Journal[max(0, len(u.Journal)-lines):] {
		c.printf("%s\n", journalLine(m, since, name, u, message))
	}
	if !u.Active {
		return 3
	}
	return 0
}

func journalLine(m *machine, at time.Time, name string, u unit, message string) string {
	return fmt.Sprintf("%s %s %s[%d]: %s", at.Format("Jan 02 15:04:05"), m.spec.Name, name, max(u.PID, 1), message)
}

func journalctl(c *call) int {
	options, operands := c.split("unoSpb")
	name := strings.TrimSuffix(options["u"], ".service")
	if long := options["unit"]; name == "" {
		name = strings.TrimSuffix(long, ".service")
	}
	if name == "" && len(operands) > 0 {
		name = strings.TrimSuffix(operands[0], ".service")
	}
	units := map[string]unit{name: c.machine.spec.Units[name]}
	if name == "" {
		units = c.machine.spec.Units
	} else if _, ok := c.machine.spec.Units[name]; !ok {
		c.printf("-- No entries --\n")
		return 0
	}
	var lines []string
	for _, n := range slices.Sorted(maps.Keys(units)) {
		u := units[n]
		for i, message := range slices.Concat(u.Journal, u.Chatter) {
			at := c.machine.spec.Booted.Add(time.Duration(41+i*97) * time.Second)
			lines = append(lines, journalLine(c.machine, at, n, u, message))
		}
	}
	for _, line := range lines[max(0, len(lines)-number(options, "n", number(options, "lines", 1000))):] {
		c.printf("%s\n", line)
	}
	if !has(options, "f", "follow") {
		return 0
	}
	return c.chatter(c.machine.chatterOf(name), func(message string) {
		tag := name
		if tag == "" {
			tag = "systemd"
		}
		c.printf("%s\n", journalLine(c.machine, c.machine.now(), tag, c.machine.spec.Units[name], message))
	})
}

func docker(c *call) int {
	options, operands := c.split("fn")
	verb := ""
	if len(operands) > 0 {
		verb = operands[0]
	}
	switch verb {
	case "ps":
		if has(options, "q") {
			for _, row := range c.machine.spec.Containers {
				c.printf("%s\n", row.ID)
			}
			return 0
		}
		dockerTable(c, options["format"])
		return 0
	case "logs":
		return c.chatter(c.machine.chatterOf("nginx"), func(message string) { c.printf("%s\n", message) })
	case "--version", "version", "":
		c.printf("Docker version 28.2.2, build e6534b4\n")
		return 0
	}
	return c.fail("'%s' is not a docker command.", verb)
}

// dockerTable prints the containers, with the columns of a "table {{.Names}}\t..." format if there is one.
func dockerTable(c *call, format string) {
	type column struct {
		field, head string
		width       int
		value       func(container) string
	}
	all := []column{
		{"ID", "CONTAINER ID", 14, func(r container) string { return r.ID }},
		{"Image", "IMAGE", 20, func(r container) string { return r.Image }},
		{"Command", "COMMAND", 16, func(r container) string { return r.Command }},
		{"Status", "STATUS", 24, func(r container) string { return r.Status }},
		{"Ports", "PORTS", 26, func(r container) string { return r.Ports }},
		{"Names", "NAMES", 14, func(r container) string { return r.Name }},
	}
	shown := all
	if format != "" {
		shown = nil
		for _, word := range strings.FieldsFunc(format, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' }) {
			for _, col := range all {
				if word == "."+col.field {
					shown = append(shown, col)
				}
			}
		}
	}
	line := func(text func(column) string) {
		row := ""
		for _, col := range shown {
			row += fmt.Sprintf("%-*s ", col.width, text(col))
		}
		c.printf("%s\n", strings.TrimRight(row, " "))
	}
	line(func(col column) string { return col.head })
	for _, r := range c.machine.spec.Containers {
		line(func(col column) string { return col.value(r) })
	}
}

func apt(c *call) int {
	_, operands := c.split("o")
	verb := ""
	if len(operands) > 0 {
		verb = operands[0]
	}
	switch verb {
	case "list":
		c.printf("Listing...\n")
		for _, line := range c.machine.spec.Updates {
			c.printf("%s\n", line)
		}
		return 0
	case "update":
		for i, list := range []string{"bookworm InRelease", "bookworm-security InRelease", "bookworm-updates InRelease"} {
			if !c.pause(150 * time.Millisecond) {
				return 143
			}
			c.printf("Hit:%d https://deb.debian.example/debian %s\n", i+1, list)
		}
		c.printf("Reading package lists...\n%d packages can be upgraded. Run 'apt list --upgradable' to see them.\n", len(c.machine.spec.Updates))
		return 0
	case "upgrade", "dist-upgrade", "full-upgrade":
		if c.machine.full() {
			fmt.Fprintln(c.stderr, "E: You don't have enough free space in /var/cache/apt/archives/.")
			return 100
		}
		for _, line := range c.machine.spec.Updates {
			name, _, _ := strings.Cut(line, "/")
			for percent := 0; percent <= 100; percent += 20 {
				if !c.pause(60 * time.Millisecond) {
					return 143
				}
				c.printf("\rUnpacking %s ... %3d%%", name, percent)
			}
			c.printf("\nSetting up %s ...\n", name)
		}
		return 0
	}
	return c.fail("Invalid operation %s", verb)
}
