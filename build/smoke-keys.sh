#!/bin/sh
# The key presses that run a command in the window, on the display of build/smoke.sh.
set -eu
key() { xdotool key --delay 60 "$@"; }
key slash
sleep 0.3
xdotool type --delay 60 'demo-web-1'
key Return
sleep 0.3
key ctrl+l
sleep 0.3
xdotool type --delay 60 'hostname; uptime'
key ctrl+Return
