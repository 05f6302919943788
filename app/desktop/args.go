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

// Preflight reports what would keep a window from opening at all.
func Preflight(getenv func(string) string) error {
	if runtime.GOOS == "linux" && bindings == "" && getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" {
		return domain.NewError(domain.CodeUnsupported, "Use the command line: vmo --help.", "there is no display to open a window on")
	}
	return nil
}
