package ssh

import (
	"context"
	"encoding/json"
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
	Name     string // as written: an alias or a host
	Settings config.Settings
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
	text, err := json.Marshal(r)
	if err != nil {
		// Settings are strings, numbers and lists of them: Marshal can't refuse them.
		panic(err)
	}
	return string(text)
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

type cachedSettings struct {
	settings config.Settings
	until    time.Time
}

type settingsCache struct {
	mu    sync.Mutex
	found map[domain.Target]cachedSettings
}

// settings are those in force for t, as the resolver says, at most settingsFor old.
func (c *Client) settings(ctx context.Context, t domain.Target) (config.Settings, error) {
	now := c.o.Now()
	c.cache.mu.Lock()
	known, ok := c.cache.found[t]
	c.cache.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.settings, nil
	}
	s, err := c.o.Resolver.Resolve(ctx, t)
	if err != nil {
		return config.Settings{}, err
	}
	if s.HostName == "" {
		s.HostName = t.Destination()
	}
	if s.Port == 0 {
		s.Port = 22
	}
	c.cache.mu.Lock()
	defer c.cache.mu.Unlock()
	for old, entry := range c.cache.found {
		if now.After(entry.until) {
			delete(c.cache.found, old)
		}
	}
	c.cache.found[t] = cachedSettings{s, now.Add(settingsFor)}
	return s, nil
}

// routeTo is the way to t. As with OpenSSH, each hop has its own settings, and of a list of jump hosts only the first
// may be reached through a jump of its own.
func (c *Client) routeTo(ctx context.Context, t domain.Target) (route, error) {
	return c.extend(ctx, t, nil)
}

func (c *Client) extend(ctx context.Context, t domain.Target, behind []string) (route, error) {
	s, err := c.settings(ctx, t)
	if err != nil {
		return nil, err
	}
	here := hop{Name: t.Destination(), Settings: s}
	id := s.User + "@" + here.addr()
	for _, before := range behind {
		if before == id {
			return nil, domain.NewError(domain.CodeJumpLoop, "Look at the ProxyJump lines of "+here.Name+" in ssh_config.",
				"the jump hosts go round in a circle: %s is reached through itself", here.Name)
		}
	}
	behind = append(behind, id)
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
		js, err := c.settings(ctx, jump)
		if err != nil {
			return nil, err
		}
		js.ProxyJump, js.ProxyCommand = nil, ""
		way = append(way, hop{Name: jump.Destination(), Settings: js})
	}
	way = append(way, here)
	if len(way) > maxHops+1 {
		return nil, tooManyHops(behind)
	}
	return way, nil
}

func tooManyHops(behind []string) *domain.Error {
	return domain.NewError(domain.CodeJumpLoop, "Look at the ProxyJump lines in ssh_config.",
		"the way has more than %d jump hosts", maxHops).WithDetails("%s", strings.Join(behind, " <- "))
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
