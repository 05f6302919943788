#!/bin/sh
# Makes every icon from build/appicon.svg. Only for when the drawing changes: the results are committed.
# Needs rsvg-convert or chromium for the drawing, and ImageMagick for the sizes.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
if command -v rsvg-convert >/dev/null; then
	rsvg-convert -w 1024 -h 1024 appicon.svg -o "$tmp/big.png"
else
	cp appicon.svg "$tmp/icon.svg"
	printf '<style>*{margin:0}img{display:block}</style><img src="icon.svg" width="1024" height="1024">' >"$tmp/icon.html"
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --default-background-color=00000000 \
		--window-size=1024,1024 --screenshot="$tmp/big.png" "file://$tmp/icon.html" >/dev/null 2>&1
fi
convert "$tmp/big.png" -strip appicon.png
mkdir -p linux/icons windows
for size in 16 24 32 48 64 128 256 512; do
	convert "$tmp/big.png" -strip -resize "${size}x$size" "linux/icons/$size.png"
done
convert linux/icons/256.png linux/icons/128.png linux/icons/64.png linux/icons/48.png linux/icons/32.png \
	linux/icons/16.png windows/icon.ico
