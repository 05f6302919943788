package ssh

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/knownhosts"
)

// unknownKey breaks a handshake off: the person is asked while no connection stands, and the next dial must meet a
// key that is known by then.
type unknownKey struct {
	query knownhosts.Query
	key   gossh.PublicKey
}

func (u *unknownKey) Error() string { return "unknown host key " + gossh.FingerprintSHA256(u.key) }

// errLook is returned into x/crypto where the real error is kept in attempt.keyErr.
var errLook = errors.New("host key refused")

func (c *Client) query(h hop, remote net.Addr) knownhosts.Query {
	s := h.Settings
	q := knownhosts.Query{
		Parsed: &c.known,
		Host:   s.HostName, Port: s.Port, HostKeyAlias: s.HostKeyAlias, CheckIP: s.CheckHostIP,
		UserFiles: s.UserKnownHostsFiles, GlobalFiles: s.GlobalKnownHostsFiles,
		RevokedFile: s.RevokedHostKeys, CASignatureAlgorithms: s.CASignatureAlgorithms,
	}
	if tcp, ok := remote.(*net.TCPAddr); ok && !tcp.IP.IsUnspecified() {
		q.IP = tcp.IP.String()
	}
	return q
}

// verify is the one check of a host key, for every hop and every reconnect, before anything is authenticated.
func (c *Client) verify(st *attempt, h hop, remote net.Addr, key gossh.PublicKey) error {
	q := c.query(h, remote)
	refuse := func(e *domain.Error) error {
		st.keyErr = e
		return errLook
	}
	if command := h.Settings.KnownHostsCommand; command != "" {
		return refuse(domain.NewError(domain.CodeUnsupported, "Take KnownHostsCommand out for "+h.Name+" in ssh_config, or open it in a terminal.",
			"KnownHostsCommand %s would say which host keys are known, and this app doesn't run it", command))
	}
	// A certificate is shown by the key that it is for, as ssh and ssh-keygen -l do.
	plain := plainKey(key)
	fingerprint := gossh.FingerprintSHA256(plain)
	if bits := rsaBits(key); bits > 0 && bits < h.Settings.RequiredRSASize {
		return refuse(domain.NewError(domain.CodeHandshake, "Give the server a longer key: ssh-keygen -A makes new ones.",
			"the RSA host key of %s has only %d bits", h.Name, bits))
	}
	if h.Settings.NoHostAuthForLocalhost && h.Settings.HostKeyAlias == "" && isLoopback(remote) {
		c.o.Log.Info("host key not checked", "host", h.Name, "fingerprint", fingerprint, "because", "NoHostAuthenticationForLocalhost yes")
		return nil
	}
	result, err := knownhosts.Check(q, key)
	if err != nil {
		return refuse(domain.AsError(err))
	}
	for _, p := range result.Problems {
		c.o.Log.Warn("known_hosts line skipped", "file", p.File, "line", p.Line, "why", p.Message)
	}
	switch result.State {
	case knownhosts.Known, knownhosts.CertAuthority:
		st.follow.knew(h, plain, result)
		return nil
	case knownhosts.Revoked:
		return refuse(domain.NewError(domain.CodeHostKeyRevoked, "Ask who runs "+h.Name+"; this key must not be trusted any more.",
			"the host key of %s is marked as revoked", h.Name).
			WithDetails("%s, revoked at %s:%d", fingerprint, result.File, result.Line))
	case knownhosts.BadCert:
		return refuse(domain.NewError(domain.CodeHandshake, "Ask who runs "+h.Name+" for a new host certificate.",
			"the host certificate of %s isn't valid: %s", h.Name, result.Reason).WithDetails("%s", fingerprint))
	case knownhosts.Unknown:
		if c.auth.trusts(q.Name(), plain) {
			st.follow.knew(h, plain, result)
			return nil
		}
		switch h.Settings.StrictHostKeyChecking {
		case "yes":
			return refuse(domain.NewError(domain.CodeHostKeyUnknown,
				"Compare the fingerprint, then log in once with ssh -o StrictHostKeyChecking=ask "+h.Name+".",
				"the host key of %s isn't known, and StrictHostKeyChecking is yes; its fingerprint is %s", h.Name, fingerprint))
		case "no", "off", "accept-new":
			if st.follow != nil { // a check stores nothing
				st.follow.knew(h, plain, result)
				return nil
			}
			if err := c.trust(st.ctx, h, q, plain); err != nil {
				return refuse(domain.AsError(err))
			}
			c.o.Log.Info("new host key trusted", "host", h.Name, "fingerprint", fingerprint, "because", "StrictHostKeyChecking "+h.Settings.StrictHostKeyChecking)
			return nil
		}
		st.unknown = &unknownKey{query: q, key: plain}
		return st.unknown
	default:
		return refuse(c.changed(st, h, q, result, plain))
	}
}

