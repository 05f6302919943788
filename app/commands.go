package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"vmorchestrator/backend/command"
	"vmorchestrator/backend/discovery"
	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/job"
)

// What the faces know of commands beside domain's own words.
type (
	CommandImportRow = command.ImportRow
	CommandImport    = command.ImportReview
	CommandLibrary   = command.Library
	LintHint         = command.Hint
	Suggestion       = command.Suggestion
)

// vmNames gives the names of the VMs by their ids.
func (a *App) vmNames(ctx context.Context) (map[string]string, error) {
	vms, err := a.VMs.List(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(vms))
	for _, vm := range vms {
		names[vm.ID] = vm.Name
	}
	return names, nil
}

// ExportCommands writes commands as text: "yaml", the app's own form, or "ansible", a playbook of one command.
func (a *App) ExportCommands(ctx context.Context, format string, ids []string) (string, error) {
	if format != "ansible" {
		text, err := a.Commands.Export(ctx, ids)
		return string(text), err
	}
	if len(ids) != 1 {
		return "", domain.FieldError("ids", "a playbook is made of one command")
	}
	c, err := a.Commands.Get(ctx, ids[0])
	if err != nil {
		return "", err
	}
	names, err := a.vmNames(ctx)
	if err != nil {
		return "", err
	}
	text, err := command.Playbook(c, names)
	return string(text), err
}

// WriteCommands is ExportCommands into a file.
func (a *App) WriteCommands(ctx context.Context, format string, ids []string, path string) error {
	text, err := a.ExportCommands(ctx, format, ids)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // a team's file, without secrets
		return exportFailed(err)
	}
	return nil
}

// LintScript gives shellcheck's remarks about a script that isn't saved; none where it isn't installed.
func (a *App) LintScript(ctx context.Context, script string) []LintHint {
	return command.Lint(ctx, script)
}

// SetLibrary makes a folder the library and remembers that; "" is none. CodeInvalid with field "folder".
func (a *App) SetLibrary(ctx context.Context, folder string) (CommandLibrary, error) {
	if folder != "" {
		info, err := os.Stat(folder)
		if err != nil || !info.IsDir() || !filepath.IsAbs(folder) {
			return CommandLibrary{}, domain.FieldError("folder", "%s is no folder on this computer", folder)
		}
	}
	settings, err := a.History.GetSettings(ctx)
	if err != nil {
		return CommandLibrary{}, err
	}
	settings.LibraryFolder = folder
	if err := a.History.PutSettings(ctx, settings); err != nil {
		return CommandLibrary{}, err
	}
	a.Commands.UseLibrary(folder)
	a.tellCommands()
	return a.Commands.Library(ctx), nil
}

func (a *App) tellCommands() { a.changes.tell([]domain.Change{{Entity: domain.EntityCommand}}) }

// useLibrary takes the library from the settings, which another process may have changed.
func (a *App) useLibrary(ctx context.Context) {
	settings, err := a.History.GetSettings(ctx)
	if err != nil {
		a.log.Warn("read the settings", "error", err)
		return
	}
	a.Commands.UseLibrary(settings.LibraryFolder)
}

// Suggestions are commands that the person gave to ssh by hand, from the histories of their shells on this computer.
// Nothing is kept of them; what looks like a secret isn't among them.
func (a *App) Suggestions(ctx context.Context) ([]Suggestion, error) {
	all, err := a.Commands.List(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, c := range all {
		known[strings.TrimSpace(c.Script)] = true
	}
	found := command.Suggestions(a.paths.Home, os.Getenv("HISTFILE"))
	return slices.DeleteFunc(found, func(s Suggestion) bool { return known[s.Script] }), nil
}

// Choices asks for the choices of a parameter: the lines that its script prints, on a VM or on this computer. Errors are
// for a person: the script failed, took too long, or the VM can't be reached.
func (a *App) Choices(ctx context.Context, p domain.Param, vmID string) ([]string, error) {
	if strings.TrimSpace(p.From) == "" {
		return []string{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, choicesWithin)
	defer cancel()
	sink := &lineSink{}
	exec := domain.Exec{RunID: newID(), Script: p.From}
	var transport job.Transport = localTransport{a.local}
	target := domain.Target{Kind: domain.TargetLocal}
	if !p.FromLocal {
		vm, err := a.VMs.Get(ctx, vmID)
		if err != nil {
			return nil, err
		}
		transport, target = sshTransport{a.SSH}, discovery.Target(vm)
	}
	proc, err := transport.Start(ctx, target, exec, sink)
	if err != nil {
		return nil, err
	}
	done := make(chan domain.Exit, 1)
	go func() { done <- proc.Wait() }() // ends with the script, which Stop ends
	select {
	case exit := <-done:
		if exit.Kind != domain.ExitStatus || exit.Code != 0 {
			return nil, domain.NewError(domain.CodeNotAllowed, "Type the value, or mend the script of the choices.", "the choices of %s could not be read", p.Name).WithDetails("%s", sink.said())
		}
		return sink.lines(), nil
	case <-ctx.Done():
		proc.Stop(context.WithoutCancel(ctx), 0)
		<-done
		return nil, domain.NewError(domain.CodeNotAllowed, "Type the value, or mend the script of the choices.", "the choices of %s took longer than %s", p.Name, choicesWithin)
	}
}

// lineSink keeps the beginning of what a script prints.
type lineSink struct {
	mu       sync.Mutex
	out, err bytes.Buffer
}

func (s *lineSink) Write(stream domain.Stream, p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := &s.out
	if stream == domain.Stderr {
		to = &s.err
	}
	to.Write(p[:min(len(p), max(0, choicesBytes-to.Len()))])
	return nil
}

func (s *lineSink) Notice(string) {}

func (s *lineSink) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(s.err.String())
}

func (s *lineSink) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out, seen := []string{}, map[string]bool{}
	for line := range strings.Lines(strings.ToValidUTF8(s.out.String(), "\uFFFD")) {
		line = strings.TrimSpace(line)
		if line != "" && !seen[line] && len(out) < maxChoices {
			seen[line] = true
			out = append(out, line)
		}
	}
	return out
}
