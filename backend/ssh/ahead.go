package ssh

import (
	"net"
	"sync/atomic"
	"time"
)

// ahead is how much a connection has taken in that nobody has read yet. SSH lets a server send two megabytes of each run
// before it is told to wait, so fifty floods at once would lie here with a hundred megabytes, and the garbage of twice
// as much. Past aheadBytes the network is read slowly instead: what stays there costs this computer nothing.
//
// It is put off and never refused: other channels of the connection want to be read, too, an answer to Stop above all.
// It is an estimate, since what SSH itself says is counted with the rest. A reader that has read all sets it to nothing,
// also where another run of the connection is behind: too little is put off then, as without this, and never too much.
type ahead struct {
	bytes atomic.Int64
	less  chan struct{} // holds a token when it got less; one goroutine reads from the network and waits for it
}

func newAhead() *ahead { return &ahead{less: make(chan struct{}, 1)} }

// came counts what was taken in.
func (a *ahead) came(n int) { a.bytes.Add(int64(n)) }

// taken counts what a reader has read; all says that nothing more is there for it.
func (a *ahead) taken(n int, all bool) {
	if all {
		a.bytes.Store(0)
	} else {
		a.bytes.Add(int64(-n))
	}
	select {
	case a.less <- struct{}{}:
	default:
	}
}

// hold is called before the network is read. It returns when not too much lies here, and after aheadStep in any case.
func (a *ahead) hold() {
	if a.bytes.Load() <= aheadBytes {
		return
	}
	timer := time.NewTimer(aheadStep)
	defer timer.Stop()
	for a.bytes.Load() > aheadBytes {
		select {
		case <-a.less:
		case <-timer.C:
			return
		}
	}
}

// tunnel is the stream to the next machine through a jump host, read from the connection to that.
type tunnel struct {
	net.Conn
	through *ahead
}

func (t tunnel) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.through.taken(n, n < len(p))
	return n, err
}
