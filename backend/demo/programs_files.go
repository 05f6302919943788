package demo

import (
	"io/fs"
	"path"
	"strings"

	"github.com/spf13/afero"
)

func ls(c *call) int {
	options, operands := c.split("")
	if len(operands) == 0 {
		operands = []string{"."}
	}
	status := 0
	show := func(info fs.FileInfo, name string) {
		if has(options, "l") {
			c.printf("%s 1 %s %s %8d %s %s\n", info.Mode(), demoUser, demoUser, info.Size(), info.ModTime().Format("Jan _2 15:04"), name)
			return
		}
		c.printf("%s\n", name)
	}
	for _, name := range operands {
		full := abs(c.dir, name)
		info, err := c.machine.fs.Stat(full)
		if err != nil {
			c.fail("cannot access '%s': No such file or directory", name)
			status = 2
			continue
		}
		if !info.IsDir() || has(options, "d") {
			show(info, name)
			continue
		}
		infos, err := afero.ReadDir(c.machine.fs, full)
		if err != nil {
			return c.fail("%v", err)
		}
		for _, info := range infos {
			if strings.HasPrefix(info.Name(), ".") && !has(options, "a", "A") {
				continue
			}
			show(info, info.Name())
		}
	}
	return status
}

func mkdir(c *call) int {
	options, operands := c.split("m")
	for _, name := range operands {
		full := abs(c.dir, name)
		if _, err := c.machine.fs.Stat(full); err == nil && !has(options, "p") {
			return c.fail("cannot create directory '%s': File exists", name)
		}
		if c.machine.full() {
			return c.fail("cannot create directory '%s': No space left on device", name)
		}
		if err := c.machine.fs.MkdirAll(full, 0o755); err != nil {
			return c.fail("%v", err)
		}
	}
	return 0
}

func rm(c *call) int {
	options, operands := c.split("")
	for _, name := range operands {
		full := abs(c.dir, name)
		info, err := c.machine.fs.Stat(full)
		switch {
		case err != nil && has(options, "f"):
			continue
		case err != nil:
			return c.fail("cannot remove '%s': No such file or directory", name)
		case full == "/":
			return c.fail("it is dangerous to operate recursively on '/'")
		case info.IsDir() && !has(options, "r", "R"):
			return c.fail("cannot remove '%s': Is a directory", name)
		}
		if err := c.machine.fs.RemoveAll(full); err != nil {
			return c.fail("%v", err)
		}
	}
	return 0
}

func touch(c *call) int {
	_, operands := c.split("")
	for _, name := range operands {
		full := abs(c.dir, name)
		if _, err := c.machine.fs.Stat(full); err == nil {
			_ = c.machine.fs.Chtimes(full, c.machine.now(), c.machine.now())
			continue
		}
		if c.machine.full() {
			return c.fail("cannot touch '%s': No space left on device", name)
		}
		if err := afero.WriteFile(c.machine.fs, full, nil, 0o644); err != nil {
			return c.fail("%v", err)
		}
	}
	return 0
}

func basename(c *call) int {
	if len(c.args) == 0 {
		return c.fail("missing operand")
	}
	name := path.Base(c.args[0])
	if len(c.args) > 1 {
		name = strings.TrimSuffix(name, c.args[1])
	}
	c.printf("%s\n", name)
	return 0
}

func dirname(c *call) int {
	if len(c.args) == 0 {
		return c.fail("missing operand")
	}
	c.printf("%s\n", path.Dir(c.args[0]))
	return 0
}
