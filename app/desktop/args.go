package desktop

import (
	"os"
	"runtime"
	"strings"

	"vmorchestrator/backend/domain"
)

// Start is how the window was called.
type Start struct {
	DataDir   string // "": VMO_DATA_DIR or the system's convention
	SSHConfig string // "": VMO_SSH_CONFIG or ~/.ssh/config
	Demo      bool   // open on the demo fleet
	Version   bool   // only say the version
}

// ParseArgs reads --data DIR, --ssh-config FILE, --demo and --version. What else there is belongs
// to others (macOS adds arguments of its own, a dev build has those of Wails) and is passed over.
func ParseArgs(args []string) (Start, error) {
	var s Start
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(strings.TrimPrefix(args[i], "-"), "=")
		var into *string
		switch name {
		case "-demo":
			s.Demo = true
		case "-version":
			s.Version = true
		case "-data":
			into = &s.DataDir
		case "-ssh-config":
			into = &s.SSHConfig
		}
		if into == nil {
			continue
		}
		if !given {
			if i++; i == len(args) {
				return s, domain.NewError(domain.CodeUsage, "vm-orchestrator [--data DIR] [--ssh-config FILE] [--demo]", "-%s needs a value", name)
			}
			value = args[i]
		}
		*into = value
	}
	return s, allowed(s, os.Getenv)
}

// allowed keeps a development build, whose server any page in a browser of this computer can drive, away from a person's
// own data.
func allowed(s Start, getenv func(string) string) error {
	if !developing || s.Demo || s.Version || s.DataDir != "" || getenv("VMO_DATA_DIR") != "" {
		return nil
	}
	return domain.NewError(domain.CodeUsage, "Use --demo, or name a data folder of its own with --data DIR.",
		"a development build serves the app to every browser on this computer and isn't started on your own data")
}

// Preflight reports what would keep a window from opening at all.
func Preflight(getenv func(string) string) error {
	if runtime.GOOS == "linux" && bindings == "" && !developing && getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" {
		return domain.NewError(domain.CodeUnsupported, "Use the command line: vmo --help.", "there is no display to open a window on")
	}
	return nil
}
