package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// BenchmarkOwn is the own resolver on 1,000 hosts over 10 included files, BenchmarkResolve the same question to ssh -G.
func BenchmarkOwn(b *testing.B) {
	r := &Resolver{ConfigFile: manyHosts(b)}
	for b.Loop() {
		if x, err := r.Explain(context.Background(), domain.Target{Alias: "host-9-99"}); err != nil || x.Source != SourceOwn {
			b.Fatal(x.Reason, err)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	r := &GResolver{ConfigFile: manyHosts(b)}
	for b.Loop() {
		if _, err := r.Resolve(context.Background(), domain.Target{Alias: "host-9-99"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOwnSmall and BenchmarkResolveSmall are about a file of one line.
func BenchmarkOwnSmall(b *testing.B) {
	r := &Resolver{ConfigFile: small(b)}
	for b.Loop() {
		if _, err := r.Resolve(context.Background(), domain.Target{Alias: "web"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkResolveSmall(b *testing.B) {
	r := &GResolver{ConfigFile: small(b)}
	for b.Loop() {
		if _, err := r.Resolve(context.Background(), domain.Target{Alias: "web"}); err != nil {
			b.Fatal(err)
		}
	}
}

// manyHosts and small write files that were last changed an hour ago, as most were: younger ones aren't kept.
func manyHosts(b *testing.B) string {
	home := b.TempDir()
	for f := range 10 {
		var text strings.Builder
		for h := range 100 {
			fmt.Fprintf(&text, "Host host-%d-%d\n  HostName 10.0.%d.%d\n  User u\n  Port 22\n  IdentityFile ~/.ssh/k\n", f, h, f, h)
		}
		aged(b, put(b, filepath.Join(home, "conf.d", fmt.Sprint(f)), text.String()))
	}
	return aged(b, put(b, filepath.Join(home, "config"), "Include "+home+"/conf.d/*\nHost *\n  User last\n"))
}

func small(b *testing.B) string {
	return aged(b, put(b, filepath.Join(b.TempDir(), "config"), "Host *\n  User u\n"))
}

func aged(b *testing.B, path string) string {
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		b.Fatal(err)
	}
	return path
}
