package main

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

type runOptions struct {
	on, tags                      []string
	all                           bool
	template                      string
	set, setFromEnv, setFromFD    []string
	secrets                       map[string]string // what the latter two gave
	parallel                      int
	timeout                       time.Duration
	group, raw, quiet, json, sure bool
}

func (c *cli) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run [flags] -- COMMAND ...", Short: "Run a command or a template on VMs",
		Long: `Run a command on one or many VMs, print every line as "VM | line" as it comes, and
keep it. The words after -- are joined by blanks, as ssh does it.

--on takes the name of a VM, an alias of ssh_config, or user@host[:port] (IPv6 in
brackets). A template that runs on this computer needs none. Unknown host keys are
asked on a terminal and refused, with their fingerprint, without one; --yes never
trusts a key.

Secret parameters of a template are asked on the terminal, without echo, or handed
in by --set-from-env or --set-from-fd. vmo keeps them nowhere; those that you had
the window keep in this computer's keychain are taken from there.

Ctrl-C stops the remote processes and says what happened to each; a second Ctrl-C
leaves them to end by themselves when their lease is over.

Exit status: 0 every run succeeded, 1 some did not, 2 wrong use, 130 after Ctrl-C.`,
		Example: `  vmo run --on web-1 -- 'hostname; uptime'
  vmo run --on web-1 --on root@192.0.2.7:2222 -- df -h
  vmo run --tag staging --template "Disk usage" --set path=/var
  vmo run --on db-1 --template "Dump" --set-from-fd password=3 3</run/secrets/db
  vmo run --on web-1 --raw -- tar cz /etc > etc.tgz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := o.request(cmd, args)
			if err != nil {
				return err
			}
			if o.secrets, err = c.given(o.setFromEnv, o.setFromFD); err != nil {
				return err
			}
			return c.with(cmd.Context(), !o.json, func(a *app.App) error { return c.run(cmd.Context(), a, o, req) })
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.on, "on", nil, "VM, alias of ssh_config, or user@host[:port]; may be repeated")
	f.StringArrayVar(&o.tags, "tag", nil, "all VMs with this tag; may be repeated")
	f.BoolVar(&o.all, "all", false, "all VMs that are taken in")
	f.StringVar(&o.template, "template", "", "name of a saved command, in place of COMMAND")
	f.StringArrayVar(&o.set, "set", nil, "value of a template's parameter, as key=value; may be repeated")
	f.StringArrayVar(&o.setFromEnv, "set-from-env", nil, "value of a secret parameter from a variable, as key=NAME; may be repeated")
	f.StringArrayVar(&o.setFromFD, "set-from-fd", nil, "value of a secret parameter from a file descriptor, as key=N; may be repeated")
	f.IntVar(&o.parallel, "parallel", 0, "runs at once (default: the setting, 32)")
	f.DurationVar(&o.timeout, "timeout", 0, "stop a run that takes longer, such as 30s or 5m (default: the template's, or none)")
	f.BoolVar(&o.group, "group", false, "print each run's output together when it has ended")
	f.BoolVar(&o.raw, "raw", false, "the exact bytes of one run, nothing else")
	f.BoolVar(&o.quiet, "quiet", false, "print no output, only what went wrong")
	f.BoolVar(&o.json, "json", false, "print one JSON object a line; asks nothing")
	f.BoolVar(&o.sure, "yes", false, "don't ask before a command that wants to be confirmed")
	return cmd
}

// request checks the flags and makes what they say about the command.
func (o *runOptions) request(cmd *cobra.Command, args []string) (app.StartJob, error) {
	req := app.StartJob{Kind: domain.KindSSH, Origin: domain.OriginCLI, Values: map[string]string{}}
	see := "See 'vmo run --help'."
	modes := 0
	for _, on := range []bool{o.group, o.raw, o.quiet, o.json} {
		if on {
			modes++
		}
	}
	switch {
	case len(args) > 0 && cmd.ArgsLenAtDash() != 0:
		return req, usage("Put -- before the command: vmo run --on VM -- COMMAND", "%q is no flag of run", args[0])
	case !o.targeted() && o.template == "":
		return req, onWhich()
	case len(args) == 0 && o.template == "":
		return req, usage("vmo run --on VM -- COMMAND, or --template NAME", "what is to be run?")
	case len(args) > 0 && o.template != "":
		return req, usage(see, "a command and --template don't go together")
	case len(o.set)+len(o.setFromEnv)+len(o.setFromFD) > 0 && o.template == "":
		return req, usage(see, "--set, --set-from-env and --set-from-fd are for the parameters of a --template")
	case modes > 1:
		return req, usage(see, "--group, --raw, --quiet and --json don't go together")
	}
	for _, pair := range o.set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return req, usage("--set key=value", "%q has no value", pair)
		}
		req.Values[key] = value
	}
	if cmd.Flags().Changed("parallel") {
		req.Parallelism = &o.parallel
	}
	if cmd.Flags().Changed("timeout") {
		seconds := int((o.timeout + time.Second - 1) / time.Second)
		if o.timeout <= 0 {
			return req, usage("Such as --timeout 30s.", "a time-out is longer than nothing")
		}
		req.TimeoutSeconds = &seconds
	}
	req.Script = strings.Join(args, " ")
	return req, nil
}

func (o *runOptions) targeted() bool { return len(o.on)+len(o.tags) > 0 || o.all }

func onWhich() error {
	return usage("Say where with --on VM, --tag TAG or --all; 'vmo vms' lists them.", "on which VMs?")
}

func (c *cli) run(ctx context.Context, a *app.App, o runOptions, req app.StartJob) error {
	var err error
	if o.targeted() {
		if req.Targets, err = a.Targets(ctx, o.on, o.tags, o.all); err != nil {
			return err
		}
	}
	if o.raw && len(req.Targets) > 1 {
		return usage("Choose one VM, or read them later with 'vmo logs JOB --raw --vm VM'.", "--raw gives the bytes of one run, and this would be %d", len(req.Targets))
	}
	if o.template != "" {
		command, err := a.CommandNamed(ctx, o.template, req.Targets)
		if err != nil {
			return err
		}
		if !o.targeted() && command.Kind != domain.KindLocal {
			return onWhich()
		}
		req.CommandID, req.Kind = command.ID, command.Kind
		if err := checkSet(command, req.Values); err != nil {
			return err
		}
		if command.Confirm && !o.sure {
			if err := c.confirm(ctx, command, len(req.Targets)); err != nil {
				return err
			}
		}
		if req.Secrets, err = c.secrets(ctx, a, command, o.secrets, !o.json); err != nil {
			return err
		}
	}
	return c.follow(ctx, a, o, req)
}

// checkSet refuses values for parameters that a command doesn't have: a typing error must not run it with a default.
func checkSet(command domain.Command, values map[string]string) error {
	names := map[string]bool{}
	var list []string
	for _, p := range command.Params {
		if _, given := values[p.Name]; given && p.Type == domain.ParamSecret {
			return usage(fmt.Sprintf("Leave it out to be asked, or hand it in: --set-from-env %s=NAME or --set-from-fd %s=N.", p.Name, p.Name),
				"%s is a secret: on a command line every user of this computer can read it", p.Name)
		}
		if path := values[p.Name]; p.Type == domain.ParamFile && path != "" && !strings.HasPrefix(path, "~") {
			whole, err := filepath.Abs(path)
			if err != nil {
				return usage("", "%s: %w", path, err)
			}
			values[p.Name] = whole
		}
		names[p.Name] = true
		list = append(list, p.Name)
	}
	for key := range values {
		if !names[key] {
			hint := "It has none."
			if len(list) > 0 {
				hint = "It has " + strings.Join(list, ", ") + "."
			}
			return usage(hint, "%q is no parameter of %s", key, command.Name)
		}
	}
	return nil
}

func (c *cli) confirm(ctx context.Context, command domain.Command, n int) error {
	if !c.ask {
		return usage("Add --yes.", "%s wants to be confirmed, and there is no terminal to ask", command.Name)
	}
	on := vms(n)
	if command.Kind == domain.KindLocal {
		on = "this computer"
		if n > 0 {
			on += ", for " + vms(n)
		}
	}
	fmt.Fprintf(c.err, "Run %q on %s? [y/N] ", c.clean(command.Name), on)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(c.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case text := <-answer:
		if text == "y" || text == "yes" {
			return nil
		}
		return usage("", "not confirmed, nothing was run")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func vms(n int) string {
	if n == 1 {
		return "1 VM"
	}
	return fmt.Sprintf("%d VMs", n)
}
