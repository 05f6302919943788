package app

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// demo opens the app on the demo fleet, with data that ends with the test.
func demoApp(t *testing.T) *App {
	t.Helper()
	a, err := Open(t.Context(), Config{DataDir: t.TempDir(), Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return a
}

// printed is all that a run has left in the log, by stream.
func printed(t *testing.T, a *App, runID string) map[domain.Stream]string {
	t.Helper()
	page, err := a.Logs.Read(t.Context(), runID, 1, 1000)
	if err != nil {
		t.Fatal(err)
	}
	text := map[domain.Stream]string{}
	for _, line := range page.Lines {
		text[line.Stream] += line.Text + "\n"
	}
	return text
}

// The first thing that a person tries: each command that comes with the app, on each machine of the demo.
func TestShippedCommandsOnTheDemo(t *testing.T) {
	a := demoApp(t)
	vms, err := a.VMs.List(t.Context())
	if err != nil || len(vms) < 5 {
		t.Fatalf("%d VMs, %v", len(vms), err)
	}
	commands, err := a.Commands.List(t.Context())
	if err != nil || len(commands) < 20 {
		t.Fatalf("%d commands, %v", len(commands), err)
	}
	// What must stand in the output of every machine.
	says := map[string]string{
		"System overview": "processors\n", "Disk usage": "\t/var/log\n", "Service status": "ssh.service", "Follow a journal": "Server listening",
		"Package updates": "l", "Docker containers": "NAMES",
	}
	needs := map[string]map[string]string{
		"Restart a service": {"service": "ssh"}, "Certificate expiry": {"host": "localhost"}, "Docker logs": {"container": "web"}, "Tail a file": {"file": "/etc/os-release", "follow": "no"},
	}
	targets, err := a.Targets(t.Context(), nil, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	// The demo has not all that a real machine has. What is missing is said, and nothing waits for it.
	lacks := []string{"Restart a service", "Certificate expiry", "Reboot", "Run a make target", "Terraform plan", "Docker stats", "Listening ports", "Docker logs"}
	for _, command := range commands {
		t.Run(command.Name, func(t *testing.T) {
			follows := command.Name == "Follow a journal" || command.Name == "Docker logs" || command.Name == "Docker stats"
			values := map[string]string{}
			for _, p := range command.Params {
				values[p.Name] = p.Default
			}
			for name, value := range needs[command.Name] {
				values[name] = value
			}
			d, err := a.Jobs.Start(t.Context(), StartJob{CommandID: command.ID, Values: values, Targets: slices.Clone(targets), Origin: domain.OriginCLI})
			if err != nil {
				t.Fatal(err)
			}
			if follows { // it ends when it is stopped
				for _, r := range d.Runs {
					if slices.Contains(lacks, command.Name) {
						continue
					}
					wait(t, func() bool { return strings.Contains(printed(t, a, r.ID)[domain.Stdout], says[command.Name]) })
				}
				if _, err := a.Jobs.CancelJob(t.Context(), d.Job.ID); err != nil {
					t.Fatal(err)
				}
			}
			if d, err = a.Jobs.Wait(t.Context(), d.Job.ID); err != nil {
				t.Fatal(err)
			}
			for _, r := range d.Runs {
				text := printed(t, a, r.ID)
				if slices.Contains(lacks, command.Name) {
					if r.Status == domain.StatusFailed && text[domain.Stderr] == "" {
						t.Errorf("%s: failed without a word", r.VMName)
					}
					continue
				}
				want := domain.StatusSucceeded
				if follows {
					want = domain.StatusCanceled
				}
				if r.Status != want || text[domain.Stderr] != "" || !strings.Contains(text[domain.Stdout], says[command.Name]) {
					t.Errorf("%s: %s, error %v\n%s\nstderr: %s", r.VMName, r.Status, r.Error, text[domain.Stdout], text[domain.Stderr])
				}
			}
		})
	}
}

func wait(t *testing.T, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !cond(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never happened")
		}
	}
}

// Secrets work on the demo, too: what a person tries there is what happens elsewhere.
func TestSecretsOnTheDemo(t *testing.T) {
	a := demoApp(t)
	c, err := a.Commands.Create(t.Context(), domain.Command{
		Name: "secretive", Script: "echo \"<\"{{token}}\">\"; sudo -S -p '' whoami; cat",
		Params: []domain.Param{{Name: "token", Type: domain.ParamSecret, Required: true}, {Name: "password", Type: domain.ParamSecret, Stdin: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	targets, err := a.Targets(t.Context(), nil, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Jobs.Start(t.Context(), StartJob{CommandID: c.ID, Targets: targets[:1], Secrets: map[string]string{"token": "a b", "password": "pw"}})
	if err != nil {
		t.Fatal(err)
	}
	if d, err = a.Jobs.Wait(t.Context(), d.Job.ID); err != nil {
		t.Fatal(err)
	}
	if got := printed(t, a, d.Runs[0].ID)[domain.Stdout]; !strings.HasPrefix(got, "<a b>\n") || strings.Contains(got, "pw") || strings.Count(got, "\n") != 2 {
		t.Errorf("%s, printed %q", d.Job.Status, got)
	}
}
