//go:build !windows

package ssh

import (
	"net"
	"time"
)

// defaultAgent is where an agent is looked for when nothing names one.
const defaultAgent = ""

func dialAgent(path string, timeout time.Duration) (net.Conn, error) {
	return net.DialTimeout("unix", path, timeout)
}
