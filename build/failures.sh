#!/bin/bash
# What failed in a log of tests, in few lines: the name of each test and the first lines of its reason.
#
#   build/failures.sh KIND LOG   KIND: go vitest playwright smoke check
set -uo pipefail
plain() { sed -E 's/\x1b\[[0-9;]*[A-Za-z]//g' "$1"; }
case $1 in
go)
	# The lines of a test stand before its "--- FAIL"; -v prints each with the file that wrote it.
	plain "$2" | awk '
		/^=== (RUN|CONT|PAUSE|NAME)/ {n = 0; next}
		/^ *--- FAIL/ {print; for (i = 1; i <= n && i <= 8; i++) print "  " substr(kept[i], 1, 240); n = 0; next}
		/^ *--- / {n = 0; next}
		/^(panic:|WARNING: DATA RACE|# )/ {show = 12}
		show-- > 0 {print; next}
		/_test\.go:[0-9]+:/ {kept[++n] = $0}'
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
esac | head -60
