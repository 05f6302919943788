package command

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"vmorchestrator/backend/domain"
)

const (
	// shippedTimeout in seconds: ten minutes is more than any of these takes on a machine that is well.
	shippedTimeout   = 600
	containerPattern = `[A-Za-z0-9][A-Za-z0-9_.-]*`
	unitPattern      = `[A-Za-z0-9_@][A-Za-z0-9_@.:\\-]*`
)

// EnsureShipped adds the shipped commands that a database never had. One that the person deleted doesn't come back, and
// one whose name is taken is passed over; ReviewShipped offers both.
func (s *Service) EnsureShipped(ctx context.Context) error {
	all := s.Shipped()
	for i := range all {
		all[i].CreatedAt = s.stamp()
		all[i].UpdatedAt = all[i].CreatedAt
	}
	_, err := s.Store.InsertCommandsOnce(ctx, all)
	return err
}

// ReviewShipped compares what came with the app with what is there: new is one that was deleted or never taken,
// changed one that the person edited.
func (s *Service) ReviewShipped(ctx context.Context) ([]ImportRow, error) {
	own, err := s.Store.ListCommands(ctx)
	if err != nil {
		return nil, err
	}
	rows := []ImportRow{}
	for _, c := range s.Shipped() {
		row := ImportRow{State: ImportNew, Command: c, Fields: []string{}}
		if i := slices.IndexFunc(own, func(o domain.Command) bool { return o.ID == c.ID }); i >= 0 {
			row.Command.Order, row.Command.Group = own[i].Order, own[i].Group // where the person put it is no edit
			row.State, row.Fields = ImportSame, differences(own[i], row.Command)
			if len(row.Fields) > 0 {
				row.State, row.Was = ImportChanged, own[i]
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// TakeShipped brings shipped commands back as they came with the app, by their ids. An edited one keeps its edits as an
// earlier version. CodeConflict for one whose name another command has by now.
func (s *Service) TakeShipped(ctx context.Context, ids []string) (int, error) {
	rows, err := s.ReviewShipped(ctx)
	if err != nil {
		return 0, err
	}
	taken := 0
	for _, row := range rows {
		if row.State == ImportSame || !slices.Contains(ids, row.Command.ID) {
			continue
		}
		c := row.Command
		c.CreatedAt, c.UpdatedAt = s.stamp(), s.stamp()
		if row.State == ImportChanged {
			err = s.Store.UpdateCommand(ctx, c)
		} else if err = s.Store.InsertCommand(ctx, c); domain.CodeOf(err) == domain.CodeConflict && domain.AsError(err).Field != "name" {
			// It was deleted: its row is there still.
			if _, err = s.Store.RestoreCommand(ctx, c.ID); err == nil {
				err = s.Store.UpdateCommand(ctx, c)
			}
		}
		if err != nil {
			return taken, err
		}
		taken++
	}
	return taken, nil
}

// Shipped gives the commands that come with the app, without ids. What needs a decision names /bin/sh in its first line, so
// that it works whatever the login shell is.
func (s *Service) Shipped() []domain.Command {
	all := []domain.Command{
		{
			Name: "System overview", Group: "System", TimeoutSeconds: shippedTimeout,
			Description: "Name, system, load, memory, disk and the busiest processes.",
			Script: `#!/bin/sh
set -- {{processes}}
echo "$(uname -n)  $(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")  kernel $(uname -r) $(uname -m)"
echo
uptime 2>/dev/null || cat /proc/loadavg
echo "$(getconf _NPROCESSORS_ONLN) processors"
echo
free -h 2>/dev/null || head -n 3 /proc/meminfo
echo
df -h /
echo
ps -eo pid,user,pcpu,pmem,args --sort=-pcpu 2>/dev/null | head -n "$(($1 + 1))" | cut -c 1-120`,
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
			Script: `#!/bin/sh
set -- {{refresh}}
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
fi`,
			Params: []domain.Param{{
				Name: "refresh", Type: domain.ParamBool, Default: "no", Required: true,
				Help: "Ask the package servers first; needs root",
			}},
		},
		{
			Name: "Docker containers", Group: "Docker", TimeoutSeconds: shippedTimeout,
			Description: "The containers of this machine, with their state and ports.",
			Script: `#!/bin/sh
set -- {{stopped}}
if [ "$1" = yes ]; then set -- --all; else set --; fi
docker ps "$@" --format "table {{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}"`,
			Params: []domain.Param{{
				Name: "stopped", Type: domain.ParamBool, Default: "yes", Required: true, Help: "Stopped containers too",
			}},
		},
		{
			Name: "Memory", Group: "System", TimeoutSeconds: shippedTimeout,
			Description: "How much memory is free, and which processes have most of it.",
			Script: `#!/bin/sh
set -- {{processes}}
free -h 2>/dev/null || vm_stat 2>/dev/null || head -n 5 /proc/meminfo
echo
{ ps axo pid,user,rss,comm 2>/dev/null || ps -o pid,user,rss,comm; } | sort -k 3 -rn | head -n "$1" |
    while read -r pid user rss comm; do case $rss in *[!0-9]*) mib=$rss ;; *) mib=$((rss / 1024)) ;; esac; echo "$mib MiB  $pid  $user  $comm"; done`,
			Params: []domain.Param{countParam("processes", "10", "How many processes to show")},
		},
		{
			Name: "Uptime and load", Group: "System", TimeoutSeconds: shippedTimeout,
			Description: "Since when it runs and how busy it is, a few times in a row.",
			Script: `#!/bin/sh
set -- {{times}}
n=$1
while :; do
    uptime 2>/dev/null || cat /proc/loadavg
    n=$((n - 1))
    if [ "$n" -le 0 ]; then break; fi
    sleep 2
done`,
			Params: []domain.Param{countParam("times", "1", "How many times, two seconds apart")},
		},
		{
			Name: "Top processes", Group: "System", TimeoutSeconds: shippedTimeout,
			Description: "The processes that take most of the processor or of the memory.",
			Script: `#!/bin/sh
set -- {{by}} {{count}}
case $1 in memory) column=4 ;; *) column=3 ;; esac
if ps axo pid,user,pcpu,pmem,args >/dev/null 2>&1; then
    ps axo pid,user,pcpu,pmem,args | head -n 1
    ps axo pid,user,pcpu,pmem,args | tail -n +2 | sort -k "$column" -rn | head -n "$2" | cut -c 1-160
else
    top -b -n 1 | head -n "$(($2 + 4))"
fi`,
			Params: []domain.Param{
				{Name: "by", Type: domain.ParamChoice, Default: "processor", Choices: []string{"processor", "memory"}, Required: true, Help: "Which of both decides"},
				countParam("count", "15", "How many processes to show"),
			},
		},
		{
			Name: "Kernel and release", Group: "System", TimeoutSeconds: shippedTimeout,
			Description: "Which kernel and which release of the system run here.",
			Script: `#!/bin/sh
set -- {{details}}
uname -srvm
if [ -r /etc/os-release ]; then
    if [ "$1" = yes ]; then cat /etc/os-release; else . /etc/os-release && echo "$PRETTY_NAME"; fi
elif command -v sw_vers >/dev/null; then
    sw_vers
fi`,
			Params: []domain.Param{{Name: "details", Type: domain.ParamBool, Default: "no", Required: true, Help: "All that the release says of itself"}},
		},
		{
			Name: "Who is logged in", Group: "System", TimeoutSeconds: shippedTimeout,
			Description: "Who is logged in now, and the last logins.",
			Script: `#!/bin/sh
set -- {{logins}}
who 2>/dev/null || w
echo
if command -v last >/dev/null; then last 2>/dev/null | head -n "$1"
elif command -v loginctl >/dev/null; then loginctl list-sessions --no-pager
else echo "no list of past logins here"
fi`,
			Params: []domain.Param{countParam("logins", "10", "How many past logins to show")},
		},
		{
			Name: "Reboot", Group: "System", TimeoutSeconds: shippedTimeout, Confirm: true, Options: domain.RunOptions{ExpectsDisconnect: true},
			Description: "Restarts the machine. That its connection ends is success. Needs root, or sudo without a password.",
			Script: `#!/bin/sh
set -- {{delay}}
if [ "$1" -gt 0 ]; then echo "restarts in $1 seconds"; sleep "$1"; fi
if [ "$(id -u)" = 0 ]; then reboot; else sudo -n reboot; fi`,
			Params: []domain.Param{{Name: "delay", Type: domain.ParamNumber, Default: "0", Required: true, Min: number(0), Max: number(3600), Pattern: "[0-9]+", Help: "Seconds to wait before"}},
		},
		{
			Name: "Restart a service", Group: "Services", TimeoutSeconds: shippedTimeout, Confirm: true,
			Description: "Restarts a service and says how it is then. Needs root, or sudo without a password.",
			Script: `#!/bin/sh
set -- {{service}}
if [ "$(id -u)" = 0 ]; then as=; else as="sudo -n"; fi
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
    $as systemctl restart -- "$1" && systemctl status --no-pager --lines=10 -- "$1"
elif command -v rc-service >/dev/null; then
    $as rc-service -- "$1" restart && rc-service -- "$1" status
elif command -v service >/dev/null; then
    $as service "$1" restart && $as service "$1" status
elif command -v launchctl >/dev/null; then
    $as launchctl kickstart -k "system/$1"
else
    echo "no systemd, OpenRC, service or launchctl here" >&2
    exit 1
fi`,
			Params: []domain.Param{serviceParam()},
		},
		{
			Name: "Tail a file", Group: "Files",
			Description: "The end of a file, and what is added to it until you stop it.",
			Script: `#!/bin/sh
set -- {{file}} {{lines}} {{follow}}
if [ "$3" = yes ]; then exec tail -n "$2" -f "$1"; else exec tail -n "$2" "$1"; fi`,
			Params: []domain.Param{
				{Name: "file", Type: domain.ParamText, Default: "/var/log/syslog", Required: true, Pattern: "[^-].*", Help: "The file's path on the VM"},
				{Name: "lines", Type: domain.ParamNumber, Default: "50", Required: true, Pattern: `[0-9]{1,5}`, Help: "How many lines first"},
				{Name: "follow", Type: domain.ParamBool, Default: "yes", Required: true, Help: "Go on with what is added"},
			},
		},
		{
			Name: "Listening ports", Group: "Network", TimeoutSeconds: shippedTimeout,
			Description: "Which ports wait for connections, and for which program where that may be seen.",
			Script: `#!/bin/sh
set -- {{port}}
if command -v ss >/dev/null; then list="ss -tulpn"
elif command -v lsof >/dev/null; then list="lsof -nP -iTCP -sTCP:LISTEN"
elif command -v netstat >/dev/null; then list="netstat -tuln"
else echo "no ss, lsof or netstat here" >&2; exit 1
fi
if [ -z "$1" ]; then exec $list; fi
$list | head -n 1
$list | tail -n +2 | grep -E "[:.]$1([^0-9]|\$)" || echo "nothing waits on port $1"`,
			Params: []domain.Param{{Name: "port", Type: domain.ParamNumber, Min: number(1), Max: number(65535), Pattern: "[0-9]+", Help: "One port; empty is all"}},
		},
		{
			Name: "Certificate expiry", Group: "Network", TimeoutSeconds: 60,
			Description: "Until when the certificate of a host is good, asked from the VM. It fails if that is too soon.",
			Script: `#!/bin/sh
set -- {{host}} {{port}} {{days}}
command -v openssl >/dev/null || { echo "no openssl here" >&2; exit 1; }
cert=$(openssl s_client -connect "$1:$2" -servername "$1" </dev/null 2>/dev/null | openssl x509 2>/dev/null)
if [ -z "$cert" ]; then echo "no certificate from $1:$2" >&2; exit 1; fi
echo "$cert" | openssl x509 -noout -subject -issuer -enddate
if echo "$cert" | openssl x509 -noout -checkend "$(($3 * 86400))" >/dev/null; then
    echo "good for more than $3 days"
else
    echo "ends within $3 days" >&2
    exit 1
fi`,
			Params: []domain.Param{
				{Name: "host", Type: domain.ParamText, Required: true, Pattern: `[A-Za-z0-9_][A-Za-z0-9_.-]*`, Help: "The host's name"},
				{Name: "port", Type: domain.ParamNumber, Default: "443", Required: true, Min: number(1), Max: number(65535), Pattern: "[0-9]+"},
				{Name: "days", Type: domain.ParamNumber, Default: "14", Required: true, Pattern: `[0-9]{1,4}`, Help: "How many days it must be good for"},
			},
		},
		{
			Name: "Docker logs", Group: "Docker",
			Description: "The log of a container as it grows, until you stop it.",
			Script:      `docker logs --follow --timestamps --tail {{lines}} {{container}}`,
			Params: []domain.Param{
				{
					Name: "container", Type: domain.ParamOutput, Required: true, Pattern: containerPattern,
					From: `docker ps --all --format '{{.Names}}'`, Help: "Its name or id",
				},
				{Name: "lines", Type: domain.ParamNumber, Default: "100", Required: true, Pattern: `[0-9]{1,6}`, Help: "How many older lines first"},
			},
		},
		{
			Name: "Docker stats", Group: "Docker", TimeoutSeconds: shippedTimeout,
			Description: "What the containers take of processor, memory, network and disk.",
			Script: `#!/bin/sh
set -- {{live}}
if [ "$1" = yes ]; then exec docker stats; else exec docker stats --no-stream; fi`,
			Params: []domain.Param{{Name: "live", Type: domain.ParamBool, Default: "no", Required: true, Help: "Again and again, until it is stopped or ten minutes are over"}},
		},
		{
			Name: "Run a make target", Group: "Projects", TimeoutSeconds: 3600,
			Description: "make in a folder of the VM.",
			Script:      `make -C {{folder}} -j {{jobs}} -- {{target}}`,
			Params: []domain.Param{
				{Name: "folder", Type: domain.ParamText, Default: ".", Required: true, Help: "Where the Makefile is"},
				{Name: "target", Type: domain.ParamText, Default: "all", Required: true, Pattern: `[^-].*`, Help: "What to make"},
				{Name: "jobs", Type: domain.ParamNumber, Default: "2", Required: true, Min: number(1), Max: number(256), Pattern: "[0-9]+", Help: "How many at once"},
			},
		},
		{
			Name: "Terraform plan", Group: "Projects", TimeoutSeconds: 3600,
			Description: "What terraform would change. Nothing is changed.",
			Script: `#!/bin/sh
set -- {{folder}} {{init}}
cd -- "$1" || exit
tool=$(command -v terraform || command -v tofu) || { echo "no terraform or tofu here" >&2; exit 1; }
if [ "$2" = yes ]; then "$tool" init -input=false -no-color || exit; fi
exec "$tool" plan -input=false -no-color -lock=false`,
			Params: []domain.Param{
				{Name: "folder", Type: domain.ParamText, Default: ".", Required: true, Help: "Where the .tf files are"},
				{Name: "init", Type: domain.ParamBool, Default: "no", Required: true, Help: "terraform init first"},
			},
		},
	}
	for i := range all {
		all[i].Kind, all[i].Scope.Kind, all[i].Shipped, all[i].Order = domain.KindSSH, domain.ScopeEverywhere, true, i
		all[i].Scope.Tags, all[i].Scope.VMIDs, all[i].Env = []string{}, []string{}, map[string]string{}
		all[i].Params = Params(all[i].Script, all[i].Params)
		// Always the same, so that a renamed one is still known as what it was.
		all[i].ID = uuid.NewSHA1(uuid.NameSpaceURL, []byte("vm-orchestrator shipped "+all[i].Name)).String()
	}
	return all
}

func number(f float64) *float64 { return &f }

func countParam(name, usual, help string) domain.Param {
	return domain.Param{Name: name, Type: domain.ParamNumber, Default: usual, Required: true, Min: number(1), Max: number(999), Pattern: "[0-9]+", Help: help}
}

func serviceParam() domain.Param {
	return domain.Param{
		Name: "service", Type: domain.ParamOutput, Required: true, Pattern: unitPattern, Help: "A service of the VM",
		From: `sh -c 'systemctl list-units --type=service --state=loaded --no-legend --plain --no-pager 2>/dev/null | cut -d " " -f 1 || rc-service --list'`,
	}
}
