package store

import "time"

const (
	// busyTimeout is how long SQLite itself waits for another process's write. Transactions are 20 ms or less, so a
	// wait this long means a stuck or stopped process.
	busyTimeout = 5 * time.Second
	// busyTries is how often a write begins anew after busyTimeout before it is given up.
	busyTries = 3
	// readConns is how many reads go at once: the window's few panes, and one long read that must not hold them up.
	readConns = 4
	// migrateWait is how long to wait for other processes to leave the database before it is brought up to date; two
	// first starts at the same moment need milliseconds.
	migrateWait = 5 * time.Second
	// lockRetry is how often a file lock is tried while waiting.
	lockRetry = 20 * time.Millisecond
	// watchInterval is how often PRAGMA data_version is asked for commits of other processes.
	watchInterval = 500 * time.Millisecond
	// defaultBallast is the size in bytes of the file that makes room for final states on a full disk. It is twice what
	// the write-ahead log grows to before SQLite folds it into the database (1,000 pages), so that folding it, which may
	// make the database grow by as much, succeeds and frees the log's room again and again.
	defaultBallast = 2 * 1000 * pageSize
	// pageSize in bytes: a 40 KB chunk takes 5 pages instead of 10.
	pageSize = 8192
	// walLimit in bytes: the write-ahead log is cut back to this after a burst.
	walLimit = 64 << 20
	// listedScript is how much of a script a list gives, in bytes; GetJob gives all.
	listedScript = 4 << 10
	// searchedScript is how much of a script the text filter looks in, in bytes.
	searchedScript = 64 << 10
	// listedNames is how many VM names a job of a list has.
	listedNames = 4
	// progressEvery is how often the progress of a long copy is told.
	progressEvery = 200 * time.Millisecond
	// copyStep is how much is copied between two looks whether it is to go on, in bytes.
	copyStep = 1 << 20
	// damageLines is how much of what is wrong is told; a damaged database may have thousands of lines.
	damageLines = 20
	// salvageRows is how many rows are read at once from a damaged database.
	salvageRows = 256
	// undoSpan is how long a deleted job stays to be brought back: longer than any toast, so that it frees its room soon.
	undoSpan = time.Hour
	// pruneRows bounds one transaction of removing: blocks of some 40 KB on pages that are only put on a list.
	pruneRows = 64
	// vacuumPages bounds one step of giving room back to the disk: 2 MiB.
	vacuumPages = 256
	// shares is how many VMs and commands the storage page names.
	shares = 10
	// removalsKept is how many removals are remembered.
	removalsKept = 50
	// maxVersions is how many earlier forms of a command are kept: months of edits, a megabyte for the longest scripts.
	maxVersions = 50
)

const (
	// usageRuns is how many of a command's newest runs its success rate is of, and usualOf how many successes its usual
	// duration: what was long ago says little.
	usageRuns = 200
	usualOf   = 20
	// freeLookback is among how many of the newest jobs an equal free command is looked for: they have no index.
	freeLookback = 5000
)
