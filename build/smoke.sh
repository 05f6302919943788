#!/bin/bash
# Smoke test of the production binary on a display in memory: it starts, paints, listens on no port, runs the demo job
# by real key presses, stops in order, and remembers. Pictures go to dist/smoke. Each check says PASS or FAIL.
#
#   build/smoke.sh   (after make window vmo)
set -uo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" != inside ]; then
	exec build/with-display.sh "$0" inside
fi

out=$PWD/dist/smoke
rm -rf "$out"
mkdir -p "$out"
home=$(mktemp -d)
app=
trap '[ -z "$app" ] || kill -9 "$app" 2>/dev/null; rm -rf "$home"' EXIT
export HOME=$home XDG_DATA_HOME=$home/data XDG_CONFIG_HOME=$home/config XDG_CACHE_HOME=$home/cache XDG_RUNTIME_DIR=$home/run
export VMO_DATA_DIR=$home/vmo VMO_SSH_CONFIG=$home/ssh_config VMO_PROFILE=1
mkdir -p -m 700 "$XDG_RUNTIME_DIR"
printf 'Host web-1\n  HostName 192.0.2.1\n' >"$VMO_SSH_CONFIG"
fails=0

ok() { echo "PASS $1"; }
bad() {
	echo "FAIL $1"
	fails=$((fails + 1))
}
expect() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then ok "$what"; else bad "$what"; fi
}
within() { # SECONDS COMMAND...
	local until=$(($(date +%s%N) + $1 * 1000000000))
	shift
	while ! "$@"; do
		[ "$(date +%s%N)" -lt "$until" ] || return 1
		sleep 0.02
	done
}
mark() { grep -q "msg=mark name=\"\?$1" "$log"; }
since_start() { echo $((($(date +%s%N) - began) / 1000000)); }
start() { # NAME ARGS...
	log=$out/$1.log
	shift
	began=$(date +%s%N)
	bin/vm-orchestrator "$@" >"$log" 2>&1 &
	app=$!
}
gone() { ! kill -0 "$app" 2>/dev/null; }
stop() {
	kill -TERM "$app"
	within 10 gone && wait "$app"
	local status=$?
	app=
	return $status
}
tree() { # a process and all below it
	local p
	echo "$1"
	for p in $(cat /proc/"$1"/task/*/children 2>/dev/null); do tree "$p"; done
}
listens() { # on anything but what the demo offers on loopback
	local pids
	pids=$(tree "$app" | sed 's/.*/pid=&,/' | paste -sd'|')
	ss -Hlntup 2>/dev/null | grep -E "$pids"
}
picture() { import -window root "$out/$1.png"; }
# More than a few colours: a blank window has one or two.
painted() { [ "$(convert "$out/$1.png" -format '%k' info:)" -gt 50 ]; }

start first
if within 30 mark first-paint; then
	ok "the window paints ($(since_start) ms after start)"
else
	bad "the window paints"
fi
within 10 mark ready || true
sleep 0.5
picture first
expect "there is something to see" painted first
expect "no process of it listens on a port" test -z "$(listens)"
expect "it ends in order when the system wants it to" stop

start demo --demo
within 30 mark ready || bad "the demo opens"
window=$(xdotool search --sync --onlyvisible --name '^VM Orchestrator$' | head -1)
xdotool windowfocus --sync "$window" 2>/dev/null || true
sleep 1
picture demo
jobs() { bin/vmo --demo jobs --json | grep -c '"succeeded"'; }
one_job() { [ "$(jobs)" -ge 1 ]; }
# The command line has the focus once a VM is chosen; see the list of keys in the window (?).
build/smoke-keys.sh
if within 20 one_job; then ok "a job run by key presses succeeds ($(jobs) in the history)"; else bad "a job run by key presses succeeds"; fi
sleep 0.5
picture job
expect "its output is on the screen" painted job
outside=$(listens | grep -v '127\.0\.0\.1:')
expect "the demo listens on loopback only" test -z "$outside"
expect "it ends in order with the demo open" stop

# A database that vmo made opens in an instant and knows no place of the window; the window was never shown then.
export VMO_DATA_DIR=$home/of-vmo
bin/vmo jobs >/dev/null
start second
expect "the window is shown on data that vmo made" within 10 mark first-paint
stop

exit $((fails > 0))
