package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"vmorchestrator/app"
	"vmorchestrator/backend/domain"
)

func (c *cli) vmsCommand() *cobra.Command {
	var asJSON bool
	var tags []string
	cmd := &cobra.Command{
		Use: "vms", Short: "List VMs, and hosts of ssh_config that are not taken in yet", Args: cobra.NoArgs,
		Long: `List your VMs, and after them the hosts of ssh_config that were not taken in yet.
Both can be used with --on. Hosts are taken in by the review in the window.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), false, func(a *app.App) error { return c.vms(cmd, a, asJSON, tags) })
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	cmd.Flags().StringSliceVar(&tags, "tag", nil, "only VMs with one of these tags")
	return cmd
}

func (c *cli) vms(cmd *cobra.Command, a *app.App, asJSON bool, tags []string) error {
	known, err := a.VMs.List(cmd.Context())
	if err != nil {
		return err
	}
	known = slices.DeleteFunc(known, func(vm domain.VM) bool {
		return len(tags) > 0 && !slices.ContainsFunc(vm.Tags, func(tag string) bool { return slices.Contains(tags, tag) })
	})
	review, err := a.VMs.Review(cmd.Context())
	if err != nil {
		return err
	}
	if len(tags) > 0 {
		review.New = nil // what isn't taken in has no tags
		if len(known) == 0 {
			return domain.NewError(domain.CodeNotFound, "See the tags with: vmo vms", "no VM has the tag %s", strings.Join(tags, " or "))
		}
	}
	if trouble := a.ConfigTrouble(cmd.Context()); trouble != nil {
		if len(known) == 0 {
			return trouble
		}
		c.complain(trouble) // the VMs that are taken in are still there
	}
	for _, p := range review.Problems {
		fmt.Fprintf(c.err, "vmo: %s:%d: %s\n", c.clean(p.File), p.Line, c.clean(p.Message))
	}
	if asJSON {
		var out []byte
		for _, vm := range known {
			out = appendJSON(out, vmJSON(vm))
		}
		for _, h := range review.New {
			out = appendJSON(out, jsonVM{
				Type: "vm", Name: h.Alias, Source: domain.SourceSSHConfig, User: h.User, Host: h.Host, Port: h.Port,
				Environment: h.Environment, Provider: h.Provider, Tags: []string{},
			})
		}
		_, err := c.out.Write(out)
		return err
	}
	if len(known)+len(review.New) == 0 {
		fmt.Fprintln(c.err, "No VMs yet. Add hosts to your ssh_config, or try 'vmo --demo vms'.")
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tADDRESS\tENVIRONMENT\tTAGS\tSOURCE")
	for _, vm := range known {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.clean(vm.Name), c.clean(dash(domain.Address(vm.User, vm.Host, vm.Port))), vm.Environment, c.clean(dash(strings.Join(vm.Tags, ","))), vm.Source)
	}
	for _, h := range review.New {
		fmt.Fprintf(w, "%s\t%s\t%s\t-\tnew in %s\n", c.clean(h.Alias), c.clean(dash(domain.Address(h.User, h.Host, h.Port))), h.Environment, c.clean(h.File))
	}
	return w.Flush()
}

func vmJSON(vm domain.VM) jsonVM {
	out := jsonVM{
		Type: "vm", ID: &vm.ID, Name: vm.Name, Source: vm.Source, User: vm.User, Host: vm.Host, Port: vm.Port,
		Environment: vm.Environment, Provider: vm.Provider, Tags: vm.Tags, Description: vm.Description, Favourite: vm.Favourite, Hidden: vm.Hidden,
		LastUsedAt: stampOf(vm.LastUsedAt),
	}
	if out.Tags == nil {
		out.Tags = []string{}
	}
	return out
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
