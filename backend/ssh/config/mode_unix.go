//go:build unix

package config

import (
	"os"
)

// unsafeMode says what keeps ssh from reading a file that others may write, or "".
func unsafeMode(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o022 == 0 {
		return ""
	}
	return "others may write this file, so ssh refuses it: chmod go-w " + path
}
