#!/bin/sh
# Gets ready what a target of the Makefile needs on this computer, and is quick when all is there.
#
#   build/setup.sh web      what the checks of the frontend need: npm's packages
#   build/setup.sh window   what the desktop app is built from: that, and GTK and WebKit on Linux
#   build/setup.sh test     that, and what the tests use (a browser, an SSH server, a display in memory)
#
# Several may run at once: what one installs the others wait for.
# Missing system packages are installed by apt as root, else with sudo; without either the one command is printed.
# Nothing is downloaded past the package managers: no browser, no toolchain.
set -eu
want=${1:?usage: build/setup.sh web|window|test}

cd "$(dirname "$0")/.."
say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
have_go_node() {
	missing=
	have go || missing="$missing Go (https://go.dev/dl)"
	have node && have npm || missing="$missing Node.js with npm (https://nodejs.org)"
	[ -z "$missing" ] || { say "Please install first:$missing"; exit 1; }
}

packages= # of Debian, missing here
need() { # PACKAGE, then a command that succeeds when it is there
	package=$1
	shift
	"$@" >/dev/null 2>&1 || packages="$packages $package"
}
one_at_a_time() { # WHAT; the one before it is let go
	have flock || return 0
	mkdir -p dist
	exec 9>"dist/setup-$1.lock"
	flock 9
}
any() { for c in "$@"; do have "$c" && return 0; done; return 1; }

linux_packages() {
	need gcc have cc
	need libc6-dev test -e /usr/include/stdlib.h
	need pkg-config have pkg-config
	need libgtk-3-dev pkg-config --exists gtk+-3.0
	need libwebkit2gtk-4.1-dev pkg-config --exists webkit2gtk-4.1
	need openssh-client have ssh
	[ "$want" = test ] || return 0
	need openssh-server test -x /usr/sbin/sshd
	# Chromium without a window of its own: the tests take two thirds of the time that they take in the whole browser.
	need chromium-headless-shell any chromium-headless-shell chromium chromium-browser google-chrome
	need xvfb have Xvfb
	need xdotool have xdotool
	need imagemagick have convert
	need dbus have dbus-run-session
	need iproute2 have ss
	need busybox test -x /bin/busybox
	need dash have dash
	need shellcheck have shellcheck
	need ansible-core have ansible-inventory
	[ "$(id -u)" = 0 ] || return 0
	# Login shells that the tests make accounts with, which only root can.
	need csh test -x /bin/csh
	need fish have fish
	need zsh have zsh
	need sudo have sudo
}

install() {
	if ! have apt-get; then
		say "This needs the following packages of Debian, or those that stand for them in your distribution:"
		say " $packages"
		say "  Fedora: gcc pkgconf-pkg-config gtk3-devel webkit2gtk4.1-devel openssh-clients"
		say "  Arch:   gcc pkgconf gtk3 webkit2gtk-4.1 openssh"
		exit 1
	fi
	command="apt-get install -y --no-install-recommends$packages"
	if [ "$(id -u)" = 0 ]; then
		as_root=
	elif have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		as_root=sudo
		say "Some system packages are missing; sudo may ask for your password:$packages"
	else
		say "Some system packages are missing. As root, run this and try again:"
		say "  $command"
		exit 1
	fi
	say "Installing:$packages"
	log=$(mktemp)
	# An old list may name versions that are gone, so it is renewed first. A prompt would wait for ever in CI.
	# A service that a package starts must not keep the lock.
	if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive $command; } </dev/null >"$log" 2>&1 9>&-; then
		tail -20 "$log" >&2
		say "Installing failed; the whole log is $log. The command was: $command"
		exit 1
	fi
	rm -f "$log"
}

have_go_node
if [ "$want" != web ]; then
	one_at_a_time system
	case "$(uname -s)" in
	Linux)
		linux_packages
		[ -z "$packages" ] || install
		;;
	Darwin) xcode-select -p >/dev/null 2>&1 || { say "Please run first: xcode-select --install"; exit 1; } ;;
	esac
fi

one_at_a_time npm
cd frontend
# npm keeps a lock file of what is installed; it is older than ours when something else is wanted now.
installed=node_modules/.package-lock.json
if [ -f package-lock.json ] && { [ ! -e "$installed" ] || [ package-lock.json -nt "$installed" ]; }; then
	say "Installing the frontend's packages"
	PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error
	touch "$installed"
fi
