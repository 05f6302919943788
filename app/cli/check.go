package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// jsonCheck is a connection made step by step.
type jsonCheck struct {
	Type string `json:"type"` // "check"
	domain.ConnectionCheck
}

func (c *cli) checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "check HOST", Short: "Connect to a host step by step and say where it fails", Args: cobra.ExactArgs(1),
		Long: `Connect to a host as a run would, and say how each step went: ssh_config, the
look-up of the name, TCP, the server's banner, its host key, the login and the
shell, on every jump host and on the host itself. It changes nothing: no host key
is stored and nothing is asked. Exit status 0 if all went well, 1 if a step failed.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), false, func(a *app.App) error {
				t, err := a.Destination(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				check := a.Check(cmd.Context(), t)
				if !check.OK {
					c.status = exitSome
				}
				if asJSON {
					_, err = c.out.Write(appendJSON(nil, jsonCheck{"check", check}))
					return err
				}
				_, err = fmt.Fprint(c.out, c.clean(checked(check)))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// stepNames are the steps in words.
var stepNames = map[domain.StepKind]string{
	domain.StepSettings: "ssh_config", domain.StepLookUp: "look-up", domain.StepTCP: "TCP", domain.StepProxy: "ProxyCommand",
	domain.StepForward: "forwarding", domain.StepBanner: "banner", domain.StepHostKey: "host key", domain.StepLogin: "login",
	domain.StepShell: "shell",
}

// checked is a check as a person reads it.
func checked(check domain.ConnectionCheck) string {
	hosts, steps := 0, 0
	for _, s := range check.Steps {
		hosts = max(hosts, utf8.RuneCountInString(s.Host))
		steps = max(steps, len(stepNames[s.Kind]))
	}
	var b strings.Builder
	for _, s := range check.Steps {
		state, text, took := "ok", s.Text, millis(s.Micros)
		switch s.State {
		case domain.StepFailed:
			state, text = "FAIL", fmt.Sprintf("%s (%s)", s.Error.Message, s.Error.Code)
		case domain.StepNotReached:
			state, text, took = "-", "not reached", ""
		}
		line := fmt.Sprintf("%-*s  %-*s  %-4s  %9s  %s", hosts, s.Host, steps, stepNames[s.Kind], state, took, text)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		if s.Error != nil && s.Error.Hint != "" {
			fmt.Fprintf(&b, "%*s%s\n", hosts+steps+21, "", s.Error.Hint)
		}
	}
	if check.OK {
		fmt.Fprintf(&b, "%s can be used; all of it took %s.\n", check.Name, millis(check.Micros))
	}
	return b.String()
}

func millis(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(micros)/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}
