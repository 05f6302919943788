package ssh

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// The network is read without delay until too much lies unread; then a read waits until it is less, and never for long.
func TestNetworkIsReadSlowlyPastALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAhead()
		held := func() time.Duration {
			began := time.Now()
			a.hold()
			return time.Since(began)
		}
		expect := func(what string, want time.Duration) {
			t.Helper()
			if took := held(); took != want {
				t.Errorf("%s: held for %s, want %s", what, took, want)
			}
		}
		a.came(aheadBytes)
		expect("at the limit", 0)
		a.came(1)
		expect("past it", aheadStep)
		expect("still past it", aheadStep)
		later := func(d time.Duration, n int, all bool) {
			go func() { time.Sleep(d); a.taken(n, all) }()
		}
		a.came(10)
		later(time.Millisecond, 5, false)
		later(3*time.Millisecond, 6, false)
		expect("until enough was read", 3*time.Millisecond)
		a.came(aheadBytes)
		later(2*time.Millisecond, 7, true)
		expect("until a reader had all", 2*time.Millisecond)
		a.came(aheadBytes)
		expect("after that", 0)
	})
}

// What a run can't store stays in the network, directly and through a jump host, and arrives whole when it can.
func TestFloodWaitsInTheNetwork(t *testing.T) {
	const size = 8 << 20
	srv := sshdtest.Start(t, sshdtest.Options{})
	home := sshdtest.NewHome(t)
	home.Ready("box", srv)
	home.Ready("behind", sshdtest.Start(t, sshdtest.Options{}), "ProxyJump box")
	for _, host := range []string{"box", "behind"} {
		t.Run(host, func(t *testing.T) {
			sink := &shut{open: make(chan struct{})}
			p, err := newClient(t, home).Start(within(t), alias(host), domain.Exec{RunID: runID(t), Script: fmt.Sprintf("head -c %d /dev/zero", size)}, sink)
			if err != nil {
				t.Fatal(err)
			}
			first := p.conn
			for first.base != nil {
				first = first.base
			}
			takenIn := func() int64 { _, total := first.w.sniffed(); return total }
			eventually(t, "the flood has begun", 10*time.Second, func() bool { return takenIn() > aheadBytes })
			began := time.Now()
			time.Sleep(4 * aheadStep) // SSH alone sends the window of two megabytes at once
			steps := int64(time.Since(began)/aheadStep) + 2
			if got, most := takenIn(), 2*aheadBytes+steps*2*readBuffer; got > most {
				t.Errorf("%d KB were taken in, at most %d were to be", got>>10, most>>10)
			}
			close(sink.open)
			if exit := p.Wait(); exit.Kind != domain.ExitStatus || exit.Code != 0 {
				t.Errorf("it ended with %+v", exit)
			}
			if got := len(sink.stdout()); got != size {
				t.Errorf("%d of %d bytes came", got, size)
			}
		})
	}
}

// shut is a sink that takes nothing until it is opened.
type shut struct {
	record
	open chan struct{}
}

func (s *shut) Write(stream domain.Stream, p []byte) error {
	<-s.open
	return s.record.Write(stream, p)
}
