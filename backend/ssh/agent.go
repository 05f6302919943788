package ssh

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	gossh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"vmorchestrator/backend/domain"
)

// agentSocket is where the agent listens, "" for none.
func (c *Client) agentSocket(setting string) string {
	switch {
	case strings.EqualFold(setting, "none"):
		return ""
	case setting == "" || setting == "SSH_AUTH_SOCK":
		if path := c.o.Getenv("SSH_AUTH_SOCK"); path != "" {
			return path
		}
		return c.agents.fallback
	case strings.HasPrefix(setting, "$"):
		return c.o.Getenv(strings.Trim(setting, "${}"))
	default:
		return setting
	}
}

// agentAccess is how an agent is reached and how long it may take.
type agentAccess struct {
	dial        func(path string, timeout time.Duration) (net.Conn, error)
	listTimeout time.Duration
	signTimeout time.Duration
	noticeAfter time.Duration
	fallback    string // where the system's own agent listens, if nothing names one; "": nowhere
}

func newAgentAccess() agentAccess {
	return agentAccess{dial: dialAgent, listTimeout: agentListTimeout, signTimeout: agentSignTimeout, noticeAfter: agentNoticeAfter, fallback: defaultAgent}
}

// agentLink is a connection to an agent; every call has its time.
type agentLink struct {
	conn   net.Conn
	client agent.ExtendedAgent
	forget func() bool // ends the watch on the login's context
}

func (a *agentLink) close() {
	a.forget()
	a.conn.Close()
}

// connectAgent connects to the agent for this login and lists its keys. What goes wrong is a problem of this login; no
// agent configured is none.
func (st *attempt) connectAgent(setting string) (*agentLink, []gossh.PublicKey) {
	c := st.client
	path := c.agentSocket(setting)
	if path == "" {
		return nil, nil
	}
	conn, err := c.agents.dial(path, agentDialTimeout)
	if err != nil {
		if path != c.agents.fallback { // else nobody named it
			st.keyProblem(agentError(path, "can't be reached", err))
		}
		return nil, nil
	}
	link := &agentLink{conn: conn, client: agent.NewClient(conn), forget: context.AfterFunc(st.ctx, func() { conn.Close() })}
	defer st.waitFor("waiting for your agent to list its keys")()
	until := time.Now().Add(c.agents.listTimeout)
	_ = conn.SetDeadline(until)
	listed, err := link.client.List()
	if err != nil {
		link.close()
		words := "doesn't answer as an agent does"
		if !time.Now().Before(until) { // x/crypto hides the time-out in a text
			words = fmt.Sprintf("doesn't answer (waited %s)", c.agents.listTimeout)
		}
		st.keyProblem(agentError(path, words, err))
		return nil, nil
	}
	st.mu.Lock()
	st.agent = link
	st.mu.Unlock()
	var keys []gossh.PublicKey
	for _, k := range listed {
		if key, err := gossh.ParsePublicKey(k.Marshal()); err == nil {
			keys = append(keys, key)
		}
	}
	return link, keys
}

func agentError(path, words string, err error) *domain.Error {
	return domain.NewError(domain.CodeAgent, "Start the agent (ssh-add -l must work in your terminal), then try again.",
		"the agent at %s %s", path, words).WithDetails("%v", err).WithCause(err)
}

// signer is a key of the agent; signing may wait for a person who touches or confirms.
func (a *agentLink) signer(st *attempt, key gossh.PublicKey) gossh.Signer {
	return &agentSigner{link: a, st: st, key: key}
}

type agentSigner struct {
	link *agentLink
	st   *attempt
	key  gossh.PublicKey
}

func (s *agentSigner) PublicKey() gossh.PublicKey { return s.key }

func (s *agentSigner) Sign(rand io.Reader, data []byte) (*gossh.Signature, error) {
	return s.SignWithAlgorithm(rand, data, "")
}

func (s *agentSigner) SignWithAlgorithm(_ io.Reader, data []byte, algorithm string) (*gossh.Signature, error) {
	resume := s.st.pause()
	defer resume()
	var flags agent.SignatureFlags
	switch algorithm {
	case gossh.KeyAlgoRSASHA256, gossh.CertAlgoRSASHA256v01:
		flags = agent.SignatureFlagRsaSha256
	case gossh.KeyAlgoRSASHA512, gossh.CertAlgoRSASHA512v01:
		flags = agent.SignatureFlagRsaSha512
	}
	defer s.st.waitFor("waiting for your agent to sign with the key " + gossh.FingerprintSHA256(s.key))()
	until := time.Now().Add(s.st.client.agents.signTimeout)
	_ = s.link.conn.SetDeadline(until)
	signature, err := s.link.client.SignWithFlags(s.key, data, flags)
	if err != nil {
		if !time.Now().Before(until) {
			s.link.conn.Close() // its late answer would be taken for that to the next question
		}
		e := domain.NewError(domain.CodeAgent, "Look whether the agent asks for a confirmation or a touch, then try again.",
			"the agent didn't sign with the key %s", gossh.FingerprintSHA256(s.key)).WithDetails("%v", err).WithCause(err)
		s.st.keyProblem(e)
		return nil, fmt.Errorf("sign by the agent: %w", e)
	}
	return signature, nil
}
