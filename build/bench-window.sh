#!/bin/bash
# The window's own speed, measured from inside it (see frontend/src/lib/utils/profileLog.ts): the production binary on a
# display in memory, on an sshd of its own, driven by real keys. Prints a table; keeps the marks in dist/bench-window.
#
#   build/bench-window.sh [LINES]   (after make window vmo)  LINES of the log that is scrolled, 10,000,000 unless told
set -uo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" != inside ]; then
	SCREEN=1280x2400x24 exec build/with-display.sh "$0" inside "${1:-10000000}"
fi
lines=$2
rounds=5

out=$PWD/dist/bench-window
rm -rf "$out"
mkdir -p "$out"
home=$(mktemp -d)
app= lab=
trap '[ -z "$app" ] || kill "$app" 2>/dev/null; exec 9>&-; [ -z "$lab" ] || wait "$lab" 2>/dev/null; rm -rf "$home"' EXIT
go build -o "$home/lab.bin" ./internal/lab || exit 1 # before HOME is another one: there is Go's cache
export HOME=$home XDG_DATA_HOME=$home/data XDG_CONFIG_HOME=$home/config XDG_CACHE_HOME=$home/cache XDG_RUNTIME_DIR=$home/run
export VMO_DATA_DIR=$home/vmo VMO_PROFILE=1
mkdir -p -m 700 "$XDG_RUNTIME_DIR"
mkfifo "$home/in"
"$home/lab.bin" "$home/lab" <"$home/in" >"$home/lab.json" &
lab=$!
exec 9>"$home/in"
within() { # SECONDS COMMAND...
	local until=$(($(date +%s) + $1))
	shift
	while ! "$@"; do
		[ "$(date +%s)" -lt "$until" ] || return 1
		sleep 0.1
	done
}
fail() {
	echo "bench-window: $1" >&2
	import -window root "$out/failed.png" 2>/dev/null
	exit 1
}
within 20 test -s "$home/lab.json" || fail "the servers don't start"
export VMO_SSH_CONFIG=$home/lab/.ssh/config

bin/vmo run --on bastion -- "seq 1 $lines" >/dev/null || fail "write $lines lines"
bin/vmo run --on bastion -- 'seq 1 1000000' >/dev/null || fail "write 1,000,000 lines"

log=$out/window.log
bin/vm-orchestrator >"$log" 2>&1 &
app=$!
has() { grep -q "msg=mark name=\"\?$1\"\? " "$log"; }
marks() { sed -n "s/.*msg=mark name=\"\?$1\"\? ms=//p" "$log"; }
number() { marks "$1" | wc -l; }
more() { [ "$(number "$1")" -gt "$2" ]; }
key() { xdotool key --delay 40 "$@"; }
pss() { # of the window and all below it, in MB
	local p sum=0 k
	for p in $app $(pgrep -P "$app") $(for p in $(pgrep -P "$app"); do pgrep -P "$p"; done); do
		k=$(awk '/^Pss:/{print $2}' "/proc/$p/smaps_rollup" 2>/dev/null)
		sum=$((sum + ${k:-0}))
	done
	echo $((sum / 1024))
}
within 60 has ready || fail "the window doesn't open"
window=$(xdotool search --sync --onlyvisible --name '^VM Orchestrator$' | head -1)
xdotool windowmove "$window" 0 0
xdotool windowfocus --sync "$window" 2>/dev/null
sleep 2

# The hosts of ssh_config are taken in.
key Return
sleep 2
key ctrl+Return
sleep 2

open() { # which job of the history, from its newest
	key ctrl+h
	sleep 1
	key ctrl+alt+j
	key Up Up Up Up # to the first, whichever was chosen
	for _ in $(seq 2 "$1"); do key Down; done
	sleep 0.5
}
# While something is measured nothing else runs here: a look at the marks starts processes, and one at the memory keeps
# the window from getting any.
shown() { # FILE: presses Return and copies the mark of what it shows to a file
	local before try
	for try in 1 2 3; do
		before=$(number log-shown)
		key Return
		sleep 0.6
		within 20 more log-shown "$before" && break
		echo "bench-window: Return shows no log ($1), try $try" >&2
		[ "$try" -lt 3 ] || fail "no log is shown ($1)"
	done
	marks log-shown | tail -1 >>"$out/$1"
}
open 1
shown open-first
for _ in $(seq $rounds); do
	sleep 1
	key Escape
	sleep 1
	open 1
	shown open
