package ssh

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"strings"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/wire"
)

// CheckSteps connects to t as a run would and says of each step how it went: what ssh_config says, then for every machine
// on the way the look-up of its name, TCP, the server's banner, its host key and the login, and at last whether commands
// run. It changes nothing: the connection is its own and is closed at the end, nothing is asked, and no host key is stored.
// An unknown key ends the check where a person would be asked. Every step has the time limit that it has in a run.
func (c *Client) CheckSteps(ctx context.Context, t domain.Target) domain.ConnectionCheck {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()

	begin := c.o.Now()
	f := &follower{now: c.o.Now, last: begin}
	err := c.follow(ctx, t, f)
	f.finish(t, err)
	return domain.ConnectionCheck{
		Name: t.Destination(), OK: err == nil, Micros: c.o.Now().Sub(begin).Microseconds(), Steps: f.steps,
	}
}

// follow makes the connection from hop to hop.
func (c *Client) follow(ctx context.Context, t domain.Target, f *follower) error {
	f.steps = []domain.CheckStep{{Host: t.Destination(), Kind: domain.StepSettings}}
	way, err := c.routeTo(ctx, t)
	if err != nil {
		return err
	}
	f.plan(way)
	f.done(domain.StepSettings, way.words())
	ctx = httptrace.WithClientTrace(ctx, f.trace())
	var base *conn
	for i, h := range way {
		st := &attempt{client: c, ctx: ctx, way: way[:i+1], full: way, prompter: nobody{}, follow: f}
		client, w, err := c.handshake(ctx, st, h, base)
		st.close()
		var reset *resetError
		switch {
		case st.unknown != nil:
			return unknownToCheck(h, st.unknown.key)
		case errors.As(err, &reset):
			return reset.say
		case err != nil:
			return err
		}
		defer w.Close()
		defer client.Close()
		f.done(domain.StepLogin, "as "+h.Settings.User+" "+st.loggedInWith())
		base = &conn{client: client, w: w}
	}
	shell, err := c.tryShell(ctx, base.client, way.target())
	if err != nil {
		return err
	}
	f.done(domain.StepShell, shell)
	return nil
}

// unknownToCheck ends a check at a key about which a run would ask.
func unknownToCheck(h hop, key gossh.PublicKey) *domain.Error {
	return domain.NewError(domain.CodeHostKeyUnknown,
		"Compare the fingerprint with that of the machine, then log in once with ssh "+h.Name+" or trust it in the window at the first run.",
		"the host key of %s isn't known: %s %s", h.Name, keyTypeName(key), gossh.FingerprintSHA256(key))
}

// words are a route as one line.
func (r route) words() string {
	text := r.target().String()
	if len(r) == 1 {
		return text
	}
	names := make([]string, len(r)-1)
	for i, h := range r[:len(r)-1] {
		names[i] = h.Name
	}
	return text + " through " + strings.Join(names, ", ")
}

// loggedInWith says what let a followed login in.
func (st *attempt) loggedInWith() string {
	words := []string{}
	for _, m := range st.follow.used {
		switch m.name {
		case "publickey":
			words = append(words, "with "+st.keyWords(m))
		case "password":
			words = append(words, "with the password that was given before")
		default:
			words = append(words, "by "+m.name)
		}
	}
	if len(words) == 0 {
		return "without a key or password"
	}
	return strings.Join(words, " and ")
}

// keyWords names a key: the file that has it, or who else does.
func (st *attempt) keyWords(m usedMethod) string {
	key, kind := m.key, "key"
	if cert, ok := key.(*gossh.Certificate); ok {
		key, kind = cert.Key, "certificate"
	}
	text := fmt.Sprintf("the %s %s %s", kind, keyTypeName(key), gossh.FingerprintSHA256(key))
	for _, path := range st.way.target().Settings.IdentityFiles {
		if id, _ := st.client.loadIdentity(st, path); id != nil && id.public != nil && same(id.public, key) {
			text += " of " + path
			break
		}
	}
	if _, ok := m.signer.(*agentSigner); ok {
		text += ", signed by the agent"
	}
	return text
}

// tryShell runs a command that prints the login shell, the way every run is started, and says what came of it.
func (c *Client) tryShell(ctx context.Context, client *gossh.Client, h hop) (string, error) {
	nonce, err := newNonce()
	if err != nil {
		return "", err
	}
	line, _, err := wire.Run{Nonce: nonce, RunID: "check-" + nonce, Script: `printf %s "$SHELL"`}.Line()
	if err != nil {
		return "", err
	}
	defer context.AfterFunc(ctx, func() { client.Close() })()
	limit := c.limits.open + c.limits.begin
	late := time.AfterFunc(limit, func() { client.Close() })
	session, err := client.NewSession()
	if err == nil {
		defer session.Close()
		var said headBuffer
		session.Stdout = &said
		err = session.Run(line)
		noise, rest, begun := strings.Cut(said.String(), wire.MarkerPrefix(nonce))
		if _, shell, told := strings.Cut(rest, "\n"); begun && told && err == nil {
			late.Stop()
			return shellWords(shell, noise), nil
		}
		if late.Stop() && ctx.Err() == nil {
			return "", noShell(h, noise, exitText(err))
		}
	}
	switch {
	case ctx.Err() != nil:
		return "", canceled(h)
	case late.Stop():
		return "", noShell(h, "", err.Error())
	}
	return "", domain.NewError(domain.CodeNoShell, "Look at what the login shell of that account does at its start.",
		"the login shell of %s didn't run a command within %s", h.Name, limit)
}

func exitText(err error) string {
	if err == nil {
		return "it ended as if all was well"
	}
	return err.Error()
}

func shellWords(shell, noise string) string {
	text := "/bin/sh runs commands"
	if shell != "" {
		text += ", the login shell is " + strings.TrimSpace(shell)
	}
	if noise != "" {
		text += "; it prints something at its start"
	}
	return text
}

// headBuffer keeps the first maxNoise bytes.
type headBuffer struct{ strings.Builder }

func (b *headBuffer) Write(p []byte) (int, error) {
	b.Builder.Write(p[:min(len(p), max(0, maxNoise-b.Len()))])
	return len(p), nil
}
