package domain

import (
	"strings"
	"unicode"
)

// maxProgram is how long the name of a program with its options may be, in bytes.
const maxProgram = 1000

// Settings are the person's choices. They live in the database of the data folder.
type Settings struct {
	Theme           string `json:"theme"`        // "light" | "dark" | "system"
	Parallelism     int    `json:"parallelism"`  // runs of one job at once, 1..200
	ConfirmProd     bool   `json:"confirmProd"`  // ask before running on production VMs
	SidebarWidth    int    `json:"sidebarWidth"` // CSS pixels
	SidebarSplit    int    `json:"sidebarSplit"` // percent of the sidebar given to VMs
	VMGroup         string `json:"vmGroup"`      // the list of VMs in groups by "environment" | "tag" | "source" | "provider" | "none"
	CheckReach      bool   `json:"checkReach"`   // look by itself, every few minutes, whether VMs can be reached
	WindowWidth     int    `json:"windowWidth"`  // 0: not remembered yet
	WindowHeight    int    `json:"windowHeight"`
	WindowX         int    `json:"windowX"`
	WindowY         int    `json:"windowY"`
	WindowMaximised bool   `json:"windowMaximised"`
	LogWrap         bool   `json:"logWrap"`
	LogTime         string `json:"logTime"`       // "off" | "clock" | "since"
	LibraryFolder   string `json:"libraryFolder"` // commands that are read and never written; "" is none

	Density     string `json:"density"`     // "comfortable" | "compact"
	FontSize    int    `json:"fontSize"`    // of the window, in CSS pixels
	LogFontSize int    `json:"logFontSize"` // of output

	DefaultTimeoutSeconds int    `json:"defaultTimeoutSeconds"` // what a new command begins with; 0 is none
	ConfirmFrom           int    `json:"confirmFrom"`           // ask before running on so many VMs or more; 0 never for that
	NotifyAfterSeconds    int    `json:"notifyAfterSeconds"`    // a job that took longer and ends while the window has no focus is told; 0 never
	KeepDays              int    `json:"keepDays"`              // older jobs are removed; 0 never
	KeepGB                int    `json:"keepGb"`                // GiB that the database may take; 0 any
	Terminal              string `json:"terminal"`              // the terminal program with its options; "" as the system has it
	SSHPath               string `json:"sshPath"`               // the ssh program; "" the one in PATH
}

// DefaultParallelism is how many runs of a job go at once unless told otherwise: enough to hide a round trip, few
// enough that 32 handshakes don't starve a laptop.
const DefaultParallelism = 32

// DefaultTimeoutSeconds is what a new command begins with: longer than what a person waits for, short enough that what
// hangs is found the same day.
const DefaultTimeoutSeconds = 600

// DefaultSettings are those of a new data folder.
func DefaultSettings() Settings {
	return Settings{
		Theme: "system", Parallelism: DefaultParallelism, ConfirmProd: true,
		SidebarWidth: 296, SidebarSplit: 55, DefaultTimeoutSeconds: DefaultTimeoutSeconds, LogTime: "clock", VMGroup: "environment", CheckReach: true,
		Density: "comfortable", FontSize: 13, LogFontSize: 12, NotifyAfterSeconds: 30, KeepDays: 90, KeepGB: 5,
	}
}

// Validate reports the first rule that s breaks, or nil.
func (s Settings) Validate() error {
	switch s.Theme {
	case "light", "dark", "system":
	default:
		return FieldError("theme", "%q is not a theme", s.Theme)
	}
	switch s.LogTime {
	case "off", "clock", "since":
	default:
		return FieldError("logTime", "%q is not a form of time stamps", s.LogTime)
	}
	switch s.VMGroup {
	case "environment", "tag", "source", "provider", "none":
	default:
		return FieldError("vmGroup", "VMs can't be grouped by %q", s.VMGroup)
	}
	if s.Parallelism < 1 || s.Parallelism > 200 {
		return FieldError("parallelism", "at once is a number from 1 to 200")
	}
	if s.SidebarWidth < 200 || s.SidebarWidth > 900 || s.SidebarSplit < 10 || s.SidebarSplit > 90 {
		return FieldError("sidebarWidth", "the pane is 200 to 900 pixels wide")
	}
	if s.Density != "comfortable" && s.Density != "compact" {
		return FieldError("density", "%q is not a density", s.Density)
	}
	for _, word := range []struct{ field, text string }{{"terminal", s.Terminal}, {"sshPath", s.SSHPath}} {
		if len(word.text) > maxProgram || strings.ContainsFunc(word.text, unicode.IsControl) {
			return FieldError(word.field, "a program is at most %d letters long, in one line", maxProgram)
		}
	}
	for _, n := range []struct {
		field           string
		value, min, max int
		what            string
	}{
		{"fontSize", s.FontSize, 11, 17, "the size of letters"},
		{"logFontSize", s.LogFontSize, 9, 16, "the size of letters in output"}, // the lines are 20 pixels high
		{"defaultTimeoutSeconds", s.DefaultTimeoutSeconds, 0, MaxTimeoutSeconds, "a time-out in seconds"},
		{"confirmFrom", s.ConfirmFrom, 0, 1000, "how many VMs are asked about"},
		{"notifyAfterSeconds", s.NotifyAfterSeconds, 0, 24 * 60 * 60, "how long a job takes that is told, in seconds,"},
		{"keepDays", s.KeepDays, 0, 36500, "how many days are kept"},
		{"keepGb", s.KeepGB, 0, 1 << 20, "how many GB are kept"},
	} {
		if n.value < n.min || n.value > n.max {
			return FieldError(n.field, "%s is a number from %d to %d", n.what, n.min, n.max)
		}
	}
	return nil
}

// Retention is how long jobs are kept.
func (s Settings) Retention() Retention {
	return Retention{Days: s.KeepDays, Bytes: int64(s.KeepGB) << 30}
}
