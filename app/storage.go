package app

import (
	"context"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// storage remembers what takes how much room: measuring a large history takes longer than a page may.
type storage struct {
	measuring sync.Mutex // one at a time

	mu   sync.Mutex
	last *domain.Storage
	at   time.Time
}

func (s *storage) known(within time.Duration) (domain.Storage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil || time.Since(s.at) > within {
		return domain.Storage{}, false
	}
	return *s.last, true
}

// forget makes the next answer a new one.
func (s *storage) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Time{}
}

// Storage says what takes how much room in the data folder, as it was at most storageFresh ago.
func (a *App) Storage(ctx context.Context) (domain.Storage, error) {
	if known, ok := a.storage.known(storageFresh); ok {
		return known, nil
	}
	a.storage.measuring.Lock()
	defer a.storage.measuring.Unlock()
	if known, ok := a.storage.known(storageFresh); ok {
		return known, nil
	}
	found, err := a.History.Storage(ctx)
	if err != nil {
		return found, err
	}
	a.storage.mu.Lock()
	defer a.storage.mu.Unlock()
	a.storage.last, a.storage.at = &found, time.Now()
	return found, nil
}
