package ssh

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// watched is a connection under construction and in use: it knows its first bytes, when the last one came, and closes
// itself when a phase takes too long. Deadlines of net.Conn won't do: a channel through a jump host has none.
type watched struct {
	net.Conn
	now   func() time.Time
	last  atomic.Int64 // UnixNano of the last received byte
	quick func()
	ahead *ahead

	mu     sync.Mutex
	head   []byte
	total  int64
	first  time.Time // when the first byte came
	timer  *time.Timer
	phase  string
	fired  string
	limit  time.Duration
	paused int
	cut    error // of the first read that failed
}

func watch(c net.Conn, now func() time.Time) *watched {
	w := &watched{Conn: c, now: now, quick: quickACK(c), ahead: newAhead()}
	w.last.Store(now().UnixNano())
	return w
}

func (w *watched) Read(p []byte) (int, error) {
	w.ahead.hold()
	n, err := w.Conn.Read(p)
	w.ahead.came(n)
	if err != nil {
		w.mu.Lock()
		if w.cut == nil {
			w.cut = err
		}
		w.mu.Unlock()
	}
	if n > 0 {
		w.last.Store(w.now().UnixNano())
		if w.quick != nil && n < readBuffer/8 {
			w.quick()
		}
		w.mu.Lock()
		if w.total == 0 {
			w.first = w.now()
		}
		w.total += int64(n)
		if room := maxSniff - len(w.head); room > 0 {
			w.head = append(w.head, p[:min(n, room)]...)
		}
		w.mu.Unlock()
	}
	return n, err
}

func (w *watched) sniffed() ([]byte, int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.head, w.total
}

// firstHeard is when the first byte came; zero if none has.
func (w *watched) firstHeard() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

// brokeOff reports whether the other side ended the stream, as opposed to a disconnect message or an end from here.
func (w *watched) brokeOff() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut != nil && !errors.Is(w.cut, net.ErrClosed) && isCut(w.cut)
}

// lastHeard is when the last byte came.
func (w *watched) lastHeard() time.Time { return time.Unix(0, w.last.Load()) }

// begin gives the next phase its time; the connection is closed when it runs out. No phase is "".
func (w *watched) begin(phase string, limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase, w.limit = phase, limit
	w.arm()
}

func (w *watched) arm() {
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	if w.phase == "" || w.paused > 0 {
		return
	}
	phase := w.phase
	w.timer = time.AfterFunc(w.limit, func() {
		w.mu.Lock()
		if w.phase != phase || w.paused > 0 {
			w.mu.Unlock()
			return
		}
		w.fired = phase
		w.mu.Unlock()
		w.Conn.Close()
	})
}

// end is the end of the last phase.
func (w *watched) end() { w.begin("", 0) }

// pause stops the clock while a person is asked; the returned function starts it anew.
func (w *watched) pause() (resume func()) {
	w.mu.Lock()
	w.paused++
	w.arm()
	w.mu.Unlock()
	return func() {
		w.mu.Lock()
		w.paused--
		w.arm()
		w.mu.Unlock()
	}
}

// expired is the phase whose time ran out, or "".
func (w *watched) expired() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fired
}

// proxy is the ProxyCommand that the connection is, or nil.
func (w *watched) proxy() *proxyConn {
	p, _ := w.Conn.(*proxyConn)
	return p
}
