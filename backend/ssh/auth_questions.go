package ssh

import (
	"strings"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// maxSaid is how many bytes of a server's words a person gets to read with a question.
const maxSaid = 1000

// maxRounds is how many rounds of questions one login may have: a server could go on for ever.
const maxRounds = 20

// password is the login's password: the one that is remembered, or else the person's answer, which is then kept until
// the client is closed. try counts from 1. said is what the server says with its question.
func (st *attempt) password(said string, try int) (string, error) {
	resume := st.pause()
	defer resume()
	login := st.way.target().String()
	where := st.passwordKey()
	release, err := st.client.auth.turn(st.ctx, "login "+where)
	if err != nil {
		return "", st.giveUp(canceled(st.way.target()))
	}
	defer release()
	// Another connection may have got a new one meanwhile.
	if known := st.client.auth.password(where); known != "" && known != st.refused {
		st.refused = known // if this is asked once more
		st.follow.use(usedMethod{name: methodPassword})
		return known, nil
	}
	answer, err := st.ask(domain.Prompt{Kind: domain.PromptPassword, Fingerprint: gossh.FingerprintSHA256(plainKey(st.hostKey)), Said: said, Attempt: try})
	if err == nil && !answer.Accept {
		err = domain.NewError(domain.CodeAuth, "Try again and give the password, or set up a key.", "no password was given for %s", login)
	}
	if err != nil {
		st.client.auth.forgetPassword(where, st.refused)
		return "", st.giveUp(err)
	}
	st.client.auth.setPassword(where, answer.Secret)
	st.refused = answer.Secret
	return answer.Secret, nil
}

// passwordKey is what a password is remembered for: the login on the machine whose host key was seen. Behind another jump
// host the same address may be another machine.
func (st *attempt) passwordKey() string {
	return st.way.target().String() + " " + gossh.FingerprintSHA256(plainKey(st.hostKey))
}

// questions puts each question of a round of keyboard-interactive to the person. PAM sends rounds without any.
func (st *attempt) questions(_, instruction string, questions []string, echos []bool) ([]string, error) {
	st.follow.use(usedMethod{name: methodKbd})
	if len(questions) == 0 {
		return nil, nil
	}
	if st.rounds++; st.rounds > maxRounds {
		return nil, st.giveUp(domain.NewError(domain.CodeAuth, "Look at how that machine asks who logs in (PAM).",
			"%s asked %d rounds of questions and would ask more", st.way.target().Name, maxRounds))
	}
	instruction = domain.Said(instruction, maxSaid)
	if len(questions) == 1 && !echos[0] && isPassword(questions[0]) {
		st.passwordRounds++ // asked again within one method, the answer before was wrong
		secret, err := st.password(instruction, max(st.asked[methodKbd], st.passwordRounds))
		return []string{secret}, err
	}
	resume := st.pause()
	defer resume()
	answers := make([]string, len(questions))
	for i, q := range questions {
		p := domain.Prompt{Kind: domain.PromptQuestion, Question: domain.Said(q, maxSaid), Echo: echos[i], Attempt: st.asked[methodKbd]}
		if i == 0 {
			p.Said = instruction
		}
		answer, err := st.ask(p)
		if err == nil && !answer.Accept {
			err = domain.NewError(domain.CodeAuth, "Try again and answer the server's question.", "a question of %s wasn't answered", st.way.target().Name)
		}
		if err != nil {
			return nil, st.giveUp(err)
		}
		answers[i] = answer.Secret
	}
	return answers, nil
}

// isPassword reports whether a question is PAM's for the account's password, which may be remembered. A code that is
// good for once is asked for in other words.
func isPassword(question string) bool {
	return strings.EqualFold(strings.TrimSuffix(strings.TrimSpace(question), ":"), "password")
}
