package discovery

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Close is over only when the last callback is; after it nothing is told, and a new watch can begin.
func TestWatchCloseWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	within := func(what string, c <-chan struct{}) {
		t.Helper()
		select {
		case <-c:
		case <-time.After(10 * time.Second):
			t.Fatalf("waited in vain: %s", what)
		}
	}
	s := New(Options{Store: &memory{}, Sources: []Source{fileSource{path}}})
	s.Close() // nothing began
	entered, leave, closed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once sync.Once // the second edit may be seen before Close has begun
	s.StartWatch(time.Millisecond, func() { once.Do(func() { entered <- struct{}{}; <-leave }) })
	s.StartWatch(time.Millisecond, func() { t.Error("a second watch runs") })
	write("one")
	within("the edit", entered)
	returned := false
	go func() {
		s.Close()
		if !returned {
			t.Error("Close did not wait for the callback")
		}
		close(closed)
	}()
	write("two, during the callback")
	returned = true
	leave <- struct{}{}
	within("Close", closed)

	again := make(chan struct{}, 10)
	s.StartWatch(time.Millisecond, func() { again <- struct{}{} })
	defer s.Close()
	write("three, after a new start")
	within("the edit after a new start", again)
}

// The folder need not be there at first: a new computer has no ~/.ssh.
func TestWatchSeesANewFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), ".ssh")
	path := filepath.Join(folder, "config")
	s := New(Options{Store: &memory{}, Sources: []Source{fileSource{path}}})
	told := make(chan struct{}, 10)
	s.StartWatch(time.Millisecond, func() { told <- struct{}{} })
	defer s.Close()
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("web"), 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Fatal("the new file was not noticed")
	}
}
