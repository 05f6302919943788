package ssh

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
)

// login connects and logs in at the last machine of way, through base (the connection to the machine before it, nil
// for the first). It asks about an unknown host key between two connections, never during one.
func (c *Client) login(ctx context.Context, way, full route, base *conn, prompter Prompter) (*gossh.Client, *watched, error) {
	h := way.target()
	delay := resetDelay
	trusted, resets := 0, 0
	for {
		st := &attempt{client: c, ctx: ctx, way: way, full: full, prompter: prompter}
		client, w, err := c.handshake(ctx, st, h, base)
		st.close()
		if err == nil {
			return client, w, nil
		}
		var reset *resetError
		switch {
		case st.unknown != nil && trusted < trustRounds:
			trusted++
			if err := c.askTrust(ctx, st, h, st.unknown); err != nil {
				return nil, nil, err
			}
		case errors.As(err, &reset) && resets < resetRetries:
			resets++
			// A random half keeps many runs from coming back together.
			pause := delay/2 + rand.N(delay/2)
			delay *= 2
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return nil, nil, canceled(h)
			}
		case errors.As(err, &reset):
			return nil, nil, reset.say
		default:
			return nil, nil, err
		}
	}
}

// errOtherKey ends a connection whose server shows another host key in its middle.
var errOtherKey = errors.New("the server shows another host key on a connection that stands")

// resetError is a connection that ended before the server's banner: sshd drops them so when too many log in at once.
type resetError struct{ say *domain.Error }

func (e *resetError) Error() string { return e.say.Error() }

func (c *Client) handshake(ctx context.Context, st *attempt, h hop, base *conn) (*gossh.Client, *watched, error) {
	raw, err := c.reach(ctx, h, st.way, base)
	if err != nil {
		return nil, nil, err
	}
	st.follow.reached(st.way, raw)
	w := watch(raw, c.o.Now)
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	limit := timeoutOf(h)
	w.begin("the key exchange", limit)
	st.pauser = w.pause
	conf := &gossh.ClientConfig{
		User:              h.Settings.User,
		AuthCallback:      st.next,
		HostKeyAlgorithms: c.hostKeyAlgorithms(h),
		HostKeyCallback: func(_ string, remote net.Addr, key gossh.PublicKey) error {
			if st.hostKey != nil { // keys are exchanged anew on a connection that stands
				if same(st.hostKey, key) {
					return nil
				}
				return errOtherKey
			}
			st.follow.spoke(w)
			if err := c.verify(st, h, remote, key); err != nil {
				return err
			}
			st.hostKey = key
			w.begin("the login", c.limits.auth)
			return nil
		},
		BannerCallback: func(string) error { return nil },
	}
	conf.Ciphers, conf.KeyExchanges, conf.MACs = algorithms(h)
	if len(conf.HostKeyAlgorithms) == 0 {
		w.end()
		raw.Close()
		return nil, nil, domain.NewError(domain.CodeUnsupported, "Look at HostKeyAlgorithms in ssh_config.",
			"the settings for %s allow only types of host key that this app doesn't know", h.Name)
	}
	sc, chans, reqs, err := gossh.NewClientConn(w, h.addr(), conf)
	w.end()
	if err != nil {
		raw.Close()
		st.follow.spoke(w)
		said := handshakeError(h, w, st, err)
		head, received := w.sniffed()
		dropped := received == 0 && w.proxy() == nil || tooManyLogins(head)
		if dropped && w.expired() == "" && isCut(err) && ctx.Err() == nil {
			return nil, nil, &resetError{said}
		}
		return nil, nil, said
	}
	if !stop() {
		sc.Close()
		return nil, nil, canceled(h)
	}
	return gossh.NewClient(sc, chans, reqs), w, nil
}

func timeoutOf(h hop) time.Duration {
	if t := h.Settings.ConnectTimeout; t > 0 {
		return t
	}
	return defaultConnectTimeout
}

// reach makes the byte stream to h: through the machine before it, a ProxyCommand, or TCP.
func (c *Client) reach(ctx context.Context, h hop, way route, base *conn) (net.Conn, error) {
	limit := timeoutOf(h)
	dctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if base != nil {
		stream, err := base.client.DialContext(dctx, "tcp", h.addr())
		if err != nil {
			if ctx.Err() != nil {
				return nil, canceled(h)
			}
			return nil, forwardError(way[len(way)-2], h, err)
		}
		return tunnel{stream, base.w.ahead}, nil
	}
	if command := h.Settings.ProxyCommand; command != "" {
		return c.startProxy(h, command)
	}
	network := "tcp"
	switch h.Settings.AddressFamily {
	case "inet":
		network = "tcp4"
	case "inet6":
		network = "tcp6"
	}
	d := net.Dialer{Timeout: limit}
	if bind := h.Settings.BindAddress; bind != "" {
		at, err := net.ResolveTCPAddr(network, net.JoinHostPort(bind, "0"))
		if err != nil {
			return nil, domain.NewError(domain.CodeConfigInvalid, "Look at BindAddress in ssh_config.", "%q can't be bound to", bind).WithCause(err)
		}
		d.LocalAddr = at
	}
	stream, err := d.DialContext(dctx, network, net.JoinHostPort(h.Settings.HostName, strconv.Itoa(h.Settings.Port)))
	if err != nil {
		if ctx.Err() != nil {
			return nil, canceled(h)
		}
		if errors.Is(err, syscall.ECONNRESET) {
			// A server that drops it at once may be faster than the connect's own return.
			return nil, &resetError{droppedError(h, err)}
		}
		return nil, dialError(h, err, limit)
	}
	return stream, nil
}

// algorithms are those of the settings that x/crypto has. AES-GCM comes first whatever the order there: with the
// processor's instructions it costs a fraction of the others, and the server chooses from both lists anyway.
func algorithms(h hop) (ciphers, exchanges, macs []string) {
	have, weak := gossh.SupportedAlgorithms(), gossh.InsecureAlgorithms()
	all := func(wanted, supported, insecure []string) []string {
		if len(wanted) == 0 {
			return supported
		}
		return common(wanted, append(supported, insecure...))
	}
	ciphers = all(h.Settings.Ciphers, have.Ciphers, weak.Ciphers)
	exchanges = all(h.Settings.KexAlgorithms, have.KeyExchanges, weak.KeyExchanges)
	macs = all(h.Settings.MACs, have.MACs, weak.MACs)
	var gcm, rest []string
	for _, name := range ciphers {
		if name == gossh.CipherAES128GCM || name == gossh.CipherAES256GCM {
			gcm = append(gcm, name)
		} else {
			rest = append(rest, name)
		}
	}
	return append(gcm, rest...), exchanges, macs
}
