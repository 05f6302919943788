package ssh

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// attempt is one try to log in at the last hop of way.
type attempt struct {
	client   *Client
	ctx      context.Context
	way      route // up to the machine in question
	full     route // to the target
	prompter Prompter
	pauser   func() (resume func())
	follow   *follower // of a check; nil else

	// Written by x/crypto's one handshake goroutine, read after it is done.
	keyErr    *domain.Error // why the host key was refused
	unknown   *unknownKey
	authBegan bool
	answered  error // a question about a password that couldn't be put

	mu       sync.Mutex
	problems []*domain.Error // keys and agents that couldn't be used, most telling first
	offered  int             // keys that were offered
	agent    *agentLink
}

func (st *attempt) pause() func() {
	if st.pauser == nil {
		return func() {}
	}
	return st.pauser()
}

func (st *attempt) keyProblem(e *domain.Error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.problems = append(st.problems, e)
}

func (st *attempt) close() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.agent != nil {
		st.agent.conn.Close()
		st.agent = nil
	}
}

// methods are the ways to log in, in the order of PreferredAuthentications. x/crypto tries the first of each name
// only, so all keys are in one.
func (st *attempt) methods() []gossh.AuthMethod {
	s := st.way.target().Settings
	var preferred []string
	for _, name := range s.PreferredAuthentications {
		if !slices.Contains(preferred, name) {
			preferred = append(preferred, name)
		}
	}
	if len(preferred) == 0 {
		preferred = []string{"publickey", "keyboard-interactive", "password"}
	}
	tries := max(1, s.NumberOfPasswordPrompts)
	var list []gossh.AuthMethod
	for _, name := range preferred {
		switch {
		case name == "publickey" && s.PubkeyAuthentication:
			list = append(list, gossh.PublicKeysCallback(func() ([]gossh.Signer, error) {
				st.authBegan = true
				return st.follow.watch(st.signers()), nil
			}))
		case name == "keyboard-interactive" && s.KbdInteractiveAuthentication:
			list = append(list, gossh.RetryableAuthMethod(gossh.KeyboardInteractive(st.questions), tries))
		case name == "password" && s.PasswordAuthentication:
			list = append(list, gossh.RetryableAuthMethod(gossh.PasswordCallback(st.passwords()), tries))
		}
	}
	return list
}

// signers are the keys in the order to offer: those in memory; those of the configuration that the agent has; those
// of the configuration that are open; the agent's others; those that need a passphrase. That is OpenSSH's order but
// for open files, which come before the agent's other keys: with many keys in the agent and a low MaxAuthTries it is
// the configured one that must get its turn.
func (st *attempt) signers() []gossh.Signer {
	c, s := st.client, st.way.target().Settings
	var first, inAgent, open, others, locked []gossh.Signer
	if c.o.Signers != nil {
		first = c.o.Signers()
	}
	var ids []*identity
	for _, path := range s.IdentityFiles {
		id, problem := c.loadIdentity(st, path)
		if problem != nil {
			st.keyProblem(problem)
		}
		if id != nil {
			ids = append(ids, id)
		}
	}
	link, held, problem := c.openAgent(s.IdentityAgent)
	if problem != nil {
		st.keyProblem(problem)
	}
	st.mu.Lock()
	st.agent = link
	st.mu.Unlock()
	var agentKeys []gossh.PublicKey
	for _, k := range held {
		if key, err := gossh.ParsePublicKey(k.Marshal()); err == nil {
			agentKeys = append(agentKeys, key)
		}
	}
	var certs []*gossh.Certificate
	for _, path := range s.CertificateFiles {
		if cert := certificate(path); cert != nil {
			certs = append(certs, cert)
		}
	}
	used := map[string]bool{}
	for _, id := range ids {
		if id.public == nil || used[string(id.public.Marshal())] {
			continue
		}
		used[string(id.public.Marshal())] = true
		signer, where := id.signer, &open
		if slices.ContainsFunc(agentKeys, func(k gossh.PublicKey) bool { return same(k, id.public) }) {
			signer, where = link.signer(st, id.public), &inAgent
		} else if id.locked {
			where = &locked
		}
		if signer == nil {
			continue
		}
		all := certs
		if cert := certificate(id.path + "-cert.pub"); cert != nil {
			all = append(slices.Clone(certs), cert)
		}
		for _, cert := range all {
			if same(cert.Key, id.public) {
				if with, err := gossh.NewCertSigner(cert, signer); err == nil {
					*where = append(*where, with)
				}
			}
		}
		*where = append(*where, signer)
	}
	if !s.IdentitiesOnly {
		for _, key := range agentKeys {
			if !used[string(key.Marshal())] {
				others = append(others, link.signer(st, key))
			}
		}
	}
	list := slices.Concat(first, inAgent, open, others, locked)
	st.mu.Lock()
	st.offered = len(list)
	st.mu.Unlock()
	return list
}

