package ssh

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"vmorchestrator/backend/domain"
)

// Reach looks whether an SSH server answers at t: a TCP connection and its banner, nothing more. It never logs in, asks
// nothing, sends nothing and writes nothing. What is behind a jump host or a ProxyCommand is ReachIndirect and isn't
// looked at: that would take a login on the way, or start a program. At most reachAtOnce looks go on at a time, each no
// longer than reachWithin.
//
// sshd 9.8 and later holds a look that doesn't log in against this computer's address for a second
// (PerSourcePenalties, noauth), and refuses at 15: looks some minutes apart are far below that.
func (c *Client) Reach(ctx context.Context, t domain.Target) domain.Reach {
	select {
	case c.looks <- struct{}{}:
		defer func() { <-c.looks }()
	case <-ctx.Done():
		return unreachable(canceled(hop{Name: t.Destination()}))
	}
	ctx, stop := context.WithTimeout(ctx, c.limits.reach)
	defer stop()
	defer context.AfterFunc(c.ctx, stop)()
	way, err := c.routeTo(ctx, t)
	if err != nil {
		return unreachable(err)
	}
	h := way.target()
	switch {
	case len(way) > 1:
		return domain.Reach{State: domain.ReachIndirect, Via: way[len(way)-2].Name}
	case h.Settings.ProxyCommand != "":
		return domain.Reach{State: domain.ReachIndirect, Via: "a ProxyCommand"}
	}
	begin := c.o.Now()
	stream, err := c.reach(ctx, h, way, nil)
	if err != nil {
		return unreachable(c.late(ctx, h, err))
	}
	defer stream.Close()
	banner, err := readBanner(ctx, stream)
	if err != nil {
		return unreachable(c.late(ctx, h, err))
	}
	if banner == "" {
		return unreachable(domain.NewError(domain.CodeNotSSH, "Check the port: SSH servers usually listen on 22.",
			"what answers at %s isn't an SSH server", h.addr()))
	}
	return domain.Reach{State: domain.ReachYes, Millis: max(1, c.o.Now().Sub(begin).Milliseconds()), Server: banner}
}

func unreachable(err error) domain.Reach {
	return domain.Reach{State: domain.ReachNo, Error: domain.AsError(err)}
}

// late puts a failed look into words: the limit is this look's own, not that of a run.
func (c *Client) late(ctx context.Context, h hop, err error) error {
	switch reset := (*resetError)(nil); {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return domain.NewError(domain.CodeConnectTimeout, "Check that the machine is on and that no firewall is in between.",
			"%s didn't answer within %s", h.addr(), c.limits.reach)
	case isCut(err) || errors.As(err, &reset):
		return droppedError(h, err)
	}
	return err
}

// readBanner gives the line of RFC 4253, 4.2, before which a server may say others; "" for what isn't SSH.
func readBanner(ctx context.Context, stream net.Conn) (string, error) {
	defer context.AfterFunc(ctx, func() { stream.Close() })()
	r := bufio.NewReader(io.LimitReader(stream, maxSniff))
	for said := false; ; said = true {
		line, err := r.ReadString('\n')
		if strings.HasPrefix(line, "SSH-") {
			return strings.ToValidUTF8(strings.TrimSpace(line), "\ufffd"), nil
		}
		switch {
		case err != nil && (said || line != ""):
			return "", nil // it speaks, and not SSH
		case err != nil:
			return "", err
		}
	}
}
