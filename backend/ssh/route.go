package ssh

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
)

// hop is one machine on the way, the target being the last.
type hop struct {
	Name     string          // as written: an alias or a host
	Settings config.Settings // without Raw, which nobody needs any more and which is big
	digest   [sha256.Size]byte
}

// newHop is a hop with the digest of its name and all its settings.
func newHop(name string, s config.Settings) (hop, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return hop{}, fmt.Errorf("settings of %q: %w", name, err)
	}
	h := hop{Name: name, Settings: s, digest: sha256.Sum256(append([]byte(name+"\x00"), text...))}
	h.Settings.Raw = nil
	return h, nil
}

// direct is the hop as a later one of a list of jump hosts: what its own settings say of a way to it doesn't count.
func (h hop) direct() hop {
	h.Settings.ProxyJump, h.Settings.ProxyCommand = nil, ""
	h.digest = sha256.Sum256(append([]byte("direct\x00"), h.digest[:]...))
	return h
}

func (h hop) addr() string {
	return net.JoinHostPort(h.Settings.HostName, strconv.Itoa(h.Settings.Port))
}

func (h hop) String() string {
	return domain.Address(h.Settings.User, h.Settings.HostName, h.Settings.Port)
}

// route is the way to a target: jump hosts in order, then the target. Never empty.
type route []hop

// key tells routes apart: all effective settings of every hop.
func (r route) key() string {
	var key strings.Builder
	for _, h := range r {
		key.Write(h.digest[:])
	}
	return key.String()
}

func (r route) target() hop { return r[len(r)-1] }

// hops are the steps to the route's last machine as a prompt shows them; full is the whole way, of which the route is
// the beginning.
func (r route) hops(full route) []domain.Hop {
	hops := make([]domain.Hop, len(full))
	for i, h := range full {
		state := "next"
		switch {
		case i < len(r)-1:
			state = "known"
		case i == len(r)-1:
			state = "this"
		}
		hops[i] = domain.Hop{Name: h.Name, State: state}
	}
	return hops
}

type cachedHop struct {
	hop   hop
	until time.Time
}

type settingsCache struct {
	mu    sync.Mutex
	found map[domain.Target]cachedHop
}

// hop is t with the settings in force for it, as the resolver says, at most settingsFor old.
func (c *Client) hop(ctx context.Context, t domain.Target) (hop, error) {
	now := c.o.Now()
	c.cache.mu.Lock()
	known, ok := c.cache.found[t]
	c.cache.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.hop, nil
	}
	s, err := c.o.Resolver.Resolve(ctx, t)
	if err != nil {
		return hop{}, err
	}
	if s.HostName == "" {
		s.HostName = t.Destination()
	}
	if s.Port == 0 {
		s.Port = 22
	}
	h, err := newHop(t.Destination(), s)
	if err != nil {
		return hop{}, err
	}
	c.cache.mu.Lock()
	defer c.cache.mu.Unlock()
	for old, entry := range c.cache.found {
		if now.After(entry.until) {
			delete(c.cache.found, old)
		}
	}
	c.cache.found[t] = cachedHop{h, now.Add(settingsFor)}
	return h, nil
}

// routeTo is the way to t. As with OpenSSH, each hop has its own settings, and of a list of jump hosts only the first
// may be reached through a jump of its own.
func (c *Client) routeTo(ctx context.Context, t domain.Target) (route, error) {
	return c.extend(ctx, t, nil)
}

func (c *Client) extend(ctx context.Context, t domain.Target, behind []domain.Target) (route, error) {
	here, err := c.hop(ctx, t)
	if err != nil {
		return nil, err
	}
	s := here.Settings
	// Addresses don't tell machines apart: behind a jump host the same one, say localhost, is another machine.
	for _, before := range behind {
		if before == t {
			return nil, domain.NewError(domain.CodeJumpLoop, "Look at the ProxyJump lines of "+here.Name+" in ssh_config.",
				"the jump hosts go round in a circle: %s is reached through itself", here.Name)
		}
	}
	behind = append(behind, t)
	if len(behind) > maxHops+1 {
		return nil, tooManyHops(behind)
	}
	if len(s.ProxyJump) == 0 {
		return route{here}, nil
	}
	var way route
	for i, written := range s.ProxyJump {
		jump, err := parseJump(written)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if way, err = c.extend(ctx, jump, behind); err != nil {
				return nil, err
			}
			continue
		}
		next, err := c.hop(ctx, jump)
		if err != nil {
			return nil, err
		}
		way = append(way, next.direct())
	}
	way = append(way, here)
	if len(way) > maxHops+1 {
		return nil, tooManyHops(behind)
	}
	return way, nil
}

func tooManyHops(behind []domain.Target) *domain.Error {
	names := make([]string, len(behind))
	for i, t := range behind {
		names[i] = t.Destination()
	}
	return domain.NewError(domain.CodeJumpLoop, "Look at the ProxyJump lines in ssh_config.",
		"the way has more than %d jump hosts", maxHops).WithDetails("%s", strings.Join(names, " <- "))
}

// parseJump reads one hop of ProxyJump: [user@]host[:port] or ssh://[user@]host[:port].
func parseJump(written string) (domain.Target, error) {
	text := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(written), "ssh://"), "/")
	t := domain.Target{Kind: domain.TargetSSH}
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		t.User, text = text[:at], text[at+1:]
	}
	if host, port, err := net.SplitHostPort(text); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return t, badJump(written)
		}
		t.Port, text = n, host
	} else {
		text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	}
	if text == "" || strings.HasPrefix(text, "-") {
		return t, badJump(written)
	}
	t.Alias = text
	return t, nil
}

func badJump(written string) *domain.Error {
	return domain.NewError(domain.CodeConfigInvalid, "Write it as user@host:port in ssh_config.", "%q can't be a jump host", written)
}
