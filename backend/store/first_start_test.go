package store

import (
	"path/filepath"
	"sync"
	"testing"
)

// Several first starts at one moment, each of which stays: the one that had looked before another brought the database
// up to date waited for that one to leave, and gave up after five seconds.
func TestFirstStartsAtOnceThatStay(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "vmo.db")
		var opened sync.WaitGroup
		stores := make([]*Store, 6)
		for i := range stores {
			opened.Go(func() {
				s, err := Open(t.Context(), Options{Path: path})
				if err != nil {
					t.Errorf("start %d: %v", i, err)
				}
				stores[i] = s
			})
		}
		opened.Wait()
		for _, s := range stores {
			if s != nil {
				must(t, s.Close())
			}
		}
	}
}
