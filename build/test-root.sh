#!/bin/bash
# The tests that see more as root: logins of other accounts and of root, other login shells, processes of root. They
# skip nothing silently: as somebody else the harness uses that person's own login alone.
set -uo pipefail
cd "$(dirname "$0")/.."
run=()
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "make test-root needs root or sudo" >&2
		exit 1
	fi
	run=(sudo --preserve-env=PATH,GOCACHE,GOMODCACHE,GOFLAGS,VMO_ORPHAN_JOBS env "GOCACHE=$(go env GOCACHE)" "GOMODCACHE=$(go env GOMODCACHE)")
fi
# 200 jobs in the place of a sample; see app/cli/orphan_linux_test.go.
export VMO_ORPHAN_JOBS=200
mkdir -p dist/test
log=$PWD/dist/test/root.log
"${run[@]}" go test -count=1 -v -timeout 15m ./internal/sshdtest/... ./backend/ssh/... ./backend/local/... ./app/cli/... >"$log" 2>&1
status=$?
if [ "$status" != 0 ]; then
	awk '/^=== RUN/ {text = ""; next} {text = text $0 "\n"} /^ *--- FAIL/ {printf "%s", text; text = ""}' "$log" | head -200
fi
grep -E '^(ok|FAIL|panic:|# )' "$log" | grep -v '\[no test files\]'
echo
echo "$(grep -cE '^ *--- PASS' "$log") passed, $(grep -cE '^ *--- FAIL' "$log") failed"
exit "$status"
