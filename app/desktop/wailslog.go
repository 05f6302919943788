package desktop

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/logger"
)

// wailsLog is where Wails logs. When a call from the page goes wrong Wails logs the whole of it, which may hold a
// passphrase; of such a message only the beginning and the reason are kept.
type wailsLog struct{ log *slog.Logger }

var _ logger.Logger = wailsLog{}

// calls are the beginnings of the messages that end with what the page sent.
var calls = []string{"process message error: ", "unknown Window message: ", "unknown Browser message: ", "unknown message"}

func tellable(message string) string {
	for _, start := range calls {
		if !strings.HasPrefix(message, start) {
			continue
		}
		reason := ""
		if at := strings.LastIndex(message, " -> "); at >= 0 {
			reason = message[at:]
		}
		return start + "(what the page sent is left out)" + reason
	}
	return message
}

func (l wailsLog) Print(m string)   { l.log.Info("wails: " + tellable(m)) }
func (l wailsLog) Trace(m string)   { l.log.Debug("wails: " + tellable(m)) }
func (l wailsLog) Debug(m string)   { l.log.Debug("wails: " + tellable(m)) }
func (l wailsLog) Info(m string)    { l.log.Info("wails: " + tellable(m)) }
func (l wailsLog) Warning(m string) { l.log.Warn("wails: " + tellable(m)) }
func (l wailsLog) Error(m string)   { l.log.Error("wails: " + tellable(m)) }

// Fatal ends the process, as Wails expects.
func (l wailsLog) Fatal(m string) { Fatal(errors.New("wails: " + tellable(m))) }
