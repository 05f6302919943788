package desktop

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vmorchestrator/backend/domain"
)

// fakeApp is an app whose state a test sets. It is safe for concurrent use.
type fakeApp struct {
	mu    sync.Mutex
	jobs  map[string]domain.JobDetail
	open  []domain.Prompt
	lines int64
	done  bool
	wakes map[string]chan struct{}
}

func (f *fakeApp) job(_ context.Context, id string) (domain.JobDetail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.jobs[id]
	if !ok {
		return d, errors.New("no such job")
	}
	return d, nil
}

func (f *fakeApp) jobOfRun(_ context.Context, runID string) (string, error) {
	job, _, ok := strings.Cut(runID, "/")
	if !ok {
		return "", errors.New("no such run")
	}
	return job, nil
}

func (f *fakeApp) settings(context.Context) (domain.Settings, error) {
	return domain.DefaultSettings(), nil
}

func (f *fakeApp) prompts() []domain.Prompt {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.open)
}

func (f *fakeApp) page(_ context.Context, runID string, from int64, count int) (domain.LogPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if from < 0 {
		from = max(f.lines+from+1, 1)
	}
	page := domain.LogPage{RunID: runID, From: from, Last: f.lines, Done: f.done}
	for n := from; n <= f.lines && n < from+int64(count); n++ {
		page.Lines = append(page.Lines, domain.Line{N: n, Text: fmt.Sprintf("line %d", n)})
	}
	return page, nil
}

func (f *fakeApp) watch(runID string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	f.mu.Lock()
	f.wakes[runID] = c
	f.mu.Unlock()
	return c, func() {}
}

// write adds lines to every run and wakes those who watch.
func (f *fakeApp) write(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines += n
	for _, c := range f.wakes {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// sent is one event with the time it came.
type sent struct {
	name string
	data any
	at   time.Duration
}

// rig is a pump on a fake app whose events are kept.
type rig struct {
	*pump
	app    *fakeApp
	mu     sync.Mutex
	events []sent
}

func newRig(jobs ...domain.JobDetail) *rig {
	r := &rig{app: &fakeApp{jobs: map[string]domain.JobDetail{}, wakes: map[string]chan struct{}{}}}
	for _, d := range jobs {
		r.app.jobs[d.Job.ID] = d
	}
	begin := time.Now()
	r.pump = newPump(r.app, "epoch", eventGap, func(name string, data any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, sent{name, data, time.Since(begin)})
	})
	return r
}

func (r *rig) all() []sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func jobOf(id string, runs int) domain.JobDetail {
	d := domain.JobDetail{Job: domain.Job{ID: id}}
	for i := range runs {
		d.Runs = append(d.Runs, domain.Run{ID: fmt.Sprintf("%s/%d", id, i), JobID: id})
	}
	return d
}

// A flood of everything stays below 20 events a second, numbered without a gap, and the newest line is in the last.
func TestAFloodStaysWithinTwentyEventsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(jobOf("a", 200), jobOf("b", 200))
		r.setWatched([]string{"a/0", "a/1", "b/0"})
		for range 1000 { // ten seconds
			time.Sleep(10 * time.Millisecond)
			r.app.write(5000)
			r.jobChanged(domain.Job{ID: "a"}, r.app.jobs["a"].Runs)
			r.changes([]domain.Change{{Entity: domain.EntityVM}, {Entity: domain.EntityRun, ID: "b/7"}})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		r.close()
		events := r.all()
		for i, e := range events {
			if i > 0 && e.at-events[i-1].at < eventGap {
				t.Fatalf("event %d came %v after the one before", i, e.at-events[i-1].at)
			}
			if got := reflect.ValueOf(e.data).Elem().FieldByName("Seq").Int(); got != int64(i+1) {
				t.Fatalf("event %d has number %d", i+1, got)
			}
		}
		newest, named := map[string]int64{}, map[string]bool{}
		for _, e := range events {
			named[e.name] = true
			switch d := e.data.(type) {
			case *logLines:
				if len(d.Lines) > maxEventLines {
					t.Fatalf("an event has %d lines", len(d.Lines))
				}
				newest[d.RunID] = d.Last
			case *jobChanged:
				if len(d.Runs) > maxEventRuns {
					t.Fatalf("an event has %d runs", len(d.Runs))
				}
			}
		}
		if len(newest) != 3 {
			t.Fatalf("lines of %d runs came, 3 are watched", len(newest))
		}
		for id, last := range newest {
			if last != 5_000_000 {
				t.Errorf("%s: the last event knows line %d of 5000000", id, last)
			}
		}
		for _, name := range []string{eventVMs, eventJob, eventLines} {
			if !named[name] {
				t.Errorf("%s never came", name)
			}
		}
	})
}

