//go:build !dev

package desktop

const developing = false
