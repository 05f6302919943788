package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

// Exit statuses.
const (
	exitOK          = 0
	exitSome        = 1 // not every run succeeded, or not every line of an import could be used
	exitUsage       = 2
	exitInterrupted = 130
)

// streams is what a process has besides its arguments.
type streams struct {
	in         *os.File
	out, err   io.Writer
	interrupts <-chan os.Signal
	tty        [2]bool      // stdout, stderr are terminals
	ask        bool         // there is a person to ask
	prompter   app.Prompter // who is asked in the terminal's place; nil: the terminal, if there is one
	env        func(string) string
}

// cli is one call of vmo.
type cli struct {
	streams
	data, config string
	demo         bool
	status       int             // exit status of a call without an error
	hurry        context.Context // done at the second interrupt
	leave        context.CancelFunc
}

// run does one call and gives its exit status.
func run(ctx context.Context, args []string, s streams) int {
	c := &cli{streams: s}
	c.hurry, c.leave = context.WithCancel(ctx)
	defer c.leave()
	stop, interrupted := c.watch(ctx)
	defer stop()
	root := c.root()
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(interrupted)
	switch {
	case errors.Is(context.Cause(interrupted), errInterrupted):
		if err != nil && !errors.Is(err, errInterrupted) && !errors.Is(err, context.Canceled) {
			c.complain(err)
		}
		return exitInterrupted
	case err != nil:
		c.complain(err)
		return exitOf(err)
	}
	return c.status
}

var errInterrupted = errors.New("interrupted")

// watch makes a context that the first interrupt ends; the second ends c.hurry.
func (c *cli) watch(ctx context.Context) (stop func(), interrupted context.Context) {
	interrupted, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-c.interrupts:
			}
			if n > 0 {
				c.leave()
				return
			}
			cancel(errInterrupted)
		}
	})
	return func() { close(done); wg.Wait(); cancel(nil) }, interrupted
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "vmo",
		Short: "Run commands on your VMs, watch them live, keep every line",
		Long: `vmo runs commands on the machines of your ~/.ssh/config and on those you added,
connects exactly as ssh does, prints every line as it comes and keeps it all on
your disk, together with the window of VM Orchestrator.`,
		Example: `  vmo vms
  vmo run --on web-1 -- 'hostname; uptime'
  vmo run --tag db --parallel 4 -- df -h
  vmo logs 12 --follow`,
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"})
	flags := root.PersistentFlags()
	flags.StringVar(&c.data, "data", c.env("VMO_DATA_DIR"), "data folder (VMO_DATA_DIR)")
	flags.StringVar(&c.config, "ssh-config", c.env("VMO_SSH_CONFIG"), "ssh_config file (VMO_SSH_CONFIG; default ~/.ssh/config)")
	flags.BoolVar(&c.demo, "demo", false, "use the demo fleet: emulated machines, with data of their own")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("See '"+cmd.CommandPath()+" --help'.", "%w", err)
	})
	root.AddCommand(c.vmsCommand(), c.runCommand(), c.jobsCommand(), c.logsCommand(), c.searchCommand(), c.cancelCommand(),
		c.explainCommand(), c.checkCommand(), c.importCommand(), c.exportCommand(), c.backupCommand(), c.restoreCommand(), c.checkDataCommand(), c.repairCommand(),
		c.versionCommand())
	return root
}

// open opens the app. asks says whether a question may be put to the person.
func (c *cli) open(ctx context.Context, asks bool) (*app.App, error) {
	return app.Open(ctx, app.Config{
		DataDir: c.data, SSHConfig: c.config, Demo: c.demo, Origin: domain.OriginCLI, Version: version,
		Terminal: asks && c.ask, Prompter: c.prompter, RingBytes: ringBytes,
	})
}

// with opens the app, does f and closes the app.
func (c *cli) with(ctx context.Context, asks bool, f func(a *app.App) error) (err error) {
	a, err := c.open(ctx, asks)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(c.hurry, closeWait)
		defer cancel()
		if closeErr := a.Close(closing); closeErr != nil && err == nil && c.hurry.Err() == nil {
			err = closeErr
		}
	}()
	return f(a)
}

func usage(hint, format string, args ...any) *domain.Error {
	return domain.NewError(domain.CodeUsage, hint, format, args...)
}

// exitOf is the exit status for an error that kept a call from being done.
func exitOf(err error) int {
	if domain.CodeOf(err) == domain.CodeNotAllowed {
		return exitSome
	}
	return exitUsage
}

// complain prints an error with its next step.
func (c *cli) complain(err error) {
	var known *domain.Error
	if !errors.As(err, &known) {
		// What is left are cobra's complaints about the arguments.
		known = usage("See 'vmo --help'.", "%w", err)
	}
	fmt.Fprint(c.err, "vmo: ", indent(c.clean(known.Message)), "\n")
	if known.Hint != "" {
		fmt.Fprint(c.err, "  ", indent(c.clean(known.Hint)), "\n")
	}
}

// clean is text that may hold what a server said, without what a terminal would obey.
func (c *cli) clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unsafeRune(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

func indent(text string) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