func same(a, b gossh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// passwords asks for the login's password; one that was right is remembered until the client is closed.
func (st *attempt) passwords() func() (string, error) {
	try := 0
	return func() (string, error) {
		st.authBegan = true
		resume := st.pause()
		defer resume()
		login := st.way.target().String()
		try++
		if try == 1 {
			if known := st.client.auth.password(login); known != "" {
				st.follow.use(usedMethod{name: "password"})
				return known, nil
			}
		}
		st.client.auth.setPassword(login, "")
		answer, err := st.ask(domain.Prompt{Kind: domain.PromptPassword, Question: "Password of " + login, Attempt: try})
		if err == nil && !answer.Accept {
			err = domain.NewError(domain.CodeAuth, "Try again and give the password, or set up a key.", "no password was given for %s", login)
		}
		if err != nil {
			st.answered = err
			return "", err
		}
		// Kept now and dropped when the server refuses it: the next question comes through here.
		st.client.auth.setPassword(login, answer.Secret)
		return answer.Secret, nil
	}
}

// questions puts each question of keyboard-interactive to the person. PAM sends rounds without any.
func (st *attempt) questions(_, instruction string, questions []string, echos []bool) ([]string, error) {
	st.authBegan = true
	st.follow.use(usedMethod{name: "keyboard-interactive"})
	if len(questions) == 0 {
		return nil, nil
	}
	resume := st.pause()
	defer resume()
	answers := make([]string, len(questions))
	for i, q := range questions {
		text := strings.TrimSpace(q)
		if instruction = strings.TrimSpace(instruction); instruction != "" && i == 0 {
			text = instruction + "\n" + text
		}
		answer, err := st.ask(domain.Prompt{Kind: domain.PromptQuestion, Question: text, Echo: echos[i], Attempt: 1})
		if err == nil && !answer.Accept {
			err = domain.NewError(domain.CodeAuth, "Try again and answer the server's question.", "a question of %s wasn't answered", st.way.target().Name)
		}
		if err != nil {
			st.answered = err
			return nil, err
		}
		answers[i] = answer.Secret
	}
	return answers, nil
}

// authError says why the server let nobody in: the one thing that went wrong on this side if there is one, else what
// was tried.
func (st *attempt) authError(h hop, err error) *domain.Error {
	st.mu.Lock()
	problems, offered := st.problems, st.offered
	st.mu.Unlock()
	login := h.String()
	for _, code := range []domain.Code{domain.CodeClosed, domain.CodePassphrase} {
		for _, p := range problems {
			if p.Code == code {
				return p
			}
		}
	}
	if offered == 0 && len(problems) > 0 {
		return problems[0]
	}
	for _, p := range problems {
		if p.Code == domain.CodeAgent || p.Code == domain.CodeKeyUnusable {
			return domain.NewError(domain.CodeAuth, p.Hint, "%s took none of the keys; besides, %s", login, p.Message).WithDetails("%v", err).WithCause(err)
		}
	}
	if st.answered != nil {
		var known *domain.Error
		if errors.As(st.answered, &known) && known.Code != domain.CodePromptNeeded {
			return known
		}
		if offered == 0 {
			return domain.NewError(domain.CodePromptNeeded, "Run it where you can be asked, or set up a key: ssh-copy-id "+h.Name+".",
				"%s wants a password, and nobody is there to be asked", login).WithCause(err)
		}
	}
	hint := "Check the user name and that the machine has your public key: ssh-copy-id " + h.Name + "."
	if offered == 0 {
		return domain.NewError(domain.CodeAuth, "Make a key with ssh-keygen and put it there with ssh-copy-id "+h.Name+", or name one with IdentityFile.",
			"%s lets nobody in without a key, and there is none to offer", login).WithDetails("%v", err).WithCause(err)
	}
	return domain.NewError(domain.CodeAuth, hint, "%s took none of the keys and answers that were offered", login).WithDetails("%d keys offered; %v", offered, err).WithCause(err)
}
