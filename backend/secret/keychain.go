// Package secret is where a secret may be kept beyond the process's life: the operating system's keychain (Secret
// Service, macOS Keychain, Windows Credential Manager), and only when the person asked for it. It promises that nothing
// is written anywhere else, that a missing or silent keychain means asking again and never an error on the way to a
// host, and that a kept answer which turned out wrong is forgotten.
package secret

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/zalando/go-keyring"

	"vmorchestrator/backend/domain"
)

// Kind says what a secret opens.
type Kind string

const (
	Passphrase Kind = "passphrase" // the id is the key file's path
	Password   Kind = "password"   // the id is user@host:port and the fingerprint of the host key that was seen
	Parameter  Kind = "parameter"  // the id is a command's id and the name of its secret parameter
)

var (
	// ErrNone says that there is no keychain that answers. Callers ask the person instead, and store nothing.
	ErrNone = errors.New("there is no keychain that answers here")
	// ErrNotKept says that the keychain is there and holds nothing of this kind and id.
	ErrNotKept = errors.New("nothing is kept under that name")
)

// service is how the entries are found in the keychain's own window.
const service = "VM Orchestrator"

// Keychain is the operating system's. It is made by Open and safe for many goroutines.
type Keychain struct {
	unlock, quick time.Duration
	free          chan struct{} // holds one token: who has it may ask

	mu   sync.Mutex
	late bool // the last question was given up and is still not answered
}

// Open gives the keychain. Nothing is asked of it before the first use.
func Open() *Keychain { return open(unlockWait, quickWait) }

func open(unlock, quick time.Duration) *Keychain {
	k := &Keychain{unlock: unlock, quick: quick, free: make(chan struct{}, 1)}
	k.free <- struct{}{}
	return k
}

// Get gives what is kept, ErrNotKept, or ErrNone. The system may ask the person to unlock the keychain meanwhile.
func (k *Keychain) Get(ctx context.Context, kind Kind, id string) (string, error) {
	return k.call(ctx, k.unlock, func() (string, error) { return keyring.Get(service, name(kind, id)) })
}

// Set keeps value, in the place of what was kept before. ErrNone if it can't be kept; then it is nowhere.
func (k *Keychain) Set(ctx context.Context, kind Kind, id, value string) error {
	if value == "" {
		return domain.NewError(domain.CodeInvalid, "", "an empty %s can't be kept", string(kind))
	}
	_, err := k.call(ctx, k.unlock, func() (string, error) { return "", keyring.Set(service, name(kind, id), value) })
	return err
}

// Delete forgets what is kept. That there is nothing is no error; ErrNone if the keychain doesn't answer.
func (k *Keychain) Delete(ctx context.Context, kind Kind, id string) error {
	_, err := k.call(ctx, k.quick, func() (string, error) { return "", keyring.Delete(service, name(kind, id)) })
	if errors.Is(err, ErrNotKept) {
		return nil
	}
	return err
}

func name(kind Kind, id string) string { return string(kind) + " " + id }

// call does f beside the caller, because the library can't be interrupted: after the time limit the caller goes on, and
// until f has come back every other call is told at once that there is no keychain.
func (k *Keychain) call(ctx context.Context, limit time.Duration, f func() (string, error)) (string, error) {
	k.mu.Lock()
	late := k.late
	k.mu.Unlock()
	if late || !reachable() {
		return "", ErrNone
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-k.free:
	case <-timer.C:
		return "", ErrNone
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	type reply struct {
		value string
		err   error
	}
	done, answered := make(chan reply, 1), false
	mark := func(change func()) {
		k.mu.Lock()
		defer k.mu.Unlock()
		change()
	}
	go func() { // ends with the keychain's answer, at the latest with the process
		value, err := f()
		mark(func() { answered, k.late = true, false })
		k.free <- struct{}{}
		done <- reply{value, err}
	}()
	select {
	case r := <-done:
		switch {
		case r.err == nil:
			return r.value, nil
		case errors.Is(r.err, keyring.ErrNotFound):
			return "", ErrNotKept
		}
		// Not the library's text: it is about buses and sessions, and may quote what was to be kept.
		return "", ErrNone
	case <-timer.C:
		mark(func() { k.late = !answered })
		return "", ErrNone
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
