#!/bin/sh
# Writes frontend/wailsjs from the bound methods in app/desktop; with --check it only says whether that would change
# something. The generator is this program itself, built with the tag "bindings": it needs no GTK and opens nothing.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p frontend/dist
go build -tags bindings -o "$tmp/generate" .
cp wails.json "$tmp/"
mkdir "$tmp/frontend"
(cd "$tmp" && tsoutputtype=interfaces ./generate >log 2>&1) || { cat "$tmp/log" >&2; exit 1; }
find "$tmp/frontend/wailsjs" -type f -exec chmod 644 {} +
if [ "${1:-}" = --check ]; then
	diff -ru "$root/frontend/wailsjs" "$tmp/frontend/wailsjs" >&2 || {
		echo "frontend/wailsjs is not what app/desktop says: run 'make bindings' and commit the result" >&2
		exit 1
	}
	exit 0
fi
rm -rf "$root/frontend/wailsjs"
cp -R "$tmp/frontend/wailsjs" "$root/frontend/wailsjs"
