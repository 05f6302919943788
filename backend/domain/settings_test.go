package domain

import "testing"

// A new command has a time-out unless the person says otherwise; the setting's zero value would mean none.
func TestNewCommandsHaveATimeout(t *testing.T) {
	if s := DefaultSettings(); s.DefaultTimeoutSeconds != 600 || s.Validate() != nil {
		t.Errorf("%d s, %v", s.DefaultTimeoutSeconds, s.Validate())
	}
}
