//go:build !bindings

package desktop

const bindings = ""
