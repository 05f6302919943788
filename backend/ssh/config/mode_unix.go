//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// unsafeMode says what keeps ssh from reading a file that others may write, or "".
func unsafeMode(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o022 == 0 {
		return ""
	}
	return "others may write this file, so ssh refuses it: chmod go-w " + path
}

// onlyMine is ssh's own question to a file of the person (readconf.c, SSHCONF_CHECKPERM).
func onlyMine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Getuid()) && info.Mode().Perm()&0o022 == 0
}

func inodeOf(info fs.FileInfo) uint64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return stat.Ino
	}
	return 0
}
