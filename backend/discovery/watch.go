package discovery

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"time"

	"vmorchestrator/backend/domain"
)

// watcher is the goroutines of StartWatch.
type watcher struct {
	mu   sync.Mutex
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// StartWatch calls changed, from a goroutine of its own, when what a source offers has become another, or when one that
// a review didn't wait for has answered. A Watcher says so itself; of the others it looks at times and sizes of all files
// of the last look and of their folders (a new file may fit an Include), and reads again only when one of these differs.
// Polling is used because editors replace files, homes are on network drives, and two seconds are soon enough. It runs
// until Close; a second call does nothing.
func (s *Service) StartWatch(interval time.Duration, changed func()) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if s.watch.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s.watch.stop = stop
	s.life.Lock()
	s.changed = changed
	s.life.Unlock()
	for _, a := range s.askers {
		told := func() {
			a.stale()
			changed()
		}
		if w, ok := a.source.(Watcher); ok {
			s.watch.wg.Go(func() { _ = w.Watch(ctx, told) }) // what it can't watch, "Look again" asks for
			continue
		}
		// The first look is made before StartWatch returns, unless the source is slow: what changes from here on is noticed.
		first := make(chan struct{})
		s.watch.wg.Go(func() {
			seen := sightOf(ctx, a.source)
			close(first)
			poll(ctx, a.source, seen, interval, told)
		})
		select {
		case <-first:
		case <-time.After(s.opt.Patience):
		}
	}
}

func poll(ctx context.Context, source Source, seen sight, interval time.Duration, changed func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if seen.same() {
			continue
		}
		now := sightOf(ctx, source)
		if ctx.Err() != nil {
			return
		}
		differs := !reflect.DeepEqual(seen.hosts, now.hosts) || !reflect.DeepEqual(seen.files, now.files) ||
			!reflect.DeepEqual(seen.problems, now.problems)
		seen = now
		if differs {
			changed()
		}
	}
}

// Close ends the watch and the questions that are under way, and waits for them. It must not be called from the changed
// callback.
func (s *Service) Close() {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.life.Lock()
	if s.end != nil {
		s.end()
	}
	s.changed = nil
	s.life.Unlock()
	if s.watch.stop != nil {
		s.watch.stop()
		s.watch.wg.Wait()
		s.watch.stop = nil
	}
	s.asks.Wait()
	s.life.Lock()
	s.ctx, s.end = nil, nil // what is asked from here on lives until the next Close
	s.life.Unlock()
}

// sight is what one look at a source gave.
type sight struct {
	hosts    []domain.FoundHost
	files    []domain.LookedAt
	problems []domain.ConfigProblem
	stamps   map[string]stamp
}

// same says whether the files look as they did.
func (s sight) same() bool {
	for path, was := range s.stamps {
		if stampOf(path) != was {
			return false
		}
	}
	return true
}

type stamp struct {
	changed int64 // Unix time in ns
	size    int64
	mode    fs.FileMode
}

// sightOf reads the source twice, with the stamps taken in between: an edit during the first read is then either in the
// second or makes the next stamps differ. It is only called when something has changed.
func sightOf(ctx context.Context, source Source) sight {
	_, files, _, err := source.List(ctx)
	if err != nil {
		return sight{}
	}
	stamps := stampsOf(files)
	out := sight{stamps: stamps}
	if out.hosts, out.files, out.problems, err = source.List(ctx); err != nil {
		return sight{stamps: stamps}
	}
	return out
}

func stampsOf(files []domain.LookedAt) map[string]stamp {
	out := make(map[string]stamp, 2*len(files))
	for _, file := range files {
		for _, path := range []string{file.Path, filepath.Dir(file.Path)} {
			if _, done := out[path]; !done {
				out[path] = stampOf(path)
			}
		}
	}
	return out
}

// stampOf is zero for a file that isn't there.
func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{changed: info.ModTime().UnixNano(), size: info.Size(), mode: info.Mode()}
}
