// Package demo is a fleet of small machines inside the app, for first steps without a VM: real SSH servers on loopback
// whose commands are emulated. mvdan.cc/sh interprets the shell, so pipes, quoting, loops and variables work on every
// system; the file system lives in memory, and a set of believable programs stands in for the real ones. Nobody on
// loopback is offered a shell of the computer, and each server takes one client key that never leaves this process.
package demo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
)

// Options is what a fleet needs from outside.
type Options struct {
	// DataDir is the demo's own data folder. Host keys and known_hosts are kept there, so that a machine has the same
	// host key at every start, as a real one would.
	DataDir string
	Now     func() time.Time // nil: time.Now
}

// Fleet is the running demo machines. Close ends them all.
type Fleet struct {
	signer     ssh.Signer
	knownHosts string
	servers    []*server
}

// Start makes the fleet listen on loopback ports that the system chooses.
// Returns CodeDataFolder if the data folder can't be used.
func Start(ctx context.Context, o Options) (*Fleet, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, domain.NewError(domain.CodeDataFolder, "Check that the folder can be written.", "the demo's data folder can't be used: %w", err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make client key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, fmt.Errorf("make client key: %w", err)
	}
	f := &Fleet{signer: signer, knownHosts: filepath.Join(o.DataDir, "demo_known_hosts")}
	var known strings.Builder
	for _, spec := range fleetSpecs(o.Now()) {
		key, err := hostKey(filepath.Join(o.DataDir, "demo_hostkey_"+spec.Name))
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		s, err := listen(ctx, newMachine(spec, o.Now), key, signer.PublicKey())
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.servers = append(f.servers, s)
		fmt.Fprintf(&known, "%s %s", spec.Name, ssh.MarshalAuthorizedKey(key.PublicKey()))
	}
	if err := os.WriteFile(f.knownHosts, []byte(known.String()), 0o600); err != nil {
		return nil, errors.Join(domain.NewError(domain.CodeDataFolder, "Check that the folder can be written.", "the demo's known_hosts can't be written: %w", err), f.Close())
	}
	return f, nil
}

// VMs are the fleet's machines as they are taken in: ports are chosen at each start and so never part of them.
func (f *Fleet) VMs() []domain.VM {
	vms := make([]domain.VM, len(f.servers))
	for i, s := range f.servers {
		spec := s.machine.spec
		vms[i] = domain.VM{
			Name: spec.Name, Source: domain.SourceDemo, SourceKey: spec.Name, User: demoUser, Host: spec.Name,
			Environment: spec.Environment, Tags: spec.Tags, Description: spec.Description,
		}
	}
	return vms
}

// Signer is the client key that the fleet's servers take.
func (f *Fleet) Signer() ssh.Signer { return f.signer }

// Resolve gives the settings in force for one of the fleet's machines. Hosts outside the fleet are not reachable
// from the demo: CodeNotFound.
func (f *Fleet) Resolve(_ context.Context, t domain.Target) (config.Settings, error) {
	for _, s := range f.servers {
		if s.machine.spec.Name == t.Destination() {
			return config.Settings{
				HostName: "127.0.0.1", Port: s.port(), User: demoUser,
				HostKeyAlias: s.machine.spec.Name, UserKnownHostsFiles: []string{f.knownHosts},
				StrictHostKeyChecking: "yes", IdentitiesOnly: true, IdentityAgent: "none",
				PubkeyAuthentication: true, BatchMode: true, ConnectTimeout: dialTimeout,
				PreferredAuthentications: []string{"publickey"},
				HostKeyAlgorithms:        []string{ssh.KeyAlgoED25519},
			}, nil
		}
	}
	return config.Settings{}, domain.NewError(domain.CodeNotFound, "Leave the demo to reach your own hosts.", "%s is not a machine of the demo fleet", t.Destination())
}

// Close ends the servers and every command that runs on them, and waits for both.
func (f *Fleet) Close() error {
	var errs []error
	for _, s := range f.servers {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

// hostKey reads the host key in path, or makes one there.
func hostKey(path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make host key: %w", err)
		}
		block, err := ssh.MarshalPrivateKey(private, "vm-orchestrator demo host key")
		if err != nil {
			return nil, fmt.Errorf("make host key: %w", err)
		}
		text = pem.EncodeToMemory(block)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return nil, domain.NewError(domain.CodeDataFolder, "Check that the folder can be written.", "the demo's host key can't be written: %w", err)
		}
	} else if err != nil {
		return nil, domain.NewError(domain.CodeDataFolder, "Check who owns the file.", "the demo's host key can't be read: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, domain.NewError(domain.CodeDataFolder, "Delete "+path+"; a new one is made at the next start.", "the demo's host key is damaged: %w", err)
	}
	return signer, nil
}
