package config

import "time"

const (
	// resolveTimeout bounds one "ssh -G": it takes 6 ms, unless a "Match exec" or a name look-up hangs.
	resolveTimeout = 10 * time.Second
	// killDelay is how long the pipes of a killed ssh may stay open, held by a child that left its group.
	killDelay = 2 * time.Second
	// maxResolveOutput bounds what "ssh -G" may print, in bytes: it prints 6 kB.
	maxResolveOutput = 4 << 20
	// maxErrorText bounds how much of ssh's complaints is kept, in bytes.
	maxErrorText = 8 << 10

	// maxIncludeDepth is OpenSSH's own (READCONF_MAX_DEPTH).
	maxIncludeDepth = 16
	// maxFileBytes bounds one file: real ones have some kB, and a mistaken Include of a disk image must not fill memory.
	maxFileBytes = 8 << 20
	// maxFiles bounds how many files one listing reads, against an Include of a whole tree.
	maxFiles = 2000
	// maxProblems bounds how many bad lines are reported: past it the file is no ssh_config.
	maxProblems = 200
	// maxGlobMatches bounds what one Include pattern may name.
	maxGlobMatches = 1000
	// maxLibraryLine is the longest line that kevinburke/ssh_config is given, in bytes: its time is the square of this.
	maxLibraryLine = 256
	// settleTime is how old a file's last change must be for its text to be kept: file systems stamp in ticks of up to 2 s.
	settleTime = 2 * time.Second
	// maxRereads is how often a file that changes while it is read is read again.
	maxRereads = 5
	// maxIdentityFiles is OpenSSH's own (SSH_MAX_IDENTITY_FILES, SSH_MAX_CERTIFICATE_FILES); one more is refused by it.
	maxIdentityFiles = 100
	// maxHostsFiles is OpenSSH's own (SSH_MAX_HOSTS_FILES).
	maxHostsFiles = 32
	// maxWord bounds a word where OpenSSH works in a buffer of fixed size, in bytes (1024 for patterns, 256 for forwards);
	// what is longer is left to ssh.
	maxWord = 200
	// maxSeconds bounds a time, in seconds: three years, far below where OpenSSH's int ends.
	maxSeconds = 100_000_000
	// maxShown bounds a value or path that is only shown, in bytes: paths end at 4096, names far before.
	maxShown = 4096
)
