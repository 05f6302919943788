package ssh

import (
	"fmt"
	"io"
	"net"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/knownhosts"
)

// follower watches a connection being made and keeps what each step found. The steps come strictly one after the other,
// so a step's time is that since the end of the one before. A nil follower watches nothing.
type follower struct {
	now func() time.Time

	mu    sync.Mutex
	last  time.Time // when the last step was done
	steps []domain.CheckStep
	used  []usedMethod // of the login that is being made
}

// usedMethod is a way to log in that was used; of publickey the key.
type usedMethod struct {
	name   string
	key    gossh.PublicKey
	signer gossh.Signer
}

// plan adds the steps to come for each machine on the way.
func (f *follower) plan(way route) {
	for i, h := range way {
		reach := []domain.StepKind{domain.StepLookUp, domain.StepTCP}
		switch {
		case i > 0:
			reach = []domain.StepKind{domain.StepForward}
		case h.Settings.ProxyCommand != "":
			reach = []domain.StepKind{domain.StepProxy}
		}
		for _, kind := range append(reach, domain.StepBanner, domain.StepHostKey, domain.StepLogin) {
			f.steps = append(f.steps, domain.CheckStep{Host: h.Name, Kind: kind})
		}
	}
	f.steps = append(f.steps, domain.CheckStep{Host: way.target().Name, Kind: domain.StepShell})
}

// done ends a step that went well, and those of its machine before it that had nothing to say. It does nothing if the
// step is done: addresses are tried several at a time, and a key exchange may come again.
func (f *follower) done(kind domain.StepKind, text string) {
	if f != nil {
		f.doneAt(kind, text, f.now())
	}
}

func (f *follower) doneAt(kind domain.StepKind, text string, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := f.due()
	if from < 0 {
		return
	}
	for to := from; to < len(f.steps) && f.steps[to].Host == f.steps[from].Host; to++ {
		if f.steps[to].Kind != kind {
			continue
		}
		for i := from; i <= to; i++ {
			f.steps[i].State = domain.StepOK
		}
		f.steps[to].Text = text
		f.clock(to, at)
		return
	}
}

// due is the first step that isn't done, or -1.
func (f *follower) due() int {
	return slices.IndexFunc(f.steps, func(s domain.CheckStep) bool { return s.State == "" })
}

func (f *follower) clock(step int, at time.Time) {
	f.steps[step].Micros = max(0, at.Sub(f.last).Microseconds())
	f.last = at
}

// finish says what became of the steps that aren't done: err, if there is one, is that of the first.
func (f *follower) finish(t domain.Target, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.steps) == 1 { // it isn't known how one would get there
		for _, kind := range []domain.StepKind{domain.StepLookUp, domain.StepTCP, domain.StepBanner, domain.StepHostKey, domain.StepLogin, domain.StepShell} {
			f.steps = append(f.steps, domain.CheckStep{Host: t.Destination(), Kind: kind})
		}
	}
	if i := f.due(); i >= 0 && err != nil {
		f.steps[i].State, f.steps[i].Error = domain.StepFailed, domain.AsError(err)
		f.clock(i, f.now())
	}
	for i := f.due(); i >= 0; i = f.due() {
		f.steps[i].State = domain.StepNotReached
	}
}

// trace hears of the look-up and of TCP from the dialer.
func (f *follower) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSDone: func(info httptrace.DNSDoneInfo) {
			if info.Err != nil {
				return
			}
			var found []string
			for _, a := range info.Addrs {
				found = append(found, a.String())
			}
			f.done(domain.StepLookUp, strings.Join(found, ", "))
		},
		ConnectStart: func(string, string) { f.done(domain.StepLookUp, "it is an address") },
	}
}

// reached is called with the byte stream to the last machine of way.
func (f *follower) reached(way route, stream net.Conn) {
	if f == nil {
		return
	}
	f.used = nil
	switch {
	case len(way) > 1:
		f.done(domain.StepForward, "through "+way[len(way)-2].Name)
	case way.target().Settings.ProxyCommand != "":
		f.done(domain.StepProxy, way.target().Settings.ProxyCommand)
	default:
		f.done(domain.StepTCP, stream.RemoteAddr().String())
	}
}

// spoke is called when the server has had its say, or should have had.
func (f *follower) spoke(w *watched) {
	if f == nil {
		return
	}
	head, _ := w.sniffed()
	if at := strings.Index("\n"+string(head), "\nSSH-"); at >= 0 {
		f.doneAt(domain.StepBanner, strings.ToValidUTF8(firstLine(string(head[at:])), "\ufffd"), w.firstHeard())
	}
}

// knew is called with what is known of a host key that doesn't keep anybody from going on.
func (f *follower) knew(h hop, key gossh.PublicKey, r knownhosts.Result) {
	if f == nil {
		return
	}
	text := keyTypeName(key) + " " + gossh.FingerprintSHA256(key)
	switch r.State {
	case knownhosts.Unknown:
		text += ", not known; StrictHostKeyChecking " + h.Settings.StrictHostKeyChecking + " will store it"
	case knownhosts.CertAuthority:
		text += fmt.Sprintf(", certified by the authority at %s:%d", r.File, r.Line)
	default:
		text += fmt.Sprintf(", known at %s:%d", r.File, r.Line)
	}
	f.done(domain.StepHostKey, text)
}

// use notes that the server was given an answer by a method. What counts is the last of each.
func (f *follower) use(m usedMethod) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used = append(slices.DeleteFunc(f.used, func(old usedMethod) bool { return old.name == m.name }), m)
}

// watch gives signers that tell when they were used.
func (f *follower) watch(signers []gossh.Signer) []gossh.Signer {
	if f == nil {
		return signers
	}
	watched := make([]gossh.Signer, len(signers))
	for i, s := range signers {
		switch s := s.(type) {
		case gossh.MultiAlgorithmSigner:
			watched[i] = followedMulti{followedSigner{s, f}, s}
		case gossh.AlgorithmSigner:
			watched[i] = followedSigner{s, f}
		default:
			watched[i] = s
		}
	}
	return watched
}

// followedSigner tells its follower of every signature.
type followedSigner struct {
	gossh.AlgorithmSigner
	f *follower
}

func (s followedSigner) Sign(rand io.Reader, data []byte) (*gossh.Signature, error) {
	return s.SignWithAlgorithm(rand, data, "")
}

func (s followedSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*gossh.Signature, error) {
	signature, err := s.AlgorithmSigner.SignWithAlgorithm(rand, data, algorithm)
	if err == nil {
		s.f.use(usedMethod{name: "publickey", key: s.PublicKey(), signer: s.AlgorithmSigner})
	}
	return signature, err
}

// followedMulti is a followedSigner that chooses its algorithms.
type followedMulti struct {
	followedSigner
	multi gossh.MultiAlgorithmSigner
}

func (s followedMulti) Algorithms() []string { return s.multi.Algorithms() }
