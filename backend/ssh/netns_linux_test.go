package ssh

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// cable is a network of its own for a test: this computer at one end of a cable, a namespace with an sshd at the other.
type cable struct {
	t         *testing.T
	ns        string
	near, far string // the ends, interfaces
	nearIP    string
	farIP     string
}

var cables atomic.Int32

// newCable lays a cable and takes it away at the test's end. Only root can.
func newCable(t *testing.T) *cable {
	t.Helper()
	n := int(cables.Add(1))
	name := fmt.Sprintf("vmo%d%c", os.Getpid()%1_000_000, 'a'+n)
	lan := fmt.Sprintf("10.213.%d.", (os.Getpid()+n)%250)
	k := &cable{t: t, ns: name, near: name + "n", far: name + "f", nearIP: lan + "1", farIP: lan + "2"}
	t.Cleanup(func() {
		for _, command := range []string{"ip route del unreachable " + lan + "0/30 metric 9999", "ip link del " + k.near, "ip netns del " + k.ns} {
			words := strings.Fields(command)
			if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%s: %v, %s", command, err, out)
			}
		}
	})
	k.do("ip netns add " + k.ns)
	// Without the cable there is no way, whatever other networks this computer has.
	k.do("ip route add unreachable " + lan + "0/30 metric 9999")
	k.do("ip link add " + k.near + " type veth peer name " + k.far + " netns " + k.ns)
	k.do("ip addr add " + k.nearIP + "/30 dev " + k.near)
	k.do("ip link set " + k.near + " up")
	k.do("ip -n " + k.ns + " addr add " + k.farIP + "/30 dev " + k.far)
	k.do("ip -n " + k.ns + " link set " + k.far + " up")
	return k
}

func (k *cable) do(command string) {
	k.t.Helper()
	words := strings.Fields(command)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		k.t.Fatalf("%s: %v, %s", command, err, out)
	}
}

// A real network that fails while a command prints: the run is lost in time, its processes end by their lease, and when
// the network is back so is the pool.
func TestNetworkFails(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	for name, tc := range map[string]struct {
		down, up func(k *cable)
		dial     domain.Code // of a connect meanwhile
	}{
		"link down": {
			func(k *cable) { k.do("ip link set " + k.near + " down") },
			func(k *cable) { k.do("ip link set " + k.near + " up") }, domain.CodeUnreachable,
		},
		"link down at the other end": {
			func(k *cable) { k.do("ip -n " + k.ns + " link set " + k.far + " down") },
			func(k *cable) { k.do("ip -n " + k.ns + " link set " + k.far + " up") }, domain.CodeUnreachable,
		},
		"black hole": {
			func(k *cable) { k.do("ip -n " + k.ns + " route add blackhole " + k.nearIP + "/32") },
			func(k *cable) { k.do("ip -n " + k.ns + " route del blackhole " + k.nearIP + "/32") }, domain.CodeConnectTimeout,
		},
		"one byte a second": {
			func(k *cable) {
				k.do("tc -n " + k.ns + " qdisc add dev " + k.far + " root tbf rate 8bit burst 1600 limit 4000")
			},
			func(k *cable) { k.do("tc -n " + k.ns + " qdisc del dev " + k.far + " root") }, domain.CodeConnectTimeout,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newCable(t)
			srv := sshdtest.Start(t, sshdtest.Options{Under: []string{"ip", "netns", "exec", k.ns}, Host: k.farIP})
			home := sshdtest.NewHome(t)
			// 5 s: where nobody answers for the address, the kernel says so only after it asked three times, a second each.
			home.Ready("box", srv, "ConnectTimeout 5", "ServerAliveInterval 1", "ServerAliveCountMax 3")
			c := newClient(t, home, func(o *Options) { o.Lease = 3 * time.Second })
			sink := &record{}
			id := runID(t)
			p, err := c.Start(within(t), alias("box"), domain.Exec{RunID: id, Script: "while :; do echo 0123456789012345678901234567890123456789; sleep 0.01; done"}, sink)
			if err != nil {
				t.Fatal(err)
			}
			kept(t, p)
			eventually(t, "output comes", 5*time.Second, func() bool { return len(sink.stdout()) > 1000 })
			tc.down(k)
			began := time.Now()
			exit := p.Wait()
			if took := time.Since(began); took > 12*time.Second {
				t.Errorf("the run was lost after %v", took)
			}
			if exit.Kind != domain.ExitUnknown || domain.CodeOf(exit.Err) != domain.CodeLost {
				t.Errorf("exit %+v", exit)
			}
			t.Logf("lost after %v", time.Since(began).Round(100*time.Millisecond))
			began = time.Now()
			err = login(t, c)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("connecting over it took %v", took)
			}
			want(t, err, tc.dial)
			nothingLeft(t, id, p.Remote().PID, 20*time.Second)
			tc.up(k)
			eventually(t, "the pool has recovered", 10*time.Second, func() bool { return login(t, c) == nil })
		})
	}
}

// The name has an IPv6 address that swallows everything and an IPv4 address that answers: the second is tried before
// the first has used up the time. The names are those of a mount namespace with an /etc/hosts of its own, so the test
// starts itself again in one.
func TestDeadIPv6First(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	if os.Getenv("VMO_TEST_HOSTS") == "" {
		hosts := t.TempDir() + "/hosts"
		if err := os.WriteFile(hosts, []byte("::1 two-ways\n127.0.0.1 two-ways localhost\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		again := exec.Command("unshare", "-m", "sh", "-c", `mount --bind "$VMO_TEST_HOSTS" /etc/hosts && exec "$0" "$@"`,
			os.Args[0], "-test.run", "^TestDeadIPv6First$", "-test.v")
		again.Env = append(os.Environ(), "VMO_TEST_HOSTS="+hosts)
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	srv := sshdtest.NewFaultServer(t)
	silent, err := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", srv.Port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	fill(t, silent)
	if c, err := net.DialTimeout("tcp6", silent.Addr().String(), 200*time.Millisecond); err == nil {
		c.Close()
		t.Fatal("the IPv6 address answers: this test proves nothing")
	}
	named := &sshdtest.Server{Host: "two-ways", Port: srv.Port, User: srv.User, HostKeys: srv.HostKeys}
	home := sshdtest.NewHome(t)
	home.Host("box", named, "ConnectTimeout 4")
	home.Trust(named)
	began := time.Now()
	works(t, newClient(t, home))
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}
