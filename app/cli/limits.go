package main

import "time"

const (
	// foldBytes is where a line is folded on the screen; on disk it may have any length (output.md).
	foldBytes = 64 << 10
	// blockBytes is how much text goes to the terminal in one write.
	blockBytes = 64 << 10
	// queueBlocks is how many such writes may wait for the terminal before the machines have to.
	queueBlocks = 16
	// maxSGR is how long a colour sequence can sensibly be; a longer one is shown, not obeyed.
	maxSGR = 64
	// cancelWait is how long `vmo cancel` waits for what the stop came to (contracts.md).
	cancelWait = 15 * time.Second
	// closeWait is how long the app may take to end: a stop with its grace, and the last bytes on a slow disk.
	closeWait = 30 * time.Second
	// followEvery is the pause between two looks at a run of another process.
	followEvery = 200 * time.Millisecond
	// ringBytes bounds the memory for fresh output. The terminal gets it as it comes, so nobody reads the ring here.
	ringBytes = 8 << 20
	// readLines is how many lines are asked for at once; a reply has 8 KB at most anyway.
	readLines = 4096
	// defaultJobs is how many jobs `vmo jobs` shows.
	defaultJobs = 20
	// maxContext is how many lines `vmo search` prints around one.
	maxContext = 1000
	// maxImport is as much of a file as is read to be imported: one byte more than is taken tells that it is too big.
	maxImport = 4<<20 + 1
	// signAfter is how long `vmo search` goes on building signatures after it has printed, if there is much output
	// without: they make the next search fast where no window is open to do it. A second is enough for 400 MB.
	signAfter = time.Second
	// maxColumn is the widest that a column of a table is made; longer values, of which lists of algorithms have hundreds
	// of characters, stick out.
	maxColumn = 60
)
