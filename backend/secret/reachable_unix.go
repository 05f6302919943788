//go:build !windows && !darwin

package secret

import (
	"os"
	"path/filepath"
	"strconv"
)

// reachable says whether there is a session bus to find a keychain on. The library would start one of its own
// otherwise (dbus-launch), which would stay behind and hold no keychain.
func reachable() bool {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address != "autolaunch:"
	}
	_, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus"))
	return err == nil
}
