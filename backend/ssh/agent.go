package ssh

import (
	"errors"
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
		return defaultAgent
	case strings.HasPrefix(setting, "$"):
		return c.o.Getenv(strings.Trim(setting, "${}"))
	default:
		return setting
	}
}

// agentLink is a connection to an agent; every call has its time.
type agentLink struct {
	conn   net.Conn
	client agent.ExtendedAgent
}

// openAgent connects to the agent and lists its keys. No agent configured is nil without an error.
func (c *Client) openAgent(setting string) (*agentLink, []*agent.Key, *domain.Error) {
	path := c.agentSocket(setting)
	if path == "" {
		return nil, nil, nil
	}
	conn, err := dialAgent(path, agentDialTimeout)
	if err != nil {
		if path == defaultAgent {
			return nil, nil, nil // nobody named it
		}
		return nil, nil, agentError(path, err)
	}
	link := &agentLink{conn: conn, client: agent.NewClient(conn)}
	_ = conn.SetDeadline(time.Now().Add(agentListTimeout))
	keys, err := link.client.List()
	if err != nil {
		conn.Close()
		return nil, nil, agentError(path, err)
	}
	return link, keys, nil
}

func agentError(path string, err error) *domain.Error {
	words := "the agent at %s can't be reached"
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		words = "the agent at %s doesn't answer"
	}
	return domain.NewError(domain.CodeAgent, "Start the agent (ssh-add -l must work in your terminal), then try again.", words, path).
		WithDetails("%v", err).WithCause(err)
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
	_ = s.link.conn.SetDeadline(time.Now().Add(agentSignTimeout))
	signature, err := s.link.client.SignWithFlags(s.key, data, flags)
	if err != nil {
		e := domain.NewError(domain.CodeAgent, "Look whether the agent asks for a confirmation or a touch, then try again.",
			"the agent didn't sign with the key %s", gossh.FingerprintSHA256(s.key)).WithDetails("%v", err).WithCause(err)
		s.st.keyProblem(e)
		return nil, fmt.Errorf("sign by the agent: %w", e)
	}
	return signature, nil
}
