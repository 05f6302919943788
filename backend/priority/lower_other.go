//go:build !linux

package priority

func lowerOthers() bool { return false }
