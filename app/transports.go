package app

import (
	"context"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/job"
	"vmorchestrator/backend/local"
	"vmorchestrator/backend/output"
	"vmorchestrator/backend/ssh"
	"vmorchestrator/backend/store"
)

// The job service knows transports, outputs and the store by interfaces of its own; these give it the real ones.

// sshTransport runs commands on the VMs.
type sshTransport struct{ client *ssh.Client }

func (t sshTransport) Start(ctx context.Context, target domain.Target, e domain.Exec, sink job.Sink) (job.Process, error) {
	p, err := t.client.Start(ctx, target, e, sink)
	if err != nil {
		return nil, err // not p: a nil *Process in an interface is not nil
	}
	return p, nil
}

// localTransport runs them on this computer.
type localTransport struct{ runner *local.Runner }

func (t localTransport) Start(ctx context.Context, target domain.Target, e domain.Exec, sink job.Sink) (job.Process, error) {
	p, err := t.runner.Start(ctx, target, e, sink)
	if err != nil {
		return nil, err
	}
	return p, nil
}

type outputs struct{ hub *output.Hub }

func (o outputs) Open(ctx context.Context, runID string) job.Output { return o.hub.Open(ctx, runID) }

// jobStore is the store as the job service wants it.
type jobStore struct {
	*store.Store
	instance string
}

func (s jobStore) TakeCancels(ctx context.Context) ([]domain.CancelRequest, error) {
	return s.Store.PendingCancels(ctx, s.instance)
}

func (s jobStore) TouchVMs(ctx context.Context, ids []string, at time.Time) error {
	return s.Store.TouchVM(ctx, ids, at)
}
