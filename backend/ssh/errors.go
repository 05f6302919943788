package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// dialError puts a failure to reach address into words.
func dialError(h hop, err error, timeout time.Duration) *domain.Error {
	var dns *net.DNSError
	var netErr net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return canceled(h)
	case errors.As(err, &dns) && dns.IsNotFound:
		return domain.NewError(domain.CodeResolve, "Check the spelling, or whether a VPN is needed to know that name.",
			"the name %q has no address", dns.Name).WithCause(err)
	case errors.As(err, &dns):
		return domain.NewError(domain.CodeResolve, "Check this computer's network, then try again.",
			"the name %q couldn't be looked up", dns.Name).WithCause(err).WithDetails("%v", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return domain.NewError(domain.CodeRefused, "Check the port, and that the SSH server runs there.",
			"%s refuses the connection: nothing listens on port %d", h.Settings.HostName, h.Settings.Port).WithCause(err)
	case errors.As(err, &netErr) && netErr.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return domain.NewError(domain.CodeConnectTimeout, "Check that the machine is on and that no firewall is in between.",
			"%s didn't answer within %s", h.addr(), timeout).WithCause(err)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ENETDOWN):
		return domain.NewError(domain.CodeUnreachable, "Check this computer's network, or whether a VPN is needed.",
			"there is no way to %s from here", h.addr()).WithCause(err)
	}
	return domain.NewError(domain.CodeUnreachable, "Check the address and this computer's network.",
		"%s can't be reached", h.addr()).WithCause(err).WithDetails("%v", err)
}

func canceled(h hop) *domain.Error {
	return domain.NewError(domain.CodeClosed, "", "connecting to %s was broken off", h.Name).WithCause(context.Canceled)
}

// forwardError is a jump host's refusal to connect on.
func forwardError(from, to hop, err error) *domain.Error {
	var open *gossh.OpenChannelError
	if errors.As(err, &open) {
		code := domain.CodeUnreachable
		if open.Reason == gossh.ConnectionFailed && strings.Contains(strings.ToLower(open.Message), "refused") {
			code = domain.CodeRefused
		}
		if open.Reason == gossh.Prohibited {
			return domain.NewError(domain.CodeUnreachable, "AllowTcpForwarding in sshd_config of "+from.Name+" must permit it.",
				"the jump host %s doesn't let connections through to %s", from.Name, to.addr()).WithDetails("%v", err).WithCause(err)
		}
		return domain.NewError(code, "Log in on "+from.Name+" and check that it reaches "+to.addr()+".",
			"the jump host %s can't connect to %s", from.Name, to.addr()).WithDetails("%v", err).WithCause(err)
	}
	return dialError(to, err, defaultConnectTimeout)
}

// handshakeError puts a failure between the first byte and the login into words. What the host key check and the
// authentication found out themselves comes first.
func handshakeError(h hop, w *watched, st *attempt, err error) *domain.Error {
	if st.keyErr != nil {
		return st.keyErr
	}
	sniffed, received := w.sniffed()
	shown := strings.ToValidUTF8(firstLine(string(sniffed)), "\ufffd")
	var algorithms *gossh.AlgorithmNegotiationError
	var own *domain.Error
	switch {
	case st.ctx.Err() != nil && w.expired() == "":
		return canceled(h)
	case w.expired() != "" && received == 0:
		return domain.NewError(domain.CodeConnectTimeout, "Check the port, and whether the SSH server there hangs.",
			"%s takes the connection and then says nothing", h.addr()).WithCause(err)
	case w.expired() != "":
		return domain.NewError(domain.CodeConnectTimeout, "Try again; if it happens once more, look at the network in between.",
			"%s stopped answering during %s", h.addr(), w.expired()).WithCause(err)
	case tooManyLogins(sniffed):
		return domain.NewError(domain.CodeHandshake, "Try again in a moment, or raise MaxStartups in sshd_config there.",
			"%s has too many logins at once", h.addr()).WithDetails("it said: %s", shown).WithCause(err)
	case received == 0 && isCut(err) && w.proxy() != nil:
		return domain.NewError(domain.CodeUnreachable, "Check the ProxyCommand of "+h.Name+" in ssh_config.",
			"the ProxyCommand for %s ended without a connection", h.Name).WithDetails("it said: %s", w.proxy().lastWords()).WithCause(err)
	case received > 0 && !containsBanner(sniffed):
		return domain.NewError(domain.CodeNotSSH, "Check the port: SSH servers usually listen on 22.",
			"what answers at %s isn't an SSH server", h.addr()).WithDetails("it said: %s", shown).WithCause(err)
	case errors.As(err, &algorithms):
		return domain.NewError(domain.CodeHandshake, "Update the SSH server there, or its algorithm settings.",
			"%s and this app have no common %s", h.Name, negotiated(algorithms)).
			WithDetails("this side offers %s; the server offers %s", strings.Join(algorithms.RequestedAlgorithms, ", "), strings.Join(algorithms.SupportedAlgorithms, ", ")).WithCause(err)
	case strings.Contains(err.Error(), "no common algorithm"):
		return domain.NewError(domain.CodeHandshake, "Update the SSH server there, or its algorithm settings.",
			"%s and this app have no common algorithm", h.Name).WithDetails("%v", err).WithCause(err)
	case st.authBegan && w.brokeOff():
		return domain.NewError(domain.CodeHandshake, "Try again; if it happens once more, look at the server's log (journalctl -u ssh).",
			"%s broke off during the login", h.addr()).WithDetails("%v", err).WithCause(err)
	case strings.Contains(err.Error(), "unable to authenticate"), st.authBegan && (isCut(err) || errors.As(err, &own)):
		return st.authError(h, err)
	case received == 0 && isCut(err):
		return droppedError(h, err)
	case isCut(err):
		return domain.NewError(domain.CodeHandshake, "Look at the server's log (journalctl -u ssh).",
			"%s broke off while the connection was being made", h.addr()).WithDetails("%v", err).WithCause(err)
	}
	return domain.NewError(domain.CodeHandshake, "Look at the server's log (journalctl -u ssh).",
		"the connection to %s couldn't be made", h.Name).WithDetails("%v", err).WithCause(err)
}

