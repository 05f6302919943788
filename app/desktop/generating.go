//go:build bindings

package desktop

// bindings is set in the program that only writes the frontend's bindings, and needs no display.
const bindings = "yes"
