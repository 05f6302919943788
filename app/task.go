package app

import (
	"context"
	"sync"

	"vmorchestrator/backend/domain"
)

// TaskState is where a task stands.
type TaskState string

const (
	TaskRunning TaskState = "running"
	TaskDone    TaskState = "done"
	TaskFailed  TaskState = "failed"
	TaskStopped TaskState = "stopped"
)

// Task is something that takes a while, shows how far it is and can be stopped: an export, a backup, a check.
type Task struct {
	ID    string        `json:"id"`
	State TaskState     `json:"state"`
	Done  int64         `json:"done"`  // bytes
	Total int64         `json:"total"` // bytes, about; 0: not known
	Path  string        `json:"path"`  // the file that it makes; "" for none
	Said  string        `json:"said"`  // what it came to, in a sentence
	Error *domain.Error `json:"error"` // why it failed
}

// Tasks are those of this process. The zero value is ready; it is safe for concurrent use.
type Tasks struct {
	mu  sync.Mutex
	all map[string]*runningTask
	ids []string // in the order of their start
	wg  sync.WaitGroup
}

type runningTask struct {
	task Task
	stop context.CancelFunc
}

// Progress is told how far a task is.
type Progress func(done, total int64)

// Start begins a task and gives its id; do returns what it came to.
func (t *Tasks) Start(ctx context.Context, path string, do func(ctx context.Context, progress Progress) (said string, err error)) string {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	id := newID()
	r := &runningTask{task: Task{ID: id, State: TaskRunning, Path: path}, stop: stop}
	t.mu.Lock()
	if t.all == nil {
		t.all = map[string]*runningTask{}
	}
	t.all[id] = r
	t.ids = append(t.ids, id)
	t.forget()
	t.mu.Unlock()
	t.wg.Go(func() {
		defer stop()
		said, err := do(ctx, func(done, total int64) {
			t.mu.Lock()
			defer t.mu.Unlock()
			r.task.Done, r.task.Total = done, total
		})
		t.mu.Lock()
		defer t.mu.Unlock()
		switch {
		case err == nil:
			r.task.State, r.task.Said = TaskDone, said
			r.task.Done = r.task.Total
		case ctx.Err() != nil:
			r.task.State = TaskStopped
		default:
			r.task.State, r.task.Error = TaskFailed, domain.AsError(err)
		}
	})
	return id
}

// forget drops the oldest that ended, so that at most tasksKept are remembered; t.mu is held.
func (t *Tasks) forget() {
	for i := 0; len(t.ids) > tasksKept && i < len(t.ids); {
		if t.all[t.ids[i]].task.State == TaskRunning {
			i++
			continue
		}
		delete(t.all, t.ids[i])
		t.ids = append(t.ids[:i], t.ids[i+1:]...)
	}
}

// Get gives a task as it is now; CodeNotFound for one that was forgotten.
func (t *Tasks) Get(id string) (Task, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.all[id]; r != nil {
		return r.task, nil
	}
	return Task{}, domain.NewError(domain.CodeNotFound, "", "there is no such task")
}

// Stop asks a task to end. What it had begun to write is removed.
func (t *Tasks) Stop(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.all[id]; r != nil {
		r.stop()
	}
}

// Close stops all tasks and waits for them.
func (t *Tasks) Close() {
	t.mu.Lock()
	for _, r := range t.all {
		r.stop()
	}
	t.mu.Unlock()
	t.wg.Wait()
}
