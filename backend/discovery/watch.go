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

// watcher is the goroutine of StartWatch.
type watcher struct {
	mu   sync.Mutex
	stop context.CancelFunc
	done chan struct{}
}

// StartWatch calls changed, from a goroutine of its own, when what the sources offer has become another. It looks at
// times and sizes of all files of the last look and of their folders (a new file may fit an Include), and reads again
// only when one of these differs. Polling is used because editors replace files, homes are on network drives, and two
// seconds are soon enough. It runs until Close; a second call does nothing.
func (s *Service) StartWatch(interval time.Duration, changed func()) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if s.watch.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	s.watch.stop, s.watch.done = stop, make(chan struct{})
	// The first look is made before StartWatch returns: what changes from here on is noticed.
	seen := s.sight(ctx)
	go func() {
		defer close(s.watch.done)
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
			now := s.sight(ctx)
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
	}()
}

// Close ends the watch and waits for it. It must not be called from the changed callback.
func (s *Service) Close() {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if s.watch.stop != nil {
		s.watch.stop()
		<-s.watch.done
		s.watch.stop = nil
	}
}

// sight is what one look at the sources gave.
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

// sight reads the sources twice, with the stamps taken in between: an edit during the first read is then either in the
// second or makes the next stamps differ. It is only called when something has changed.
func (s *Service) sight(ctx context.Context) sight {
	stamps := stampsOf(s.read(ctx).files)
	out := s.read(ctx)
	out.stamps = stamps
	return out
}

func (s *Service) read(ctx context.Context) sight {
	var out sight
	for _, source := range s.opt.Sources {
		hosts, files, problems, err := source.List(ctx)
		if err != nil {
			continue
		}
		out.hosts = append(out.hosts, hosts...)
		out.files = append(out.files, files...)
		out.problems = append(out.problems, problems...)
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
