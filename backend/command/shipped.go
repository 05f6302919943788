package command

import (
	"context"

	"vmorchestrator/backend/domain"
)

// shippedMark names what was offered once in a database.
const shippedMark = "shipped-commands-1"

const (
	// shippedTimeout in seconds: ten minutes is more than any of these takes on a machine that is well.
	shippedTimeout = 600
	unitPattern    = `[A-Za-z0-9_@][A-Za-z0-9_@.:\\-]*`
)

// EnsureShipped adds the shipped commands to a database that never had them. One that the person deleted doesn't come
// back, and one whose name is taken is passed over.
func (s *Service) EnsureShipped(ctx context.Context) error {
	all := s.Shipped()
	for i := range all {
		all[i].ID, all[i].CreatedAt = s.NewID(), s.stamp()
		all[i].UpdatedAt = all[i].CreatedAt
	}
	_, err := s.Store.InsertCommandsOnce(ctx, shippedMark, all)
	return err
}

// Shipped gives the commands that come with the app, without ids. What needs a decision is inside of sh -c, so that it
// works whatever the login shell is.
func (s *Service) Shipped() []domain.Command {
	all := []domain.Command{
		{
			Name: "System overview", Group: "System", TimeoutSeconds: shippedTimeout,
			Description: "Name, system, load, memory, disk and the busiest processes.",
			Script: `sh -c '
echo "$(uname -n)  $(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")  kernel $(uname -r) $(uname -m)"
echo
uptime 2>/dev/null || cat /proc/loadavg
echo "$(getconf _NPROCESSORS_ONLN) processors"
echo
free -h 2>/dev/null || head -n 3 /proc/meminfo
echo
df -h /
echo
ps -eo pid,user,pcpu,pmem,args --sort=-pcpu 2>/dev/null | head -n "$(($1 + 1))" | cut -c 1-120
' sh {{processes}}`,
			Params: []domain.Param{{
				Name: "processes", Type: domain.ParamNumber, Default: "5", Required: true, Pattern: `[0-9]{1,3}`,
				Help: "How many of the busiest processes to show",
			}},
		},
		{
			Name: "Disk usage", Group: "System", TimeoutSeconds: shippedTimeout,
			Description: "How full the disks are, and the biggest folders below a path.",
			Script: `df -h
echo
sh -c 'du -xh -d 1 -- "$1" 2>/dev/null | sort -rh | head -n "$2"' sh {{path}} {{count}}`,
			Params: []domain.Param{
				{Name: "path", Type: domain.ParamText, Default: "/var", Required: true, Help: "The folder to look into"},
				{Name: "count", Type: domain.ParamNumber, Default: "10", Required: true, Pattern: `[0-9]{1,4}`, Help: "How many folders to show"},
			},
		},
		{
			Name: "Service status", Group: "Services", TimeoutSeconds: shippedTimeout,
			Description: "What systemd says about a service, with its last lines.",
			Script:      `systemctl status --no-pager --full --lines={{lines}} -- {{service}}`,
			Params: []domain.Param{
				{Name: "service", Type: domain.ParamText, Default: "ssh", Required: true, Pattern: unitPattern, Help: "A systemd unit"},
				{Name: "lines", Type: domain.ParamNumber, Default: "20", Required: true, Pattern: `[0-9]{1,5}`, Help: "How many lines of its journal"},
			},
		},
		{
			Name: "Follow a journal", Group: "Services",
			Description: "The journal of a service as it grows, until you stop it.",
			Script:      `journalctl --no-pager --follow --lines={{lines}} --unit={{service}}`,
			Params: []domain.Param{
				{Name: "service", Type: domain.ParamText, Default: "ssh", Required: true, Pattern: unitPattern, Help: "A systemd unit"},
				{Name: "lines", Type: domain.ParamNumber, Default: "50", Required: true, Pattern: `[0-9]{1,5}`, Help: "How many older lines first"},
			},
		},
		{
			Name: "Package updates", Group: "Packages", TimeoutSeconds: shippedTimeout,
			Description: "Which packages have an update, with apt, dnf, apk or pacman. Nothing is installed.",
			Script: `sh -c '
if command -v apt-get >/dev/null; then
    if [ "$1" = yes ]; then apt-get update -q || exit; fi
    apt list --upgradable 2>/dev/null
elif command -v dnf >/dev/null; then
    if [ "$1" = yes ]; then set -- --refresh; else set --; fi
    dnf -q "$@" check-update
    status=$?
    if [ $status -eq 100 ]; then exit 0; fi
    exit $status
elif command -v apk >/dev/null; then
    if [ "$1" = yes ]; then apk update || exit; fi
    apk version -l "<"
elif command -v pacman >/dev/null; then
    if [ "$1" = yes ]; then pacman -Sy || exit; fi
    pacman -Qu || echo "no updates"
else
    echo "no apt, dnf, apk or pacman here" >&2
    exit 1
fi
' sh {{refresh}}`,
			Params: []domain.Param{{
				Name: "refresh", Type: domain.ParamBool, Default: "no", Required: true,
				Help: "Ask the package servers first; needs root",
			}},
		},
		{
			Name: "Docker containers", Group: "Docker", TimeoutSeconds: shippedTimeout,
			Description: "The containers of this machine, with their state and ports.",
			Script: `sh -c '
if [ "$1" = yes ]; then set -- --all; else set --; fi
docker ps "$@" --format "table {{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}"
' sh {{stopped}}`,
			Params: []domain.Param{{
				Name: "stopped", Type: domain.ParamBool, Default: "yes", Required: true, Help: "Stopped containers too",
			}},
		},
	}
	for i := range all {
		all[i].Kind, all[i].Scope.Kind, all[i].Shipped, all[i].Order = domain.KindSSH, domain.ScopeEverywhere, true, i
		all[i].Scope.Tags, all[i].Scope.VMIDs, all[i].Env = []string{}, []string{}, map[string]string{}
		all[i].Params = Params(all[i].Script, all[i].Params)
	}
	return all
}
