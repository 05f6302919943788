#!/bin/bash
# What failed in a log of tests, in few lines: the name of each test and the first lines of its reason.
#
#   build/failures.sh KIND LOG [LINES]   KIND: go vitest playwright smoke check
#
# LINES: at most so many of each of Go's tests, with all it wrote and not only what a test file did.
set -uo pipefail
plain() { sed -E 's/\x1b\[[0-9;]*[A-Za-z]//g' "$1"; }
case $1 in
go)
	# With -v each line of a test comes when it is written, between those of the tests beside it: "=== NAME" (or RUN,
	# CONT) says whose lines follow.
	plain "$2" | awk -v all="${3:+1}" -v most="${3:-8}" '
		/^=== (RUN|CONT|PAUSE|NAME)/ {name = $3; next}
		/^ *--- FAIL: / {print; for (i = 1; i <= n[$3] && i <= most; i++) print "  " kept[$3, i]}
		/^ *--- / {name = $3; delete n[$3]; next}
		/^(ok|FAIL)\t/ {delete n; name = ""}
		/^(panic:|WARNING: DATA RACE|# )/ {show = 12}
		show-- > 0 {print; next}
		all || /_test\.go:[0-9]+:/ {kept[name, ++n[name]] = substr($0, 1, 400)}'
	;;
vitest) plain "$2" | grep -aE '^ *(FAIL |AssertionError|Error:|❯ .*test\.ts)' ;;
playwright)
	# "  1) [file:line › name]", then the reason.
	plain "$2" | awk '
		/^  [0-9]+\) / {show = 1; n = 0}
		/^ *(at |[0-9]+ (failed|passed))/ {show = 0}
		show && NF && n++ < 22 {print substr($0, 1, 240)}'
	;;
smoke) grep -A5 '^FAIL ' "$2" ;;
*) tail -12 "$2" ;;
esac | head -200