done
for _ in $(seq $rounds); do
	sleep 1
	key ctrl+g
	sleep 0.3
	xdotool type --delay 30 500000
	sleep 0.5
	shown jump
	sleep 0.5
	key End
done
import -window "$window" "$out/jump.png" 2>/dev/null
key Escape Escape
sleep 1

# A flood.
key slash
sleep 0.3
xdotool type --delay 40 bastion
key Return
sleep 0.5
key ctrl+l
sleep 0.5
xdotool type --delay 40 'seq 1 1000000'
before=$(pss)
running() { bin/vmo jobs --json | head -1 | grep -q '"running"\|"queued"'; }
ended() { ! running; }
gaps=$(number frame-gap) lags=$(number log-lag)
key ctrl+Return
sleep 10
within 120 ended || fail "the flood doesn't end"
sleep 1
import -window "$window" "$out/flood.png" 2>/dev/null
marks frame-gap | tail -n +$((gaps + 1)) >"$out/frame-gap"
marks log-lag | tail -n +$((lags + 1)) >"$out/log-lag"

# And another one, for what it takes of the memory. The command line is empty once its command runs.
jobs() { bin/vmo jobs --json | wc -l; }
ran=$(jobs)
key ctrl+l
xdotool type --delay 40 'seq 1 1000000'
sleep 1
key ctrl+Return
peak=$before
for _ in $(seq 10); do
	sleep 0.5
	now=$(pss)
	[ "$now" -le "$peak" ] || peak=$now
done
within 120 ended || fail "the flood doesn't end"
[ "$(jobs)" -gt "$ran" ] || fail "the second flood didn't begin"
sleep 15
after=$(pss)

# From the first line of the long log to its last, in a window as tall as the display: many lines a screen.
xdotool windowsize --sync "$window" 1280 2400
sleep 2
open 4
key Return
sleep 3
key ctrl+alt+b
within 7200 has scroll-took || fail "the log isn't scrolled to its end"

max() { sort -n "$1" | tail -1; }
median() { sort -n "$1" | awk '{a[NR]=$1} END {print a[int((NR + 1) / 2)]}'; }
row() { # WHAT VALUE UNIT GOAL
	local verdict=reached
	awk -v v="$2" -v g="$4" 'BEGIN {exit !(v <= g)}' || verdict=missed
	printf '%-58s %10.0f %-3s %8s  %s\n' "$1" "$2" "$3" "<= $4" "$verdict"
}
seen=$(marks scroll-lines | awk '{printf "%d", $1}') # a mark may be 1e+07
{
	echo "row  what                                                         value         goal"
	row "13   1 M lines arriving: view behind, worst" "$(max "$out/log-lag")" ms 1000
	row "13   1 M lines arriving: gap between frames, worst" "$(max "$out/frame-gap")" ms 100
	row "14   open a stored log of 1 M lines at its tail, median" "$(median "$out/open")" ms 100
	row "14   jump to its middle, median" "$(median "$out/jump")" ms 100
	printf '     %s lines scrolled in %s screens, %s s: missing %s, wrong %s\n' \
		"$seen" "$(marks scroll-steps)" "$(marks scroll-took | awk '{print int($1 / 1000)}')" "$(marks scroll-missing)" "$(marks scroll-wrong)"
	echo "     memory (PSS of all processes): before $before MB, at most $peak MB in the flood, $after MB 15 s after"
	echo "     elements in the page: at most $(marks nodes | sort -n | tail -1)"
	printf '     worst of the opens %.0f ms, the first %.0f ms; worst of the jumps %.0f ms\n' "$(max "$out/open")" "$(cat "$out/open-first")" "$(max "$out/jump")"
} | tee "$out/table.txt"
[ "$(marks scroll-missing)" = 0 ] && [ "$(marks scroll-wrong)" = 0 ] && [ "$seen" = "$lines" ]
