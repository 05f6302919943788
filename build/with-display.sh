#!/bin/sh
# Runs a command on a display of its own that exists in memory only, with a session bus where there is one to be had:
#
#   build/with-display.sh COMMAND [ARG ...]
#
# SCREEN is the display's size, 1280x800x24 unless told.
set -eu
pipe=$(mktemp -u)
mkfifo "$pipe"
Xvfb -displayfd 3 -screen 0 "${SCREEN:-1280x800x24}" -nolisten tcp -ac 3>"$pipe" >/dev/null 2>&1 &
xvfb=$!
trap 'kill "$xvfb" 2>/dev/null || true; rm -f "$pipe"' EXIT
read -r number <"$pipe"
DISPLAY=:$number
export DISPLAY
unset WAYLAND_DISPLAY
export GDK_BACKEND=x11 NO_AT_BRIDGE=1
status=0
if command -v dbus-run-session >/dev/null 2>&1; then
	dbus-run-session -- "$@" || status=$?
else
	"$@" || status=$?
fi
exit "$status"
