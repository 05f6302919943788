#!/bin/sh
# Opens the app, built from what is here. Without a display it says so and runs the demo job on the command line, which
# needs neither WebKit nor a browser engine. ARGS are the app's: make run ARGS=--demo
set -eu
cd "$(dirname "$0")/.."
case "$(uname -s)" in
Linux) display=${DISPLAY:-}${WAYLAND_DISPLAY:-} ;;
*) display=yes ;;
esac
if [ -n "$display" ]; then
	make --no-print-directory window
	# shellcheck disable=SC2086 # several arguments
	exec bin/vm-orchestrator ${ARGS:-}
fi
echo "There is no display here, so no window can open. This is the same engine on the command line:"
make --no-print-directory vmo
echo
echo "\$ vmo --demo run --all -- 'hostname; uptime'"
bin/vmo --demo run --all -- 'hostname; uptime'
echo
echo "\$ vmo --demo jobs"
bin/vmo --demo jobs
echo
echo "More: bin/vmo --help. With a display, 'make run' opens the window."
