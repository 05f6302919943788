package ssh

import (
	"net"
	"time"

	"github.com/Microsoft/go-winio"
)

// defaultAgent is the pipe of the agent that Windows brings.
const defaultAgent = `\\.\pipe\openssh-ssh-agent`

func dialAgent(path string, timeout time.Duration) (net.Conn, error) {
	return winio.DialPipe(path, &timeout)
}
