package ssh

import (
	"fmt"
	"os"
	"testing"
)

// A ProxyCommand that ends before the first write was told as a failed handshake, and without its next step.
func TestClosedPipeIsACut(t *testing.T) {
	err := fmt.Errorf("ssh: handshake failed: %w", &os.PathError{Op: "write", Path: "|1", Err: os.ErrClosed})
	if !isCut(err) {
		t.Errorf("%v isn't taken for a cut", err)
	}
}