// isLoopback is for connections made directly: of those through a jump host or a ProxyCommand nobody knows the end.
func isLoopback(remote net.Addr) bool {
	tcp, ok := remote.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// trust keeps key as the host's: in the first of the person's known_hosts files or, where that can't be written (often
// it is /dev/null), in memory until the client is closed. ssh, too, connects there with no more than a warning
// (add_host_to_hostfile in sshconnect.c); without any file ("none") it refuses. What has become a changed or revoked key
// meanwhile is refused.
func (c *Client) trust(ctx context.Context, h hop, q knownhosts.Query, key gossh.PublicKey) error {
	file := ""
	if len(h.Settings.UserKnownHostsFiles) > 0 {
		file = h.Settings.UserKnownHostsFiles[0]
	}
	err := knownhosts.Append(ctx, file, c.o.LockDir, q, key, h.Settings.HashKnownHosts)
	if file != "" && domain.CodeOf(err) == domain.CodeKnownHosts {
		c.auth.trust(q.Name(), key)
		c.o.Log.Warn("host key trusted until the app ends", "host", h.Name, "fingerprint", gossh.FingerprintSHA256(key), "because", err)
		if h.Settings.StrictHostKeyChecking == "ask" {
			tell(ctx, fmt.Sprintf("the host key of %s is trusted until the app ends: it can't be kept in %s", h.Name, file))
		}
		return nil
	}
	return err
}

func (c *Client) changed(st *attempt, h hop, q knownhosts.Query, r knownhosts.Result, key gossh.PublicKey) *domain.Error {
	p := c.keyPrompt(st, h, q, key)
	p.Kind = domain.PromptHostKeyChanged
	p.KnownAt = fmt.Sprintf("%s:%d", r.File, r.Line)
	p.RemoveCommand = removeCommand(r.File, q.Name())
	known := "another one"
	if r.KnownKey != nil {
		p.KnownFingerprint = gossh.FingerprintSHA256(r.KnownKey)
		known = p.KnownFingerprint
	}
	if shower, ok := st.prompter.(Shower); ok {
		shower.Show(st.ctx, p)
	}
	return domain.NewError(domain.CodeHostKeyChanged,
		"Ask who runs the machine. Only if the change is theirs: "+p.RemoveCommand,
		"the host key of %s has changed, somebody may be listening in: it is now %s %s, and was %s (%s)",
		h.Name, p.KeyType, p.Fingerprint, known, p.KnownAt)
}

func removeCommand(file, name string) string {
	return "ssh-keygen -f " + shellWord(file) + " -R " + shellWord(name)
}

func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (c *Client) keyPrompt(st *attempt, h hop, q knownhosts.Query, key gossh.PublicKey) domain.Prompt {
	p := domain.Prompt{
		Kind: domain.PromptHostKey, VMName: st.full.target().Name, Address: h.String(), IP: q.IP, Hops: st.way.hops(st.full),
		KeyType: keyTypeName(key), KeyBits: keyBits(key), Fingerprint: gossh.FingerprintSHA256(key), Attempt: 1, AskedAt: c.o.Now(),
		Reason: "StrictHostKeyChecking " + h.Settings.StrictHostKeyChecking,
	}
	if len(h.Settings.UserKnownHostsFiles) > 0 {
		p.KnownHostsFile = h.Settings.UserKnownHostsFiles[0]
	}
	return p
}

// keyTypeName is the kind of key as ssh-keygen -l has it.
func keyTypeName(key gossh.PublicKey) string {
	switch t := key.Type(); {
	case strings.HasPrefix(t, "sk-ssh-ed25519"):
		return "ED25519-SK"
	case strings.HasPrefix(t, "sk-ecdsa"):
		return "ECDSA-SK"
	case strings.Contains(t, "ed25519"):
		return "ED25519"
	case strings.Contains(t, "ecdsa"):
		return "ECDSA"
	case strings.Contains(t, "rsa"):
		return "RSA"
	default:
		return t
	}
}

// keyBits is the length of a key as ssh-keygen -l has it.
func keyBits(key gossh.PublicKey) int {
	if bits := rsaBits(key); bits > 0 {
		return bits
	}
	if k, ok := key.(gossh.CryptoPublicKey); ok {
		if e, ok := k.CryptoPublicKey().(*ecdsa.PublicKey); ok {
			return e.Curve.Params().BitSize
		}
	}
	return 256 // ed25519 has one length
}

// askTrust asks about an unknown key and stores it on "Trust". No connection stands meanwhile.
func (c *Client) askTrust(ctx context.Context, st *attempt, h hop, u *unknownKey) error {
	fingerprint := gossh.FingerprintSHA256(u.key)
	prompter := st.prompter
	if h.Settings.BatchMode {
		prompter = nobody{}
	}
	answer, err := prompter.Ask(ctx, c.keyPrompt(st, h, u.query, u.key))
	if errors.Is(err, context.Canceled) {
		return canceled(h)
	}
	if err != nil && domain.CodeOf(err) != domain.CodePromptNeeded {
		return err
	}
	if err != nil || !answer.Accept {
		words := "the host key of %s isn't known and wasn't trusted; its fingerprint is %s"
		if err != nil {
			words = "the host key of %s isn't known, and nobody is there to be asked; its fingerprint is %s"
		}
		return domain.NewError(domain.CodeHostKeyUnknown,
			"Compare the fingerprint with that of the machine, then log in once with ssh "+h.Name+" or trust it in the window.",
			words, h.Name, fingerprint)
	}
	return c.trust(ctx, h, u.query, u.key)
}

// hostKeyAlgorithms are those of the settings that x/crypto has, the types of known keys first.
func (c *Client) hostKeyAlgorithms(h hop) []string {
	supported := gossh.SupportedAlgorithms().HostKeys
	for _, a := range gossh.InsecureAlgorithms().HostKeys {
		// Only where the person's configuration names it: OpenSSH doesn't offer it by default either.
		if slices.Contains(h.Settings.HostKeyAlgorithms, a) {
			supported = append(supported, a)
		}
	}
	offered := common(h.Settings.HostKeyAlgorithms, supported)
	known := map[string]bool{}
	for _, t := range knownhosts.KnownKeyTypes(c.query(h, nil)) {
		for _, a := range algorithmsOf(t) {
			known[a] = true
		}
	}
	slices.SortStableFunc(offered, func(a, b string) int {
		switch {
		case known[a] == known[b]:
			return 0
		case known[a]:
			return -1
		default:
			return 1
		}
	})
	return offered
}

// algorithmsOf are the signature algorithms of a key type: an RSA key signs with SHA-2.
func algorithmsOf(keyType string) []string {
	switch keyType {
	case gossh.KeyAlgoRSA:
		return []string{gossh.KeyAlgoRSASHA512, gossh.KeyAlgoRSASHA256, gossh.KeyAlgoRSA}
	case gossh.CertAlgoRSAv01:
		return []string{gossh.CertAlgoRSASHA512v01, gossh.CertAlgoRSASHA256v01, gossh.CertAlgoRSAv01}
	default:
		return []string{keyType}
	}
}

// common keeps of wanted, in its order, what is supported. An empty wish is everything supported.
func common(wanted, supported []string) []string {
	if len(wanted) == 0 {
		return slices.Clone(supported)
	}
	var both []string
	for _, w := range wanted {
		if slices.Contains(supported, w) {
			both = append(both, w)
		}
	}
	return both
}
