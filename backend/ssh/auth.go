package ssh

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// The ways to log in that this app knows, as RFC 4252 and 4256 name them.
const (
	methodKey      = "publickey"
	methodKbd      = "keyboard-interactive"
	methodPassword = "password"
)

// attempt is one try to log in at the last hop of way.
type attempt struct {
	client   *Client
	ctx      context.Context
	way      route // up to the machine in question
	full     route // to the target
	prompter Prompter
	pauser   func() (resume func())
	follow   *follower // of a check; nil else: whoever adds a way to log in tells it (use, watch)

	// Written by x/crypto's handshake, read after it is done.
	hostKey        gossh.PublicKey // the one that was found right
	keyErr         *domain.Error   // why the host key was refused
	unknown        *unknownKey
	authBegan      bool
	allowed        []string // what the server takes, as it said last
	answered       error    // a question that couldn't be put
	stopped        error    // the person broke off
	refused        string   // the password that the server was told last
	rounds         int      // of questions
	passwordRounds int      // those of them that asked for the password
	asked          map[string]int
	collected      bool
	keys           []offer // all, in the order to offer
	waiting        []offer // those whose turn is to come
	passed         int     // methods that the server took and wants more than

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
		st.agent.close()
		st.agent = nil
	}
}

// next is the way to log in whose turn it is, of those that the server takes now: in the order of
// PreferredAuthentications, every key, and questions up to NumberOfPasswordPrompts times each. x/crypto's own list of
// methods won't do: it gives up all keys with the first that can't sign, and goes on asking a person who canceled.
func (st *attempt) next(now *gossh.ClientAuthContext) (gossh.AuthMethod, error) {
	st.authBegan, st.allowed = true, now.AllowedMethods
	if st.stopped != nil {
		return nil, st.stopped
	}
	s := st.way.target().Settings
	if n := len(now.PartialSuccessMethods); n > st.passed {
		// One of two locks is open: as in ssh, all keys may be tried at the other, but for the one that has just fitted.
		st.passed = n
		if now.PartialSuccessMethods[n-1] == methodKey {
			fitted := len(st.keys) - len(st.waiting) - 1
			st.keys = slices.Delete(st.keys, fitted, fitted+1)
		}
		st.waiting = st.keys
	}
	for _, name := range st.preferred() {
		if !slices.Contains(now.AllowedMethods, name) || len(now.TriedMethods) >= maxLoginTries {
			continue
		}
		if name == methodKey {
			if key := st.nextKey(); key != nil {
				return key, nil
			}
			continue
		}
		if s.BatchMode && st.answered == nil {
			st.answered = domain.NewError(domain.CodePromptNeeded, "", "BatchMode forbids questions")
		}
		if st.answered != nil || st.asked[name] >= max(1, s.NumberOfPasswordPrompts) {
			continue
		}
		if st.asked == nil {
			st.asked = map[string]int{}
		}
		st.asked[name]++
		if name == methodPassword {
			return gossh.PasswordCallback(func() (string, error) { return st.password("", st.asked[methodPassword]) }), nil
		}
		return gossh.KeyboardInteractive(st.questions), nil
	}
	return nil, domain.NewError(domain.CodeAuth, "", "the server takes %s; tried %s",
		strings.Join(now.AllowedMethods, ", "), strings.Join(now.TriedMethods, ", "))
}

// preferred are the ways to log in that the settings permit, in their order.
func (st *attempt) preferred() []string {
	s := st.way.target().Settings
	permitted := map[string]bool{
		methodKey: s.PubkeyAuthentication, methodKbd: s.KbdInteractiveAuthentication, methodPassword: s.PasswordAuthentication,
	}
	order := s.PreferredAuthentications
	if len(order) == 0 {
		order = []string{methodKey, methodKbd, methodPassword}
	}
	return slices.DeleteFunc(slices.Clone(order), func(name string) bool { return !permitted[name] })
}

// authError says why the server let nobody in: the one thing that went wrong on this side if there is one, else what
// was tried.
func (st *attempt) authError(h hop, err error) *domain.Error {
	st.mu.Lock()
	problems, offered := st.problems, st.offered
	st.mu.Unlock()
	login := h.String()
	if st.refused != "" {
		st.client.auth.forgetPassword(st.passwordKey(), st.refused)
	}
	if st.stopped != nil {
		return domain.AsError(st.stopped)
	}
	for _, code := range []domain.Code{domain.CodeClosed, domain.CodePassphrase} {
		for _, p := range problems {
			if p.Code == code {
				return p
			}
		}
	}
	answers := len(st.asked) > 0 && st.answered == nil
	if offered == 0 && !answers && len(problems) > 0 {
		return problems[0]
	}
	took := "none of the keys"
	if answers {
		took = "none of the keys and answers"
	}
	for _, p := range problems {
		if p.Code == domain.CodeAgent || p.Code == domain.CodeKeyUnusable {
			return domain.NewError(domain.CodeAuth, p.Hint, "%s took %s; besides, %s", login, took, p.Message).WithDetails("%v", err).WithCause(err)
		}
	}
	preferred := st.preferred()
	refused := func(hint, format string, args ...any) *domain.Error {
		return domain.NewError(domain.CodeAuth, hint, format, args...).WithDetails("%d keys offered; %v", offered, err).WithCause(err)
	}
	switch {
	case strings.Contains(err.Error(), "Too many authentication failures"):
		return refused("Name the right key with IdentityFile, and set IdentitiesOnly yes.",
			"%s was offered too many keys that it doesn't take, and hung up", login)
	case len(st.allowed) > 0 && !slices.ContainsFunc(st.allowed, func(name string) bool { return slices.Contains(preferred, name) }):
		return refused("Look at PreferredAuthentications and the settings that end in Authentication, in ssh_config.",
			"%s can only be logged in at by %s, which the settings or this app don't do", login, strings.Join(st.allowed, " or "))
	case st.answered != nil && domain.CodeOf(st.answered) != domain.CodePromptNeeded:
		return domain.AsError(st.answered)
	case st.answered != nil && offered == 0:
		return domain.NewError(domain.CodePromptNeeded, "Run it where you can be asked, or set up a key: ssh-copy-id "+h.Name+".",
			"%s wants a password, and nobody is there to be asked", login).WithCause(err)
	case offered == 0 && len(st.asked) == 0:
		return refused("Make a key with ssh-keygen and put it there with ssh-copy-id "+h.Name+", or name one with IdentityFile.",
			"%s lets nobody in without a key, and there is none to offer", login)
	}
	return refused("Check the user name and that the machine has your public key: ssh-copy-id "+h.Name+".",
		"%s took none of the keys and answers that were offered", login)
}

// giveUp remembers that a question wasn't answered. Who pressed Cancel isn't asked again; where nobody can be asked, the
// keys still have their turn.
func (st *attempt) giveUp(err error) error {
	var known *domain.Error
	if errors.As(err, &known) && known.Code == domain.CodePromptNeeded {
		st.answered = err
	} else {
		st.stopped = err
	}
	return err
}
