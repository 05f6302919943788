package desktop

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// notifications tells the person of jobs that end while the window is not in front, if they took long.
type notifications struct {
	app     *app.App
	focused func() bool
	send    func(ctx context.Context, title, text string) error
	fail    func(error)

	mu   sync.Mutex
	told map[string]bool // jobs whose end was seen
}

// jobChanged is the app's listener.
func (n *notifications) jobChanged(job domain.Job, _ []domain.Run) {
	if !job.Status.Finished() || job.StartedAt == nil || job.FinishedAt == nil || n.focused() {
		return
	}
	n.mu.Lock()
	seen := n.told[job.ID]
	n.told[job.ID] = true
	n.mu.Unlock()
	if seen {
		return
	}
	ctx := context.Background()
	s, err := n.app.History.GetSettings(ctx)
	took := job.FinishedAt.Sub(*job.StartedAt)
	if err != nil || s.NotifyAfterSeconds == 0 || took < time.Duration(s.NotifyAfterSeconds)*time.Second {
		return
	}
	title, text := notice(job, took)
	if err := n.send(ctx, title, text); err != nil {
		n.fail(err)
	}
}

// notice is how the end of a job is told.
func notice(job domain.Job, took time.Duration) (title, text string) {
	title = job.Name + " " + strings.ReplaceAll(string(job.Status), "_", " ")
	where := strings.Join(job.VMNames, ", ")
	if more := job.RunCount - len(job.VMNames); more > 0 {
		where += fmt.Sprintf(" and %d more", more)
	}
	return title, fmt.Sprintf("Job %d on %s, after %s", job.Number, where, took.Round(time.Second))
}

// sendNotification is the system's own notification. Where there is none, that is no fault of the job.
func sendNotification(ctx context.Context, title, text string) error {
	if !runtime.IsNotificationAvailable(ctx) {
		return nil
	}
	if err := runtime.InitializeNotifications(ctx); err != nil {
		return err
	}
	return runtime.SendNotification(ctx, runtime.NotificationOptions{ID: uuid.NewString(), Title: title, Body: text})
}
