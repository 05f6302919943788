#!/bin/sh
# The key presses that run a command in the window, on the display of build/smoke.sh.
set -eu
key() { xdotool key --delay 60 "$@"; }
key ctrl+l
xdotool type --delay 15 'hostname; uptime'
key ctrl+Return
