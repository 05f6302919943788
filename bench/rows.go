package main

import (
	"strings"
	"time"
)

// rows are those of performance.md that compare; row 9 stands in engine.go.
func (g *ground) rows() []row {
	const fresh = "one `true`, new connection"
	return []row{
		{"3", "`true` on 200 hosts, connections open", "xargs + ControlMaster", 0.37, g.onAll("true"), g.xargs("true")},
		{"5", "one `true`, open connection", "ssh ControlMaster", 0.36, g.onOne("true"), g.master("true")},
		{"6", fresh, "ssh", 0.25, g.vmoRun("true"), g.ssh("true", "-o", "ControlPath=none")},
		{"6", fresh, "ssh curve25519", 0.35, g.vmoRun("true"), g.ssh("true", "-o", "ControlPath=none", "-o", "KexAlgorithms=curve25519-sha256")},
	}
}

func (g *ground) onAll(command string) func() (time.Duration, error) {
	return func() (time.Duration, error) { return g.run(command, g.names) }
}

func (g *ground) onOne(command string) func() (time.Duration, error) {
	return func() (time.Duration, error) { return g.run(command, []string{benchHost}) }
}

func (g *ground) master(command string) func() (time.Duration, error) {
	once := g.ssh(command)
	return func() (time.Duration, error) {
		if err := g.startMasters(); err != nil {
			return 0, err
		}
		return once()
	}
}

func (g *ground) xargs(command string) func() (time.Duration, error) {
	list := strings.Join(g.names, "\n") + "\n"
	return func() (time.Duration, error) {
		if err := g.startMasters(); err != nil {
			return 0, err
		}
		return timed("sh", "-c", "printf %s \"$1\" | xargs -P 100 -I {} ssh -F \"$2\" {} "+command, "sh", list, g.config)()
	}
}
