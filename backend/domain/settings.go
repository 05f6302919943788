package domain

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
}

// DefaultParallelism is how many runs of a job go at once unless told otherwise: enough to hide a round trip, few
// enough that 32 handshakes don't starve a laptop.
const DefaultParallelism = 32

// DefaultSettings are those of a new data folder.
func DefaultSettings() Settings {
	return Settings{
		Theme: "system", Parallelism: DefaultParallelism, ConfirmProd: true,
		SidebarWidth: 296, SidebarSplit: 55, LogTime: "clock", VMGroup: "environment", CheckReach: true,
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
	return nil
}
