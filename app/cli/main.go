// Package main is vmo, the command line of VM Orchestrator: the same engine as the window's, on the same data, without
// a window. Its exit status is 0 when every run succeeded, 1 when some did not, 2 for wrong use or configuration, and
// 130 after Ctrl-C.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"vmorchestrator/app"
)

// version is set when a release is built.
var version = "dev"

func main() {
	if err := app.NoCoreDumps(); err != nil {
		fmt.Fprintln(os.Stderr, "vmo: forbid core dumps:", err)
		os.Exit(exitUsage)
	}
	// A reader that went away (vmo ... | head) is an error of the write, not the end of the process: what runs on the
	// machines is stopped first.
	signal.Ignore(syscall.SIGPIPE)
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	os.Exit(run(context.Background(), os.Args[1:], streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, interrupts: interrupts,
		tty: [2]bool{term.IsTerminal(int(os.Stdout.Fd())), term.IsTerminal(int(os.Stderr.Fd()))},
		ask: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())),
		env: os.Getenv,
	}))
}
