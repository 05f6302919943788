package config

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// BenchmarkList reads 1,000 hosts over 10 included files.
func BenchmarkList(b *testing.B) {
	home := b.TempDir()
	for f := range 10 {
		var text strings.Builder
		for h := range 100 {
			fmt.Fprintf(&text, "Host host-%d-%d\n  HostName 10.0.%d.%d\n  User u\n  Port 22\n  IdentityFile ~/.ssh/k\n", f, h, f, h)
		}
		put(b, filepath.Join(home, ".ssh", "conf.d", fmt.Sprint(f)), text.String())
	}
	config := put(b, filepath.Join(home, ".ssh", "config"), "Include conf.d/*\nHost *\n  User last\n")
	for b.Loop() {
		hosts, _, _, err := (&Lister{ConfigFile: config, Home: home}).List(context.Background())
		if err != nil || len(hosts) != 1000 {
			b.Fatal(len(hosts), err)
		}
	}
}

// BenchmarkResolve is one question to ssh -G.
func BenchmarkResolve(b *testing.B) {
	r := &GResolver{ConfigFile: put(b, filepath.Join(b.TempDir(), "config"), "Host *\n  User u\n")}
	for b.Loop() {
		if _, err := r.Resolve(context.Background(), domain.Target{Alias: "web"}); err != nil {
			b.Fatal(err)
		}
	}
}
