package secret

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"vmorchestrator/backend/domain"
)

// mocked gives a Keychain over the library's own in memory.
func mocked(t *testing.T) *Keychain {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	keyring.MockInit()
	return Open()
}

func TestKeepsByKindAndID(t *testing.T) {
	ctx, k := context.Background(), mocked(t)
	if _, err := k.Get(ctx, Passphrase, "/id"); !errors.Is(err, ErrNotKept) {
		t.Fatalf("an empty keychain says %v", err)
	}
	for _, set := range []struct {
		kind  Kind
		value string
	}{{Passphrase, "one"}, {Password, "two"}, {Passphrase, "three"}} {
		if err := k.Set(ctx, set.kind, "/id", set.value); err != nil {
			t.Fatal(err)
		}
	}
	for kind, want := range map[Kind]string{Passphrase: "three", Password: "two"} {
		if got, err := k.Get(ctx, kind, "/id"); got != want || err != nil {
			t.Errorf("%s: %q, %v", kind, got, err)
		}
	}
	for range 2 { // forgetting what is not there is no error
		if err := k.Delete(ctx, Passphrase, "/id"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Get(ctx, Passphrase, "/id"); !errors.Is(err, ErrNotKept) {
		t.Errorf("after Delete: %v", err)
	}
	if err := k.Set(ctx, Password, "/id", ""); domain.CodeOf(err) != domain.CodeInvalid {
		t.Errorf("an empty secret: %v", err)
	}
}

// Whatever a keychain fails with, the answer is that there is none, and no text of it gets further.
func TestAFailingKeychainIsNone(t *testing.T) {
	ctx, k := context.Background(), mocked(t)
	keyring.MockInitWithError(errors.New("org.freedesktop.DBus.Error.ServiceUnknown: hunter2"))
	_, got := k.Get(ctx, Password, "x")
	for what, err := range map[string]error{"get": got, "set": k.Set(ctx, Password, "x", "hunter2"), "delete": k.Delete(ctx, Password, "x")} {
		if !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A keychain that waits for the person holds nobody up for longer than its time, and the next one not at all.
func TestAKeychainThatHangs(t *testing.T) {
	ctx := context.Background()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
	k := open(50*time.Millisecond, time.Millisecond)
	release, calls := make(chan struct{}), 0
	hang := func() (string, error) { calls++; <-release; return "late", nil }
	if _, err := k.call(ctx, k.unlock, hang); !errors.Is(err, ErrNone) {
		t.Fatalf("the first call: %v", err)
	}
	began := time.Now()
	for range 20 {
		if _, err := k.call(ctx, time.Hour, hang); !errors.Is(err, ErrNone) {
			t.Fatalf("a later call: %v", err)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("twenty later calls took %s", took)
	}
	close(release)
	// Once it has answered, it is a keychain again.
	deadline := time.Now().Add(10 * time.Second)
	for {
		got, err := k.call(ctx, time.Second, func() (string, error) { return "back", nil })
		if err == nil && got == "back" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it never came back: %q, %v", got, err)
		}
	}
	if calls != 1 {
		t.Errorf("the keychain that hangs was asked %d times", calls)
	}
}
