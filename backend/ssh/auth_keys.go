package ssh

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"slices"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// offer is a key whose turn will come. open gives its signer; for a key that says nothing of itself before it is open it
// asks for the passphrase.
type offer struct {
	open func() (gossh.Signer, error)
}

// nextKey is publickey with the next key, nil when there is none left.
func (st *attempt) nextKey() gossh.AuthMethod {
	if !st.collected {
		st.collected = true
		st.keys = st.collectKeys()
		st.waiting = st.keys
	}
	if len(st.waiting) == 0 {
		return nil
	}
	key := st.waiting[0]
	st.waiting = st.waiting[1:]
	return gossh.PublicKeysCallback(func() ([]gossh.Signer, error) {
		signer, err := key.open()
		if err != nil {
			return nil, err
		}
		st.mu.Lock()
		st.offered++
		st.mu.Unlock()
		return []gossh.Signer{signer}, nil
	})
}

// collectKeys are the keys in OpenSSH's order (pubkey_prepare in sshconnect2.c): those of CertificateFile; those of the
// configuration that the agent has, as the agent lists them; the agent's others; the key files. But for one thing: open
// files come before the agent's other keys, since with many keys in the agent and a low MaxAuthTries it is the
// configured one that must get its turn. Keys in memory are before all.
func (st *attempt) collectKeys() []offer {
	c, s := st.client, st.way.target().Settings
	var first, certified, inAgent, open, others, locked, blind []offer
	if c.o.Signers != nil {
		for _, signer := range c.o.Signers() {
			first = st.add(first, signer, "in memory")
		}
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
	link, agentKeys := st.connectAgent(s.IdentityAgent)
	held := func(key gossh.PublicKey) bool {
		return slices.ContainsFunc(agentKeys, func(k gossh.PublicKey) bool { return same(k, key) })
	}
	// signerOf is whatever can sign with key's private half: the agent before a file that is locked.
	signerOf := func(key gossh.PublicKey) (signer gossh.Signer, isLocked bool) {
		if held(key) {
			return link.signer(st, key), false
		}
		for _, id := range ids {
			if id.signer != nil && id.public != nil && same(id.public, key) {
				return id.signer, id.locked
			}
		}
		return nil, false
	}
	for _, path := range s.CertificateFiles {
		certified = st.addCertificate(certified, path, true, signerOf)
	}
	named := map[string]bool{}
	for _, id := range ids {
		switch {
		case id.public == nil:
			blind = append(blind, offer{func() (gossh.Signer, error) { return st.openBlind(id) }})
			continue
		case named[string(id.public.Marshal())]:
			continue
		}
		named[string(id.public.Marshal())] = true
		signer, isLocked := signerOf(id.public)
		where := &open
		if isLocked {
			where = &locked
		}
		switch {
		case held(id.public): // in the agent's order, below
		case signer != nil:
			*where = st.add(*where, signer, id.path)
		case id.useless != nil:
			st.keyProblem(id.useless)
		}
		// As in ssh, a certificate beside the key counts only where CertificateFile names none.
		if len(s.CertificateFiles) == 0 && signer != nil {
			*where = st.addCertificate(*where, id.path+"-cert.pub", false, signerOf)
		}
	}
	for _, key := range agentKeys {
		if named[string(key.Marshal())] {
			inAgent = st.add(inAgent, link.signer(st, key), "in the agent")
		} else if !s.IdentitiesOnly {
			others = st.add(others, link.signer(st, key), "in the agent")
		}
	}
	return slices.Concat(first, certified, inAgent, open, others, locked, blind)
}

// add puts signer at the end of list, unless the settings forbid its kind of key.
func (st *attempt) add(list []offer, signer gossh.Signer, where string) []offer {
	permitted, problem := st.permitted(st.follow.watch([]gossh.Signer{signer})[0], where)
	if problem != nil {
		st.keyProblem(problem)
		return list
	}
	return append(list, offer{func() (gossh.Signer, error) { return permitted, nil }})
}

// permitted is signer with those of its algorithms alone that PubkeyAcceptedAlgorithms names. Without such a list SHA-1
// is left out, as in ssh's own.
func (st *attempt) permitted(signer gossh.Signer, where string) (gossh.Signer, *domain.Error) {
	s := st.way.target().Settings
	key := signer.PublicKey()
	if bits := rsaBits(key); bits > 0 && bits < s.RequiredRSASize {
		return nil, unusable(where, "Make a longer one: ssh-keygen -t ed25519.", "it has %d bits and RequiredRSASize is %d", bits, s.RequiredRSASize)
	}
	algorithms := signingAlgorithms(key, s.PubkeyAcceptedAlgorithms)
	if len(algorithms) == 0 {
		return nil, unusable(where, "Look at PubkeyAcceptedAlgorithms in ssh_config, or use another kind of key: ssh-keygen -t ed25519.",
			"PubkeyAcceptedAlgorithms permits no %s", key.Type())
	}
	with, ok := signer.(gossh.AlgorithmSigner)
	if !ok {
		return signer, nil
	}
	only, err := gossh.NewSignerWithAlgorithms(with, algorithms)
	if err != nil {
		return nil, unusable(where, "Use another kind of key: ssh-keygen -t ed25519.", "its kind %s isn't known here", key.Type()).WithDetails("%v", err)
	}
	return only, nil
}

// signingAlgorithms are the signatures that a key may make: those whose name, for a certificate that of the certificate,
// is among accepted, in its order.
func signingAlgorithms(key gossh.PublicKey, accepted []string) []string {
	names := algorithmsOf(key.Type())
	signs := names
	if cert, ok := key.(*gossh.Certificate); ok {
		signs = algorithmsOf(cert.Key.Type())
	}
	var list []string
	if len(accepted) == 0 {
		return slices.DeleteFunc(slices.Clone(signs), func(name string) bool { return name == gossh.KeyAlgoRSA })
	}
	for _, a := range accepted {
		if i := slices.Index(names, a); i >= 0 {
			list = append(list, signs[i])
		}
	}
	return list
}

// addCertificate puts the certificate at path at the end of list, with the signer for the key in it. What the server
// will not like is offered all the same, as ssh does (its clock decides), and remembered as the likely reason. A file that
// is missing is a problem only where it was named.
func (st *attempt) addCertificate(list []offer, path string, named bool, signerOf func(gossh.PublicKey) (gossh.Signer, bool)) []offer {
	cert, problem := certificate(path, named)
	if problem != nil {
		st.keyProblem(problem)
	}
	if cert == nil {
		return list
	}
	signer, _ := signerOf(cert.Key)
	if signer == nil {
		if named {
			st.keyProblem(unusable(path, "Name its private key with IdentityFile, or add that to your agent.", "there is no private key for this certificate"))
		}
		return list
	}
	if words := certificateFault(cert, st.client.o.Now()); words != "" {
		st.keyProblem(unusable(path, "Get a new certificate from who issues them (ssh-keygen -L -f "+shellWord(path)+" shows this one).", "%s", words))
	}
	if cert.CertType != gossh.UserCert {
		return list
	}
	with, err := gossh.NewCertSigner(cert, signer)
	if err != nil {
		return list // the keys were compared: it can't happen
	}
	return st.add(list, with, path)
}

// certificateFault is why a server won't take cert at this time, "" if nothing is seen.
func certificateFault(cert *gossh.Certificate, now time.Time) string {
	const day = "2006-01-02 15:04"
	switch at := uint64(now.Unix()); {
	case cert.CertType != gossh.UserCert:
		return "the certificate is one for hosts, not for people"
	case cert.ValidBefore != gossh.CertTimeInfinity && at >= cert.ValidBefore:
		return fmt.Sprintf("the certificate expired on %s", time.Unix(int64(cert.ValidBefore), 0).Format(day))
	case at < cert.ValidAfter:
		return fmt.Sprintf("the certificate isn't valid before %s", time.Unix(int64(cert.ValidAfter), 0).Format(day))
	}
	return ""
}

// rsaBits is the length of an RSA key, also in a certificate, 0 for other kinds.
func rsaBits(key gossh.PublicKey) int {
	if k, ok := plainKey(key).(gossh.CryptoPublicKey); ok {
		if r, ok := k.CryptoPublicKey().(*rsa.PublicKey); ok {
			return r.N.BitLen()
		}
	}
	return 0
}

// plainKey is the key that a certificate is for, or key itself.
func plainKey(key gossh.PublicKey) gossh.PublicKey {
	if cert, ok := key.(*gossh.Certificate); ok {
		return cert.Key
	}
	return key
}

func same(a, b gossh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }
