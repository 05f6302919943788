package ssh

import (
	"io"

	gossh "golang.org/x/crypto/ssh"
)

// The names of OpenSSH's agent forwarding (PROTOCOL.agent, "auth-agent-req@openssh.com").
const (
	agentRequest = "auth-agent-req@openssh.com"
	agentChannel = "auth-agent@openssh.com"
)

// offerAgent lets what runs in the session ch use the agent, if ForwardAgent says so. As with ssh it is for sessions: a
// connection that only carries another one never has the agent, and a server that asks without having been told is
// refused. An agent that isn't there is not offered.
func (cn *conn) offerAgent(ch gossh.Channel) {
	c, s := cn.c, cn.way.target().Settings
	path := ""
	switch s.ForwardAgent {
	case "", "no":
	case "yes":
		path = c.agentSocket(s.IdentityAgent)
	default:
		path = c.agentSocket(s.ForwardAgent)
	}
	if path == "" {
		return
	}
	try, err := c.agents.dial(path, agentDialTimeout)
	if err != nil {
		c.o.Log.Warn("the agent can't be forwarded", "host", cn.way.target().Name, "err", err)
		return
	}
	try.Close()
	cn.forward.Do(func() {
		opens := cn.client.HandleChannelOpen(agentChannel)
		c.spawn(func() {
			for open := range opens { // until the connection ends
				if !c.spawn(func() { c.serveAgent(path, open) }) {
					return
				}
			}
		})
	})
	// No answer is waited for: a server that forbids it runs the command all the same.
	_, _ = ch.SendRequest(agentRequest, false, nil)
}

// serveAgent joins one channel from the target to the agent, until either ends.
func (c *Client) serveAgent(path string, open gossh.NewChannel) {
	conn, err := c.agents.dial(path, agentDialTimeout)
	if err != nil {
		_ = open.Reject(gossh.ConnectionFailed, "no agent")
		return
	}
	defer conn.Close()
	ch, reqs, err := open.Accept()
	if err != nil {
		return
	}
	defer ch.Close()
	ended := make(chan struct{})
	if !c.spawn(func() {
		defer close(ended)
		defer ch.Close()
		_, _ = io.Copy(ch, conn)
	}) {
		return
	}
	if !c.spawn(func() { gossh.DiscardRequests(reqs) }) {
		return
	}
	_, _ = io.Copy(conn, ch)
	conn.Close()
	<-ended
}
