package ssh

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
)

// fixed resolves each alias to settings of its own.
type fixed map[string]config.Settings

func (f fixed) Resolve(_ context.Context, t domain.Target) (config.Settings, error) {
	s := f[t.Destination()]
	if s.HostName == "" {
		s.HostName, s.Port = t.Host, t.Port
	}
	return s, nil
}

// serve listens on loopback, says text to whoever comes, and keeps what it is told.
func serve(t *testing.T, text string) (port int, heard func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got strings.Builder
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				_, _ = io.WriteString(c, text)
				b, _ := io.ReadAll(c)
				mu.Lock()
				got.Write(b)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().(*net.TCPAddr).Port, func() string { mu.Lock(); defer mu.Unlock(); return got.String() }
}

// A look is a connection and a banner: nothing is sent, nobody is asked, and what is behind another machine isn't touched.
func TestReach(t *testing.T) {
	good, heard := serve(t, "welcome\r\nSSH-2.0-test\r\n")
	web, _ := serve(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
	silent, _ := serve(t, "")
	at := func(port int) config.Settings { return config.Settings{HostName: "127.0.0.1", Port: port} }
	hosts := fixed{
		"good": at(good), "silent": at(silent), "closed": at(1), "nowhere": {HostName: "no-such-host.invalid", Port: 22}, "web": at(web),
		"behind": {HostName: "10.0.0.1", Port: 22, ProxyJump: []string{"bastion"}}, "bastion": at(good),
		"proxied": {HostName: "10.0.0.1", Port: 22, ProxyCommand: "touch " + t.TempDir() + "/ran"},
	}
	c := New(Options{Resolver: hosts, Prompter: &script{}, Home: t.TempDir(), LockDir: t.TempDir()})
	defer c.Close()
	c.limits.reach = 300 * time.Millisecond
	look := func(name string) domain.Reach { return c.Reach(within(t), domain.Target{Alias: name}) }

	if r := look("good"); r.State != domain.ReachYes || r.Millis < 1 || r.Server != "SSH-2.0-test" || r.Error != nil {
		t.Errorf("good: %+v", r)
	}
	eventually(t, "the look is over", 5*time.Second, func() bool { return len(c.looks) == 0 })
	if heard() != "" {
		t.Errorf("sent %q", heard())
	}
	for name, via := range map[string]string{"behind": "bastion", "proxied": "a ProxyCommand"} {
		if r := look(name); r.State != domain.ReachIndirect || r.Via != via {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if left, _ := os.ReadDir(strings.TrimSuffix(strings.TrimPrefix(hosts["proxied"].ProxyCommand, "touch "), "/ran")); len(left) > 0 {
		t.Error("the ProxyCommand was run")
	}
	for name, code := range map[string]domain.Code{
		"closed": domain.CodeRefused, "silent": domain.CodeConnectTimeout, "nowhere": domain.CodeResolve, "web": domain.CodeNotSSH,
	} {
		if r := look(name); r.State != domain.ReachNo || r.Error == nil || r.Error.Code != code || r.Error.Hint == "" {
			t.Errorf("%s: %+v %v", name, r, r.Error)
		}
	}
	if c.Connections() != 0 {
		t.Errorf("%d connections are kept", c.Connections())
	}
}

// However many VMs there are, so many looks go on at once, and giving up ends those that wait.
func TestReachIsBounded(t *testing.T) {
	silent, _ := serve(t, "")
	c := New(Options{Resolver: fixed{}, Prompter: &script{}, Home: t.TempDir(), LockDir: t.TempDir()})
	defer c.Close()
	c.limits.reach = time.Minute
	ctx, giveUp := context.WithCancel(within(t))
	var wg sync.WaitGroup
	for range reachAtOnce + 10 {
		wg.Go(func() {
			if r := c.Reach(ctx, domain.Target{Host: "127.0.0.1", Port: silent}); r.State != domain.ReachNo {
				t.Errorf("%+v", r)
			}
		})
	}
	eventually(t, "all places are taken", 5*time.Second, func() bool { return len(c.looks) == reachAtOnce })
	giveUp()
	wg.Wait()
}
