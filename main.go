// Package main is VM Orchestrator, the desktop application: it opens the window and nothing else. Wails also runs main
// to generate bindings, so nothing may happen here that needs the person's data.
package main

import (
	"embed"
	"fmt"
	"os"

	"github.com/wailsapp/wails/v2"

	"vmorchestrator/app"
	"vmorchestrator/app/desktop"
)

//go:embed all:frontend/dist
var assets embed.FS

//go:embed build/appicon.png
var icon []byte

// version is set when a release is built.
var version = "dev"

func main() {
	if err := app.NoCoreDumps(); err != nil {
		desktop.Fatal(err)
	}
	start, err := desktop.ParseArgs(os.Args[1:])
	switch {
	case err != nil:
		desktop.Fatal(err)
	case start.Version:
		fmt.Println("vm-orchestrator " + version)
		return
	}
	if err := desktop.Preflight(os.Getenv); err != nil {
		desktop.Fatal(err)
	}
	if err := wails.Run(desktop.Options(assets, icon, version, start)); err != nil {
		desktop.Fatal(err)
	}
}
