package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"vmorchestrator/backend/domain"
)

var (
	roles        = []string{"web", "db", "cache", "queue", "build", "proxy", "mail", "metrics", "storage", "api"}
	places       = []string{"fra", "ams", "nyc", "sin", "hel"}
	providers    = []string{"AWS", "Hetzner", "DigitalOcean", "Azure", ""}
	environments = []domain.Environment{domain.EnvProduction, domain.EnvStaging, domain.EnvTest, domain.EnvDevelopment}
	groups       = []string{"System", "Network", "Databases", "Web", "Containers", "Packages", "Backups", "Security", "Users", "Logs"}
	verbs        = []string{"Show", "Restart", "Check", "Rotate", "Count", "List", "Clean", "Dump", "Verify", "Reload", "Tail", "Compare"}
)

// Fleet gives the VMs without ids: some from ssh_config, some typed, some imported.
func (p Params) Fleet() []domain.VM {
	r := rand.New(rand.NewPCG(p.Seed, 2)) // #nosec G404 -- data for a measurement
	made := p.Until.AddDate(0, 0, -p.Days-1).UTC().Truncate(time.Millisecond)
	vms := make([]domain.VM, p.VMs)
	for i := range vms {
		role, place := roles[i%len(roles)], places[i/len(roles)%len(places)]
		vm := domain.VM{
			Name: fmt.Sprintf("%s-%s-%d", role, place, i/(len(roles)*len(places))+1), User: pick(r, people[:3]),
			Host: fmt.Sprintf("10.%d.%d.%d", 20+i/60000, i/240%250, i%240+10), Port: 22, Source: domain.SourceSSHConfig,
			Environment: environments[r.IntN(len(environments))], Provider: pick(r, providers), Tags: []string{role, place},
			Favourite: r.IntN(40) == 0, CreatedAt: made, UpdatedAt: made,
		}
		if r.IntN(3) == 0 {
			vm.Tags = append(vm.Tags, pick(r, []string{"k8s", "legacy", "pci", "gpu", "edge"}))
		}
		switch i % 5 {
		case 3:
			vm.Source, vm.Description = domain.SourceManual, "Typed by hand; "+pick(r, words)+" of the "+pick(r, words)+" team."
		case 4:
			vm.Source, vm.SourceKey = domain.SourceImport, vm.Name
		default:
			vm.SourceKey = vm.Name
		}
		vms[i] = vm
	}
	return vms
}

// SSHConfig is the file in which the VMs from ssh_config stand.
func SSHConfig(vms []domain.VM) string {
	var b strings.Builder
	for _, vm := range vms {
		if vm.Source == domain.SourceSSHConfig {
			fmt.Fprintf(&b, "Host %s\n  HostName %s\n  User %s\n  Port %d\n", vm.SourceKey, vm.Host, vm.User, vm.Port)
		}
	}
	return b.String()
}

// Library gives the commands without ids. vms are those with their ids.
func (p Params) Library(vms []domain.VM) []domain.Command {
	r := rand.New(rand.NewPCG(p.Seed, 3)) // #nosec G404 -- data for a measurement
	commands := make([]domain.Command, p.Commands)
	for i := range commands {
		verb, word, unit := verbs[i%len(verbs)], pick(r, words), pick(r, units)
		c := domain.Command{
			Name: fmt.Sprintf("%s the %s of %s %d", verb, word, unit, i+1), Group: groups[r.IntN(len(groups))], Kind: domain.KindSSH,
			Description: fmt.Sprintf("%s what %s knows of its %s, for the rota.", verb, unit, word),
			Script:      fmt.Sprintf("set -e\nsystemctl status %s --no-pager\njournalctl -u %s -n 200 | grep -i %s\n", unit, unit, word),
			Scope:       domain.Scope{Kind: domain.ScopeEverywhere}, TimeoutSeconds: 60 * r.IntN(10), Order: i, Confirm: i%17 == 0,
		}
		switch i % 4 {
		case 1:
			c.Scope = domain.Scope{Kind: domain.ScopeTags, Tags: []string{pick(r, roles)}}
		case 2:
			c.Scope = domain.Scope{Kind: domain.ScopeVMs, VMIDs: []string{vms[r.IntN(len(vms))].ID}}
		case 3:
			c.Script += "ls -l {{path}}\n"
			c.Params = []domain.Param{{Name: "path", Type: domain.ParamText, Default: "/var/" + word, Required: true}}
		}
		commands[i] = c
	}
	return commands
}
