package ssh

import (
	"os/exec"
	"testing"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

// BenchmarkTrue is one `true`: on an open connection, on a new one, and by OpenSSH's client on a new one.
func BenchmarkTrue(b *testing.B) {
	one := func(b *testing.B, c *Client) {
		p, err := c.Start(b.Context(), alias("box"), domain.Exec{RunID: "bench", Script: "true"}, &record{})
		if err != nil {
			b.Fatal(err)
		}
		p.Wait()
	}
	c, _, home := box(b, sshdtest.Options{})
	b.Run("open", func(b *testing.B) {
		one(b, c)
		for b.Loop() {
			one(b, c)
		}
	})
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			fresh := newClient(b, home)
			one(b, fresh)
			fresh.Close()
		}
	})
	b.Run("ssh", func(b *testing.B) {
		for b.Loop() {
			if out, err := exec.Command("ssh", "-F", home.ConfigFile, "-o", "BatchMode=yes", "box", "true").CombinedOutput(); err != nil {
				b.Fatalf("ssh: %v, %s", err, out)
			}
		}
	})
}
