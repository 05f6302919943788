package planted

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// Processes gives the /proc/PID/cmdline and /proc/PID/environ of this computer that hold secret. Processes whose
// environment has the text except are left out of the latter; "" leaves none out.
func Processes(secret, except string) []string {
	var found []string
	for _, what := range []string{"cmdline", "environ"} {
		files, _ := filepath.Glob("/proc/[0-9]*/" + what) // the pattern is a good one
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil || !In(text, secret) {
				continue // gone, or somebody else's
			}
			if what == "environ" && except != "" && bytes.Contains(text, []byte(except)) {
				continue
			}
			name, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "comm"))
			found = append(found, fmt.Sprintf("%s (%s)", file, bytes.TrimSpace(name)))
		}
	}
	return found
}
