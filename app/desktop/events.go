package desktop

import (
	"time"

	"vmorchestrator/backend/domain"
)

// The one list of events from Go to the window. Each may be lost, doubled or reordered without harm: its stamp shows a
// gap, and the reader asks again by a bound method.
const (
	eventVMs       = "vms:changed"       // vmsChanged
	eventCommands  = "commands:changed"  // commandsChanged
	eventJob       = "job:changed"       // jobChanged
	eventLines     = "log:lines"         // logLines
	eventAsked     = "prompt:asked"      // promptAsked
	eventAnswered  = "prompt:closed"     // promptClosed
	eventSSHConfig = "sshconfig:changed" // sshConfigChanged
	eventSettings  = "settings:changed"  // settingsChanged
	eventError     = "app:error"         // appError
	eventReset     = "app:reset"         // appReset
)

// stamp is part of every payload. Seq grows by one with each event; Epoch is another after the app was opened anew
// (start, Retry, demo), and then all that the window knows is to be read again.
type stamp struct {
	Epoch string `json:"epoch"`
	Seq   int64  `json:"seq"`
}

func (s *stamp) set(epoch string, seq int64) { s.Epoch, s.Seq = epoch, seq }

// payload is what an event carries.
type payload interface{ set(epoch string, seq int64) }

type vmsChanged struct{ stamp }

type commandsChanged struct{ stamp }

type sshConfigChanged struct{ stamp }

type appReset struct{ stamp }

type settingsChanged struct {
	stamp
	Settings domain.Settings `json:"settings"`
}

type appError struct {
	stamp
	Error *domain.Error `json:"error"`
}

type jobChanged struct {
	stamp
	Job  domain.Job   `json:"job"`
	Runs []domain.Run `json:"runs"` // at most maxEventRuns that changed
}

type logLines struct {
	stamp
	RunID string            `json:"runId"`
	From  int64             `json:"from"`
	Lines []domain.Line     `json:"lines"` // at most maxEventLines and maxEventBytes, the newest
	Open  []domain.OpenLine `json:"open"`
	Last  int64             `json:"last"` // newest line of the run: what is missing below it is read by cursor
	Done  bool              `json:"done"`
	Order int               `json:"order,omitempty"` // as in domain.LogPage
	At    time.Time         `json:"at"`
}

type promptAsked struct {
	stamp
	Prompt domain.Prompt `json:"prompt"`
}

type promptClosed struct {
	stamp
	ID string `json:"id"`
}
