package desktop

import (
	"fmt"
	"os"

	"vmorchestrator/backend/domain"
)

// exitUsage is the exit status for what keeps the app from starting at all, as in vmo.
const exitUsage = 2

// Fatal tells what keeps the window from opening, in a dialog of the system where there is one, and ends the process.
func Fatal(err error) {
	e := domain.AsError(err)
	text := e.Message
	if e.Hint != "" {
		text += "\n\n" + e.Hint
	}
	fmt.Fprintln(os.Stderr, "vm-orchestrator: "+text)
	showDialog("VM Orchestrator", text)
	os.Exit(exitUsage)
}
