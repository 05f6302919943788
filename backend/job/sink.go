package job

import (
	"sync"

	"vmorchestrator/backend/domain"
)

// sink hands a run's bytes to the store, then to the tee, and has the run stopped when either takes no more.
type sink struct {
	out Output
	run *liveRun
	tee Tee

	order sync.Mutex // both see the same order of writes

	// greeting is said before the first byte, or once it is known that the target accepted the command: a fast command
	// has written before the transport comes back from its start.
	greeting string
	greeted  sync.Once

	mu     sync.Mutex
	closed bool
}

func (k *sink) Write(stream domain.Stream, p []byte) error {
	if k.isClosed() {
		return domain.NewError(domain.CodeClosed, "", "the run has ended")
	}
	k.greet()
	if k.tee != nil {
		k.order.Lock()
		defer k.order.Unlock()
	}
	if err := k.out.Write(stream, p); err != nil {
		k.run.refuse(err)
		return err
	}
	if k.tee == nil {
		return nil
	}
	// What comes after a stop was asked for is stored, and shown as far as the tee takes it at once.
	if err := k.tee.Write(k.run.stopping, stream, p); err != nil && k.run.stopping.Err() == nil {
		ask(reasonCancel, k.run)
	}
	return nil
}

// greet says the greeting, once.
func (k *sink) greet() {
	k.greeted.Do(func() { k.Notice(k.greeting) })
}

func (k *sink) Notice(text string) {
	if !k.isClosed() {
		k.out.Notice(text)
	}
}

func (k *sink) isClosed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// close ends the sink: a survivor that still writes is refused from now on.
func (k *sink) close() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	if k.tee != nil {
		k.order.Lock()
		defer k.order.Unlock()
		k.tee.Close()
	}
}

// refuse has the run stopped because its output, or its status, can't be kept.
func (r *liveRun) refuse(err error) {
	r.mu.Lock()
	if r.sinkEr == nil {
		r.sinkEr = err
	}
	r.mu.Unlock()
	ask(reasonOutput, r)
}