// The first event after a silence doesn't wait.
func TestTheFirstEventGoesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		time.Sleep(time.Second)
		r.kind(eventVMs)
		synctest.Wait()
		r.close()
		if events := r.all(); len(events) != 1 || events[0].at != time.Second {
			t.Fatalf("%v", events)
		}
	})
}

func TestAllChangedRunsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(jobOf("a", 55))
		r.jobChanged(domain.Job{ID: "a"}, r.app.jobs["a"].Runs)
		time.Sleep(time.Second)
		synctest.Wait()
		r.close()
		told := map[string]int{}
		for _, e := range r.all() {
			for _, run := range e.data.(*jobChanged).Runs {
				told[run.ID]++
			}
		}
		if len(told) != 55 {
			t.Fatalf("%d of 55 runs were told", len(told))
		}
		if n := len(r.all()); n != 3 {
			t.Errorf("%d events, 3 were enough", n)
		}
	})
}

func TestLinesAreSentOnceAndOnlyWhileWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		r.app.write(3)
		r.setWatched([]string{"a"})
		time.Sleep(time.Second)
		r.app.write(2)
		time.Sleep(time.Second)
		r.setWatched(nil)
		r.app.write(2)
		time.Sleep(time.Second)
		synctest.Wait()
		r.close()
		var numbers []int64
		for _, e := range r.all() {
			for _, line := range e.data.(*logLines).Lines {
				numbers = append(numbers, line.N)
			}
		}
		if !slices.Equal(numbers, []int64{1, 2, 3, 4, 5}) {
			t.Fatalf("lines %v", numbers)
		}
	})
}

func TestQuestionsAreToldOnceEachAndClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig()
		ask := func(open ...domain.Prompt) {
			r.app.mu.Lock()
			r.app.open = open
			r.app.mu.Unlock()
			r.promptsChanged()
			time.Sleep(time.Second)
			synctest.Wait()
		}
		ask(domain.Prompt{ID: "1"}, domain.Prompt{ID: "2"})
		ask(domain.Prompt{ID: "2"})
		ask()
		r.close()
		var got []string
		for _, e := range r.all() {
			switch d := e.data.(type) {
			case *promptAsked:
				got = append(got, "asked "+d.Prompt.ID)
			case *promptClosed:
				got = append(got, "closed "+d.ID)
			}
		}
		if want := []string{"asked 1", "asked 2", "closed 1", "closed 2"}; !slices.Equal(got, want) {
			t.Fatalf("%v", got)
		}
	})
}

// WebKit keeps big messages: 64 lines of 4 KiB would be 256 KB.
func TestAnEventOfLongLinesStaysSmall(t *testing.T) {
	long := strings.Repeat("x", 4096)
	page := domain.LogPage{Last: 3}
	for n := range int64(3) {
		page.Lines = append(page.Lines, domain.Line{N: n + 1, Text: long})
	}
	lines, from := newest(page)
	if len(lines) != 2 || from != 2 {
		t.Fatalf("%d lines from %d", len(lines), from)
	}
	page.Lines = []domain.Line{{N: 3, Text: strings.Repeat(long, 4)}}
	if lines, _ := newest(page); len(lines) != 1 {
		t.Fatal("a single line is always sent")
	}
}
