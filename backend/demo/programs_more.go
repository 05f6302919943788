package demo

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/afero"
	"mvdan.cc/sh/v3/interp"
)

// program gives the program of that name, if this machine has it.
func (m *machine) program(name string) (program, bool) {
	alpine := strings.HasPrefix(m.spec.OS, "Alpine")
	switch name {
	case "apt", "apt-get":
		if alpine {
			return nil, false
		}
	case "apk":
		if !alpine {
			return nil, false
		}
	}
	p, ok := programs[name]
	return p, ok
}

// find is `which`, `type` and `command -v`: what the interpreter's own do would look at the real computer's disk.
func find(c *call) int {
	status := 0
	for _, name := range c.args {
		if strings.HasPrefix(name, "-") {
			continue
		}
		where := name
		if c.name == typeName {
			where = "a shell builtin"
		}
		if _, ok := c.machine.program(path.Base(name)); ok {
			where = "/usr/bin/" + path.Base(name)
		} else if !interp.IsBuiltin(name) || c.name == "which" {
			status = 1
			if c.name == typeName {
				fmt.Fprintf(c.stderr, "bash: line 1: type: %s: not found\n", name)
			}
			continue
		}
		if c.name == typeName {
			where = name + " is " + where
		}
		c.printf("%s\n", where)
	}
	return status
}

func getconf(c *call) int {
	_, operands := c.split("a")
	if len(operands) == 0 {
		return c.fail("Usage: getconf variable_name")
	}
	switch operands[0] {
	case "_NPROCESSORS_ONLN", "_NPROCESSORS_CONF", "NPROCESSORS_ONLN", "NPROCESSORS_CONF":
		c.printf("%d\n", c.machine.spec.CPUs)
	case "PAGESIZE", "PAGE_SIZE":
		c.printf("4096\n")
	case "_PHYS_PAGES":
		c.printf("%d\n", c.machine.spec.MemoryMiB*256)
	case "LONG_BIT":
		c.printf("64\n")
	case "ARG_MAX":
		c.printf("2097152\n")
	case "CLK_TCK":
		c.printf("100\n")
	default:
		return c.fail("Unrecognized variable '%s'", operands[0])
	}
	return 0
}

// du adds up what lies in folders: the files in memory, and what the machine claims to have there.
func du(c *call) int {
	options, operands := c.split("dt")
	if len(operands) == 0 {
		operands = []string{"."}
	}
	depth := 1 << 30
	for _, name := range []string{"d", "max-depth"} {
		if has(options, name) {
			depth = number(options, name, depth)
		}
	}
	if has(options, "s") {
		depth = 0
	}
	status := 0
	for _, name := range operands {
		root := abs(c.dir, name)
		if _, err := c.machine.fs.Stat(root); err != nil {
			status = c.fail("cannot access '%s': No such file or directory", name)
			continue
		}
		sizes := c.folders(root)
		for _, folder := range sizes.order {
			below := strings.TrimPrefix(strings.TrimPrefix(folder, root), "/")
			if below != "" && strings.Count(below, "/")+1 > depth {
				continue
			}
			size := strconv.FormatInt(sizes.kib[folder], 10)
			if has(options, "h", "human-readable") {
				size = humanKiB(sizes.kib[folder])
			}
			c.printf("%s\t%s\n", size, path.Join(name, below))
		}
	}
	return status
}

type folderSizes struct {
	order []string // as du has them: a folder after what is in it
	kib   map[string]int64
}

func (c *call) folders(root string) folderSizes {
	sizes := folderSizes{kib: map[string]int64{}}
	add := func(folder string, kib int64) {
		for {
			sizes.kib[folder] += kib
			if folder == root || folder == "/" {
				return
			}
			folder = path.Dir(folder)
		}
	}
	_ = afero.Walk(c.machine.fs, root, func(name string, info fs.FileInfo, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it was removed meanwhile
		}
		name = abs("/", name)
		if info.IsDir() {
			sizes.order = append(sizes.order, name)
			add(name, 4+c.machine.spec.Folders[name]*1024)
			return nil
		}
		add(path.Dir(name), (info.Size()+4095)/4096*4)
		return nil
	})
	slices.SortStableFunc(sizes.order, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case strings.HasPrefix(a, strings.TrimSuffix(b, "/")+"/"):
			return -1
		case strings.HasPrefix(b, strings.TrimSuffix(a, "/")+"/"):
			return 1
		}
		return strings.Compare(a, b)
	})
	return sizes
}

// humanKiB is a size as du -h and df -h write it.
func humanKiB(kib int64) string {
	n, unit := float64(kib), 0
	for n >= 1024 && unit < 3 {
		n /= 1024
		unit++
	}
	if n >= 10 {
		return fmt.Sprintf("%.0f%c", n, "KMGT"[unit])
	}
	return fmt.Sprintf("%.1f%c", n, "KMGT"[unit])
}

// magnitude is the number at the start of a line, with the unit that -h sorts by.
func magnitude(text string) float64 {
	text = strings.TrimSpace(text)
	end := 0
	for end < len(text) && (text[end] == '-' || text[end] == '.' || text[end] >= '0' && text[end] <= '9') {
		end++
	}
	n, _ := strconv.ParseFloat(text[:end], 64)
	if end < len(text) {
		for range strings.IndexByte("KMGT", text[end]) + 1 {
			n *= 1024
		}
	}
	return n
}

// apk is Alpine's package manager.
func apk(c *call) int {
	_, operands := c.split("l")
	verb := ""
	if len(operands) > 0 {
		verb = operands[0]
	}
	switch verb {
	case "update":
		c.printf("fetch https://dl-cdn.alpine.example/v3.21/main/x86_64/APKINDEX.tar.gz\nOK: 25392 distinct packages available\n")
	case "version", "list":
		c.printf("Installed:                                Available:\n")
		for _, line := range c.machine.spec.Updates {
			c.printf("%s\n", line)
		}
	case "upgrade":
		for i, line := range c.machine.spec.Updates {
			name, _, _ := strings.Cut(line, " ")
			c.printf("(%d/%d) Upgrading %s\n", i+1, len(c.machine.spec.Updates), name)
		}
		c.printf("OK: 211 MiB in 84 packages\n")
	default:
		return c.fail("'%s' is not an apk command.", verb)
	}
	return 0
}
