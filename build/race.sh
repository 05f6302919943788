# For scripts to source: the flags of go test with the race detector, the same everywhere, so that all is compiled once.
#
# SQLite's own code, C that was translated to Go, is not watched: it keeps to memory of its own, which the driver copies
# into and out of, and watched it makes the tests of the store take three times as long. The driver and all else is.
# shellcheck shell=bash disable=SC2034
race=(-race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false)
