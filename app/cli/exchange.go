package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

func (c *cli) importCommand() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Take VMs in from a CSV table, an Ansible inventory, JSON or a list of addresses", Args: cobra.ExactArgs(1),
		Long: `Take in the machines of a file; "-" is standard input. What seems to be there already, by
name or address, is left out and told, and so is each line that can't be used. Passwords
are never taken over. The window shows the same as a review, with a tick for each.`,
		Example: "  vmo import inventory.ini --dry-run\n  vmo import machines.csv",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), false, func(a *app.App) error { return c.importFile(cmd, a, args[0], dry) })
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be taken in")
	return cmd
}

func (c *cli) importFile(cmd *cobra.Command, a *app.App, name string, dry bool) error {
	text, err := c.readImport(name)
	if err != nil {
		return usage("Name a file that can be read, or - for standard input.", "%w", err)
	}
	name = filepath.Base(name)
	var review domain.ImportReview
	var taken []string
	if dry {
		if review, err = a.ReviewImport(cmd.Context(), name, text); err != nil {
			return err
		}
		for _, host := range review.New {
			if !slices.ContainsFunc(review.Doubles, func(d domain.ImportDouble) bool { return d.Alias == host.Alias }) {
				taken = append(taken, host.Name+"  "+domain.Address(host.User, host.Host, host.Port))
			}
		}
	} else {
		var vms []domain.VM
		if review, vms, err = a.ImportAll(cmd.Context(), name, text); err != nil {
			return err
		}
		for _, vm := range vms {
			taken = append(taken, vm.Name+"  "+domain.Address(vm.User, vm.Host, vm.Port))
		}
	}
	for _, line := range taken {
		fmt.Fprintln(c.out, c.clean(line))
	}
	for _, p := range append(review.Problems, review.Left...) {
		fmt.Fprintf(c.err, "vmo: line %d: %s\n", p.Line, c.clean(p.Message))
	}
	for _, d := range review.Doubles {
		fmt.Fprintf(c.err, "vmo: %s is left out: the VM %s has the same %s\n", c.clean(d.Alias), c.clean(d.VMName), d.Why)
	}
	for _, changed := range review.Changed {
		fmt.Fprintf(c.err, "vmo: %s says something else now; look through that in the window\n", c.clean(changed.VM.Name))
	}
	verb := "taken in"
	if dry {
		verb = "would be taken in"
	}
	fmt.Fprintf(c.err, "%s: %d %s, %d there already, %d lines could not be used\n", c.clean(review.Format), len(taken), verb, review.Same+len(review.Doubles), len(review.Problems))
	if len(review.Problems) > 0 {
		c.status = exitSome
	}
	return nil
}

func (c *cli) readImport(name string) (string, error) {
	var in io.Reader = c.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxImport))
	return string(data), err
}

func (c *cli) exportCommand() *cobra.Command {
	var format string
	var tags []string
	cmd := &cobra.Command{
		Use: "export [NAME...]", Short: "Write VMs as JSON, ssh_config or an Ansible inventory",
		Example: "  vmo export --format ansible > inventory.yml\n  vmo export --format ssh_config --tag web > ~/.ssh/vms.conf",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), false, func(a *app.App) error {
				ids, err := c.vmIDs(cmd, a, args, tags)
				if err != nil {
					return err
				}
				text, err := a.ExportVMs(cmd.Context(), app.ExportFormat(strings.ReplaceAll(format, "-", "_")), ids)
				if err != nil {
					return err
				}
				_, err = io.WriteString(c.out, text)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "json", "json, ssh_config or ansible")
	cmd.Flags().StringSliceVar(&tags, "tag", nil, "only VMs with one of these tags")
	return cmd
}

// vmIDs are those of VMs by their names and tags; none named is none given.
func (c *cli) vmIDs(cmd *cobra.Command, a *app.App, names, tags []string) ([]string, error) {
	if len(names)+len(tags) == 0 {
		return nil, nil
	}
	targets, err := a.Targets(cmd.Context(), names, tags, false)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, t := range targets {
		if t.VMID == nil {
			return nil, domain.NewError(domain.CodeNotFound, "See what there is with: vmo vms", "%q is not taken in", t.Name)
		}
		ids = append(ids, *t.VMID)
	}
	return ids, nil
}
