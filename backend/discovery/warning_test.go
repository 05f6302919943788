package discovery

import (
	"slices"
	"testing"

	"vmorchestrator/backend/domain"
)

// A missing identity file is told only where its path is certain: tokens and other people's homes are ssh's to resolve.
func TestMissingIdentityFileIsToldWhereCertain(t *testing.T) {
	for written, told := range map[string]bool{
		"~/.ssh/missing": true, "/keys/missing": true, "%d/.ssh/missing": true,
		"~/.ssh/there": false, "/keys/there": false, "%d/.ssh/there": false, "": false, "none": false, "~": false, "~bob/.ssh/id": false,
		"/keys/%h": false, "${KEYS}/id": false, "relative/id": false,
	} {
		host := found("web")
		host.IdentityFile, host.Warnings = written, []string{"of the file"}
		want := []string{"of the file"}
		if told {
			want = append(want, "The identity file "+written+" is missing.")
		}
		w := newWorld(t, host)
		for range 2 { // a second look doesn't say it twice
			if r := must[domain.Review](t)(w.Review(t.Context())); !slices.Equal(r.New[0].Warnings, want) {
				t.Errorf("%q: %q, want %q", written, r.New[0].Warnings, want)
			}
		}
	}
}