// droppedError is a connection that ended before the server's first byte.
func droppedError(h hop, err error) *domain.Error {
	return domain.NewError(domain.CodeHandshake, "The server may have too many logins at once (MaxStartups), or a firewall closes them; try again.",
		"%s closed the connection before it said anything", h.addr()).WithCause(err)
}

// noSession is a connection that stands and doesn't get as far as a command; nothing ran.
func noSession(h hop, open *openError, limit time.Duration) *domain.Error {
	if open.silent {
		return domain.NewError(domain.CodeConnectTimeout, "Try again; if it happens once more, look at the network in between.",
			"%s takes the login and then opens no session within %s", h.Name, limit).WithCause(open)
	}
	return domain.NewError(domain.CodeHandshake, "Look at the server's log (journalctl -u ssh).",
		"%s takes the login and then opens no session", h.Name).WithDetails("%v", open).WithCause(open)
}

func negotiated(e *gossh.AlgorithmNegotiationError) string {
	text := e.Error()
	for what, word := range map[string]string{"host key": "type of host key", "key exchange": "key exchange", "cipher": "cipher", "MAC": "integrity check"} {
		if strings.Contains(text, what) {
			return word
		}
	}
	return "algorithm"
}

// isCut reports whether err is a peer that went away, in any of its forms.
func isCut(err error) bool {
	// os.ErrClosed is a ProxyCommand that had ended before the first write.
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) || strings.Contains(err.Error(), "EOF") ||
		strings.Contains(err.Error(), "connection reset") || strings.Contains(err.Error(), "disconnect, reason")
}

func containsBanner(b []byte) bool {
	text := string(b)
	return strings.HasPrefix(text, "SSH-") || strings.Contains(text, "\nSSH-")
}

// tooManyLogins reports whether sshd refused before its banner, in the words of its versions (MaxStartups, and the
// penalties of 9.8).
func tooManyLogins(b []byte) bool {
	text := string(b)
	return strings.HasPrefix(text, "Exceeded MaxStartups") || strings.HasPrefix(text, "Not allowed at this time")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(line)
}

// lostError is for a connection that ended while a command ran.
func lostError(name, why string) *domain.Error {
	return domain.NewError(domain.CodeLost, "What ran there is ended by its keeper; look at the machine before you run it again.",
		"contact with %s was lost before the command's end was known", name).WithDetails("%s", why)
}

// noShell is a target that took the command and never began it.
func noShell(h hop, noise string, exit string) *domain.Error {
	e := domain.NewError(domain.CodeNoShell, "The account needs a login shell and /bin/sh, and no forced command. For a device without them there is plain mode, in the VM's form.",
		"%s takes the login but runs no commands", h.Name)
	details := exit
	if noise = strings.TrimSpace(noise); noise != "" {
		details = fmt.Sprintf("it said: %s (%s)", noise, exit)
	}
	return e.WithDetails("%s", details)
}
