package secret

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"

	"vmorchestrator/internal/secretservice"
)

// What is kept goes over a real session bus into a keychain there and comes back; where the bus has no keychain there is
// none, which is not an error of anything.
func TestOverTheSessionBus(t *testing.T) {
	const role = "VMO_TEST_BUS"
	if os.Getenv(role) == "" {
		// A bus of its own: the person's keychain is none of a test's business.
		cmd := exec.Command("dbus-run-session", "--", os.Args[0], "-test.run", "^TestOverTheSessionBus$", "-test.v")
		cmd.Env = append(os.Environ(), role+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	ctx, k := context.Background(), Open()
	if _, err := k.Get(ctx, Passphrase, "/id"); !errors.Is(err, ErrNone) {
		t.Fatalf("a bus without a keychain: %v", err)
	}
	service, err := secretservice.Serve()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(ctx, Passphrase, "/id"); !errors.Is(err, ErrNotKept) {
		t.Fatalf("an empty keychain: %v", err)
	}
	for _, value := range []string{"first", "it's \"a\" Grüße\\ "} {
		if err := k.Set(ctx, Passphrase, "/id", value); err != nil {
			t.Fatal(err)
		}
		if got, err := k.Get(ctx, Passphrase, "/id"); got != value || err != nil {
			t.Errorf("%q came back as %q, %v", value, got, err)
		}
	}
	if kept := service.Entries(); len(kept) != 1 || kept[0]["username"] != "passphrase /id" || kept[0]["service"] != "VM Orchestrator" {
		t.Errorf("kept %v", kept)
	}
	if err := k.Delete(ctx, Passphrase, "/id"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(ctx, Passphrase, "/id"); !errors.Is(err, ErrNotKept) || len(service.Entries()) != 0 {
		t.Errorf("after Delete: %v, %v", err, service.Entries())
	}
}
