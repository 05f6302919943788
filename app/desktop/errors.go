package desktop

import (
	"encoding/json"

	"vmorchestrator/backend/domain"
)

// formatError is what the window gets when a bound method fails: a domain.Error as JSON in a string, because Wails
// hands nothing but strings through unharmed. The frontend parses it in one place.
func formatError(err error) any {
	text, failed := json.Marshal(domain.AsError(err))
	if failed != nil {
		return err.Error()
	}
	return string(text)
}

// errNotOpen is the answer to calls before the app is open. Status says why it isn't.
func errNotOpen() error {
	return domain.NewError(domain.CodeClosed, "It takes a moment; try again.", "the app is still opening its data")
}
