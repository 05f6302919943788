package ssh

import (
	"strings"

	"vmorchestrator/backend/domain"
)

// password is the login's password: the one that is remembered, or else the person's answer, which is then kept until
// the client is closed. try counts from 1. explanation is what the server says with its question.
func (st *attempt) password(explanation string, try int) (string, error) {
	resume := st.pause()
	defer resume()
	login := st.way.target().String()
	release, err := st.client.auth.turn(st.ctx, "login "+login)
	if err != nil {
		return "", st.giveUp(canceled(st.way.target()))
	}
	defer release()
	// Another connection may have got a new one meanwhile.
	if known := st.client.auth.password(login); known != "" && known != st.refused {
		st.refused = known // if this is asked once more
		st.follow.use(usedMethod{name: methodPassword})
		return known, nil
	}
	question := "Password of " + login
	if explanation != "" {
		question = explanation + "\n" + question
	}
	answer, err := st.ask(domain.Prompt{Kind: domain.PromptPassword, Question: question, Attempt: try})
	if err == nil && !answer.Accept {
		err = domain.NewError(domain.CodeAuth, "Try again and give the password, or set up a key.", "no password was given for %s", login)
	}
	if err != nil {
		st.client.auth.setPassword(login, "")
		return "", st.giveUp(err)
	}
	st.client.auth.setPassword(login, answer.Secret)
	st.refused = answer.Secret
	return answer.Secret, nil
}

// questions puts each question of a round of keyboard-interactive to the person. PAM sends rounds without any.
func (st *attempt) questions(_, instruction string, questions []string, echos []bool) ([]string, error) {
	st.follow.use(usedMethod{name: methodKbd})
	if len(questions) == 0 {
		return nil, nil
	}
	instruction = strings.TrimSpace(instruction)
	if len(questions) == 1 && !echos[0] && isPassword(questions[0]) {
		secret, err := st.password(instruction, st.asked[methodKbd])
		return []string{secret}, err
	}
	resume := st.pause()
	defer resume()
	answers := make([]string, len(questions))
	for i, q := range questions {
		text := strings.TrimSpace(q)
		if instruction != "" && i == 0 {
			text = instruction + "\n" + text
		}
		answer, err := st.ask(domain.Prompt{Kind: domain.PromptQuestion, Question: text, Echo: echos[i], Attempt: st.asked[methodKbd]})
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
