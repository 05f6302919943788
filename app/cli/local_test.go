//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// A template that runs on this computer needs no VM; any other says that it does.
func TestTemplateOnThisComputer(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), app.Config{DataDir: dir, SSHConfig: config})
	if err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]domain.CommandKind{"Here": domain.KindLocal, "There": domain.KindSSH} {
		_, err := a.Commands.Create(t.Context(), domain.Command{
			Name: name, Kind: kind, Script: `echo "run for <$VMO_VM>"`, Scope: domain.Scope{Kind: domain.ScopeEverywhere}, CreatedAt: time.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	vmo := func(template string) (int, string) {
		var said bytes.Buffer
		s := streams{out: &said, err: &said, env: func(string) string { return "" }}
		status := run(t.Context(), []string{"--data", dir, "--ssh-config", config, "run", "--template", template}, s)
		return status, said.String()
	}
	if status, said := vmo("Here"); status != exitOK || !strings.Contains(said, "this computer | run for <>\n") {
		t.Errorf("status %d: %s", status, said)
	}
	if status, said := vmo("There"); status != exitUsage || !strings.Contains(said, "on which VMs?") {
		t.Errorf("status %d: %s", status, said)
	}
}

// What asks before it runs says where that is.
func TestConfirmSaysWhere(t *testing.T) {
	answer := filepath.Join(t.TempDir(), "answer")
	if err := os.WriteFile(answer, []byte("y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		kind domain.CommandKind
		vms  int
		says string
	}{
		{domain.KindSSH, 2, `Run "Dump" on 2 VMs? [y/N] `},
		{domain.KindLocal, 0, `Run "Dump" on this computer? [y/N] `},
		{domain.KindLocal, 1, `Run "Dump" on this computer, for 1 VM? [y/N] `},
	} {
		in, err := os.Open(answer)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		var said bytes.Buffer
		c := &cli{streams: streams{in: in, err: &said, ask: true}}
		if err := c.confirm(t.Context(), domain.Command{Name: "Dump", Kind: want.kind}, want.vms); err != nil || said.String() != want.says {
			t.Errorf("%q, %v, want %q", said.String(), err, want.says)
		}
	}
}
