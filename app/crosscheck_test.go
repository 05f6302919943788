package app

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/ssh/config"
)

type anyResolver struct{}

func (anyResolver) Resolve(context.Context, domain.Target) (config.Settings, error) {
	return config.Settings{}, nil
}

// A host that was connected to is checked, but not before nothing runs.
func TestCrossCheckWaitsForIdle(t *testing.T) {
	c := newChecked(anyResolver{})
	ctx, stop := context.WithCancel(t.Context())
	var idle atomic.Bool
	got := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.crossCheck(ctx, idle.Load, func(_ context.Context, t domain.Target) ([]string, error) {
			got <- t.Alias
			return nil, nil
		})
	}()
	for range maxUnchecked + 1 { // more than can wait: connecting never waits for it
		if _, err := c.Resolve(ctx, domain.Target{Alias: "web"}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-got:
		t.Error("checked while something ran")
	case <-time.After(50 * time.Millisecond):
	}
	idle.Store(true)
	select {
	case alias := <-got:
		if alias != "web" {
			t.Errorf("checked %q", alias)
		}
	case <-time.After(3 * idleEvery):
		t.Error("not checked")
	}
	go func() {
		for range got { // the rest
		}
	}()
	stop()
	<-done
	close(got)
}

// Many that wait are no reason to keep a processor busy.
func TestCrossCheckRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecked(anyResolver{})
		ctx, stop := context.WithCancel(t.Context())
		const checks, takes = 10, 20 * time.Millisecond
		for range checks {
			if _, err := c.Resolve(ctx, domain.Target{Alias: "web"}); err != nil {
				t.Fatal(err)
			}
		}
		began, n := time.Now(), 0
		c.crossCheck(ctx, func() bool { return true }, func(context.Context, domain.Target) ([]string, error) {
			if n++; n == checks {
				stop()
			}
			time.Sleep(takes)
			return nil, nil
		})
		if took := time.Since(began); took < checks*takes*checkRest/2 {
			t.Errorf("%d checks of %v within %v", checks, takes, took)
		}
	})
}
