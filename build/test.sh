#!/bin/bash
# All checks, each counted; see `make test`. A failed one doesn't keep the others from running. Its log is below dist/test,
# and its end is printed.
#
#   build/test.sh [STEP ...]   only these steps: web lint go bindings build e2e smoke
#
# The step web needs npm's packages alone and mostly a single processor: it runs while the system's packages come and
# beside lint. The others take turns.
set -uo pipefail
cd "$(dirname "$0")/.."
. build/race.sh
logs=$PWD/dist/test
mkdir -p "$logs"
steps=" ${*:-web lint go bindings build e2e smoke} "
# What failed, by name and reason: printed last, and once more by .ci/run after all else.
: >"$logs/failures.txt"
# A line for each step that has ended.
: >"$logs/summary.txt"

# step NAME COUNT-COMMAND COMMAND...: COUNT-COMMAND reads the log and prints "PASSED FAILED".
step() {
	local name=$1 count=$2 status=0 began=$SECONDS p f
	shift 2
	echo "== $name"
	"$@" >"$logs/$name.log" 2>&1 || status=$?
	read -r p f < <("$count" "$logs/$name.log") || true
	p=${p:-0} f=${f:-0}
	if [ "$status" != 0 ] && [ "$f" = 0 ]; then f=1; fi
	if [ "$status" = 0 ] && [ "$p" = 0 ]; then
		echo "nothing was tested" >>"$logs/$name.log"
		status=1 f=1
	fi
	"show_${count#count_}" "$logs/$name.log" "$status"
	if [ "$status" != 0 ]; then
		echo "-- $name failed; all of its log: $logs/$name.log"
		{ echo "-- $name" && build/failures.sh "${count#count_}" "$logs/$name.log"; } >>"$logs/failures.txt"
	fi
	printf '%-10s %6d passed %4d failed %5d s\n' "$name" "$p" "$f" $((SECONDS - began)) >>"$logs/summary.txt"
}

# A check without tests of its own counts as one.
count_check() { if grep -q '^exit 0$' "$1"; then echo 1 0; else echo 0 1; fi; }
show_check() { [ "$2" = 0 ] || tail -60 "$1"; }
count_go() { echo "$(grep -cE '^ *--- PASS' "$1") $(grep -cE '^ *--- FAIL' "$1")"; }
show_go() {
	# What failed, then go's own closing line of every package.
	[ "$2" = 0 ] || build/failures.sh go "$1" 60
	grep -E '^(ok|FAIL|panic:|---? FAIL|# )' "$1" | grep -v '\[no test files\]'
}
# vitest says "Tests  1 failed | 20 passed (21)".
count_vitest() {
	local line
	line=$(sed 's/\x1b\[[0-9;]*m//g' "$1" | grep -E '^ *Tests ' | tail -1)
	echo "$(grep -oE '[0-9]+ passed' <<<"$line" | grep -oE '[0-9]+' || echo 0) $(grep -oE '[0-9]+ failed' <<<"$line" | grep -oE '[0-9]+' || echo 0)"
}
show_vitest() { if [ "$2" = 0 ]; then grep -aE '(Test Files|Tests) ' "$1"; else tail -80 "$1"; fi; }
# playwright says "20 passed (1.2m)" and "1 failed", each on a line.
count_playwright() {
	local p f
	p=$(grep -oE '^ +[0-9]+ passed' "$1" | grep -oE '[0-9]+' | tail -1)
	f=$(grep -oE '^ +[0-9]+ failed' "$1" | grep -oE '[0-9]+' | tail -1)
	echo "${p:-0} ${f:-0}"
}
show_playwright() {
	if [ "$2" != 0 ]; then
		tail -120 "$1"
		return
	fi
	tail -3 "$1"
	if grep -qE '^ +[0-9]+ flaky' "$1"; then
		{ echo "-- playwright: passed at the second try only, why?" && build/failures.sh playwright "$1"; } >>"$logs/failures.txt"
	fi
}
# smoke says "PASS what" and "FAIL what".
count_smoke() { echo "$(grep -c '^PASS ' "$1") $(grep -c '^FAIL ' "$1")"; }
show_smoke() { if [ "$2" = 0 ]; then grep '^PASS ' "$1"; else tail -60 "$1"; fi; }

check() { "$@" && printf '\nexit 0\n'; } # svelte-check ends without a newline
npm_run() { npm --prefix frontend run --silent "$@"; }

web() {
	build/setup.sh web
	step lint-web count_check check npm_run lint
	step types count_check check npm_run check
	step vitest count_vitest npm_run test
	return 0
}

# web_over waits for the step web, if it was begun.
web_over() {
	[ -n "$web" ] || return 0
	if ! wait "$web"; then
		echo "web             0 passed    1 failed" >>"$logs/summary.txt"
		echo "-- web ended in the middle; $logs/web.out" >>"$logs/failures.txt"
	fi
	web=
	cat "$logs/web.out"
}

main() {
	for s in $steps; do
		case $s in
		web) ;;
		lint)
			wait "$tool" # if that failed, so does this, and says why
			step lint-go count_check check make --no-print-directory lint-go
			;;
		# Its tests are of many processes: beside the frontend's checks two cores give some of them too little for minutes.
		# Many of them wait for a time-out or for sshd: four at once also where there are two cores. What vet sees, lint has
		# seen. The two packages that wait longest come first: last, they would leave the processor idle for a minute and
		# more. GO_SKIP is a pattern of tests that the caller runs by itself.
		go)
			web_over
			step go count_go go test "${race[@]}" -v -vet=off -parallel 4 -timeout 15m ${GO_SKIP:+-skip "$GO_SKIP"} ./backend/ssh ./app/cli ./...
			;;
		bindings) step bindings count_check check build/bindings.sh --check ;;
		build) step build count_check check make --no-print-directory window vmo dev ;;
		e2e) step playwright count_playwright build/with-display.sh npm --prefix frontend run --silent e2e ;;
		smoke) step smoke count_smoke build/smoke.sh ;;
		*)
			echo "no such step: $s" >&2
			return 2
			;;
		esac
	done
}

# What runs aside has a process group of its own, to be ended whole when this ends early.
web= tool=
aside() { # LOG COMMAND...
	set -m
	"${@:2}" </dev/null >"$1" 2>&1 &
	set +m
}
trap 'for p in $web $tool; do kill -- "-$p"; done 2>/dev/null' EXIT

case $steps in *" web "*) aside "$logs/web.out" web && web=$! ;; esac
# Where nothing is cached golangci-lint takes minutes to compile.
case $steps in *" lint "*) aside "$logs/lint-tool.log" make --no-print-directory lint-tool && tool=$! ;; esac
build/setup.sh test || exit
main || exit
web_over
tool=

echo
cat "$logs/summary.txt"
echo
cat "$logs/failures.txt"
awk '{passed += $2; failed += $4} END {print passed " passed, " failed " failed"; exit failed > 0}' "$logs/summary.txt"
