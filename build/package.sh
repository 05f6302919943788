#!/bin/sh
# Makes the installer for this system in dist: build/package.sh NFPM, with VERSION in the environment. What goes in was
# built before by the Makefile.
set -eu
cd "$(dirname "$0")/.."
nfpm=${1:?usage: build/package.sh NFPM}
mkdir -p dist
case "$(uname -s)" in
Linux)
	# git describes a commit after v1.2.0 as v1.2.0-3-gabcdef. Debian orders versions by their digits, so a state
	# without a release before it must begin with one, and a "-" would begin a Debian revision.
	case "$VERSION" in
	v[0-9]*) VERSION=${VERSION#v} ;;
	*) VERSION=0.0.0+$VERSION ;;
	esac
	VERSION=$(printf %s "$VERSION" | tr '-' '+')
	ARCH=$(go env GOARCH)
	export VERSION ARCH
	"$nfpm" package --config build/linux/nfpm.yaml --packager deb --target dist/
	;;
*)
	echo "make package makes the .deb on Linux; on this system 'make window vmo' builds the binaries into bin" >&2
	exit 1
	;;
esac
