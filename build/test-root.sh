#!/bin/bash
# The tests that see more as root: logins of other accounts and of root, other login shells, processes of root. They
# skip nothing silently: as somebody else the harness uses that person's own login alone.
#
#   build/test-root.sh [PATTERN]   only tests that match; else all in the files that ask who runs them
set -uo pipefail
cd "$(dirname "$0")/.."
. build/race.sh
run=()
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "make test-root needs root or sudo" >&2
		exit 1
	fi
	run=(sudo --preserve-env=PATH,GOCACHE,GOMODCACHE,GOFLAGS,VMO_ORPHAN_JOBS env "GOCACHE=$(go env GOCACHE)" "GOMODCACHE=$(go env GOMODCACHE)")
fi
# A test belongs here when its file asks for root, for other accounts or for a namespace.
asks='os\.Gete?uid|sshdtest\.(Logins|Account|AllowSudo)|Cloneflags'
files=$(grep -rlE "$asks" --include='*_test.go' internal backend app)
# The packages without a test that was asked for aren't even built, and what a single one logs is in the log at once.
[ -z "${1:-}" ] || files=$(grep -lE "^func (${1#^})" $files)
# shellcheck disable=SC2086 # names of files of ours
pattern=${1:-^($(grep -hoE '^func Test[A-Za-z0-9_]+' $files | sed 's/^func //' | paste -sd'|'))\$}
packages=$(for f in $files; do echo "./$(dirname "$f")"; done | sort -u)
# 200 jobs, unless told, in the place of a sample; see app/cli/orphan_linux_test.go.
export VMO_ORPHAN_JOBS=${VMO_ORPHAN_JOBS:-200}
mkdir -p dist/test
log=$PWD/dist/test/root.log
failures=$PWD/dist/test/root-failures.txt
: >"$failures"
# shellcheck disable=SC2086
"${run[@]}" go test "${race[@]}" -count=1 -v -timeout 15m -run "$pattern" $packages >"$log" 2>&1
status=$?
if [ "$status" = 0 ] && ! grep -qE '^--- PASS' "$log"; then
	echo "no test matches $pattern" >&2
	status=1
fi
if [ "$status" != 0 ]; then
	build/failures.sh go "$log" 60
	{ echo "-- test-root" && build/failures.sh go "$log"; } >"$failures"
fi
grep -E '^(ok|FAIL|panic:|# )' "$log" | grep -v '\[no test files\]'
echo
echo "$(grep -cE '^ *--- PASS' "$log") passed, $(grep -cE '^ *--- FAIL' "$log") failed"
exit "$status"
