#!/bin/bash
# 50 actions in the production window on a large history, cold and warm, measured from inside it (see
# frontend/src/lib/utils/profileActions.ts). Prints the p95 of each round and its slowest; keeps all in dist/bench-window.
#
#   build/bench-actions.sh [DIR]   (after make window)  DIR is a history of make bench-data, dist/bench-data unless told
set -uo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" != inside ]; then
	exec build/with-display.sh "$0" inside "${1:-dist/bench-data}"
fi
data=$(realpath "$2")
[ -s "$data/vmo.db" ] || {
	echo "bench-actions: no history in $data: make bench-data makes one" >&2
	exit 1
}
out=$PWD/dist/bench-window
mkdir -p "$out"
log=$out/actions.log
home=$(mktemp -d)
app=
trap '[ -z "$app" ] || { kill "$app" && wait "$app"; } 2>/dev/null; rm -rf "$home"' EXIT
export HOME=$home XDG_DATA_HOME=$home/data XDG_CONFIG_HOME=$home/config XDG_CACHE_HOME=$home/cache XDG_RUNTIME_DIR=$home/run
export VMO_DATA_DIR=$data VMO_SSH_CONFIG=$data/ssh_config VMO_PROFILE=1
mkdir -p -m 700 "$XDG_RUNTIME_DIR"
marks() { sed -n "s/.*msg=mark name=\"\?$1\"\? ms=//p" "$log"; }
until_marked() { # NAME SECONDS
	local until=$(($(date +%s) + $2))
	until [ -n "$(marks "$1")" ]; do
		if [ "$(date +%s)" -ge "$until" ]; then
			import -window root "$out/failed.png" 2>/dev/null
			echo "bench-actions: no mark $1 within $2 s: $log" >&2
			exit 1
		fi
		sleep 0.5
	done
}

bin/vm-orchestrator >"$log" 2>&1 &
app=$!
until_marked ready 60
window=$(xdotool search --sync --onlyvisible --name '^VM Orchestrator$' | head -1)
xdotool windowfocus --sync "$window" 2>/dev/null
sleep 2
xdotool key --delay 40 ctrl+alt+a
until_marked actions-ended 120
import -window "$window" "$out/actions.png" 2>/dev/null

for round in cold warm; do
	marks "$round .*" | sort -n >"$out/actions-$round"
	p95=$(awk '{a[NR] = $1} END {print a[int(NR * 0.95 + 0.999)]}' "$out/actions-$round")
	printf 'p95 of %d actions, %s: %.0f ms (at most 100 wanted), median %.0f; the slowest:\n' \
		"$(wc -l <"$out/actions-$round")" "$round" "$p95" "$(awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}' "$out/actions-$round")"
	sed -n "s/.*msg=mark name=\"$round \(.*\)\" ms=\(.*\)/\2 \1/p" "$log" | sort -rn | head -6 | sed -E "s/^([0-9]+)[.0-9]*/  \1/"
done
sed -n 's/.*msg=mark name="\(does not show[^"]*\)".*/\1/p' "$log"
[ "$(marks actions-ended)" = 100 ]
