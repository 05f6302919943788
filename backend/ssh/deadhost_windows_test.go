package ssh

import (
	"testing"

	"vmorchestrator/internal/sshdtest"
)

// deadHost is an address that nothing answers at: the network is set aside for documentation (RFC 5737).
func deadHost(*testing.T) *sshdtest.Server {
	return &sshdtest.Server{Host: "192.0.2.1", Port: 22, User: "nobody"}
}
