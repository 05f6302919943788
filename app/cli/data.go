package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

func (c *cli) appConfig() app.Config {
	return app.Config{DataDir: c.data, SSHConfig: c.config, Demo: c.demo, Origin: domain.OriginCLI, Version: version}
}

func (c *cli) backupCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Copy all data into one file, also while jobs run", Args: exactly("a FILE"),
		Long: `Copy VMs, commands, settings and the history with all its output into one file, as
of one moment, also while jobs run. Secrets are not in it: they are in the keychain
of this computer alone. What commands printed is, as it came.`,
		Example: "  vmo backup ~/vmo-2026-11-24.db",
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Lstat(args[0]); err == nil && !force {
				return usage("Name another file, or use --force.", "%s is there already", args[0])
			}
			return c.with(cmd.Context(), false, func(a *app.App) error {
				b, err := a.History.Backup(cmd.Context(), args[0], c.progress("backing up"))
				c.progressEnds()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.out, "%s: %s, %s\n", b.Path, app.BackupText(b), size(b.Bytes))
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace a file of that name")
	return cmd
}

func (c *cli) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Put a backup in the place of the data", Args: exactly("a FILE"),
		Long: `Put a backup in the place of the data, after every page of it was checked. Nobody may
use the data meanwhile: close the window and stop jobs of other vmo commands first.
The data that was there is kept beside it. A backup of an older version is brought up
to date when it is next used; one of a newer version is refused.`,
		Example: "  vmo restore ~/vmo-2026-11-24.db",
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := app.RestoreData(cmd.Context(), c.appConfig(), args[0], c.progress("restoring"))
			c.progressEnds()
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "restored %s: %s\n", done.Path, app.BackupText(done.Backup))
			if done.Replaced != "" {
				fmt.Fprintf(c.out, "what was there is kept as %s\n", done.Replaced)
			}
			return nil
		},
	}
}

func (c *cli) checkDataCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check-data", Short: "Look whether the data is sound", Args: cobra.NoArgs,
		Long:    "Look at every page of the database, also while it is in use. Nothing is changed.\n\nExit status: 0 sound, 2 damaged.",
		Example: "  vmo check-data",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), false, func(a *app.App) error {
				if err := a.History.Check(cmd.Context()); err != nil {
					return err
				}
				_, err := fmt.Fprintln(c.out, "The database is sound.")
				return err
			})
		},
	}
}

func (c *cli) repairCommand() *cobra.Command {
	return &cobra.Command{
		Use: "repair", Short: "Save what can be read of damaged data", Args: cobra.NoArgs,
		Long: `Write all that can be read of a damaged database into a new one, which takes its place.
The damaged one is kept beside. Output that has a hole ends there, and its run says so.
A sound database is left as it is. Nobody may use the data meanwhile.`,
		Example: "  vmo repair",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := app.RepairData(cmd.Context(), c.appConfig())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.out, app.SalvageText(s))
			return err
		},
	}
}

// progress shows on a terminal how far a long copy is.
func (c *cli) progress(what string) app.Progress {
	if !c.tty[1] {
		return nil
	}
	var told time.Time
	return func(done, total int64) {
		if total > 0 && time.Since(told) > followEvery {
			told = time.Now()
			fmt.Fprintf(c.streams.err, "\r\x1b[K%s: %d %% of %s", what, done*100/total, size(total))
		}
	}
}

func (c *cli) progressEnds() {
	if c.tty[1] {
		fmt.Fprint(c.streams.err, "\r\x1b[K")
	}
}

// size is a number of bytes as a person reads it.
func size(n int64) string {
	units := []string{"B", "KB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for ; f >= 1000 && i < len(units)-1; i++ {
		f /= 1000
	}
	if i == 0 || f >= 100 {
		return fmt.Sprintf("%.0f %s", f, units[i])
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}
