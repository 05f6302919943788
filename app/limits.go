package app

import "time"

const (
	// choicesWithin is how long the script of a parameter's choices may take: a person waits for it, and can type instead.
	choicesWithin = 10 * time.Second
	// choicesBytes and maxChoices bound what is taken of its output: more can't be chosen from.
	choicesBytes = 64 << 10
	maxChoices   = 500
	// libraryEvery is how often the library folder is looked at.
	libraryEvery = 2 * time.Second

	// reapEvery is how often the window looks for jobs whose process died (contracts.md, "Who owns a running job").
	reapEvery = 5 * time.Second
	// lease is how long a target waits for a sign of life before it ends what runs there by itself (ssh.md, section 4).
	lease = 45 * time.Second
	// searchWait is how long a page of a search waits for something to be found, searchPageBytes about how big it is
	// (WebKit keeps big replies), searchRunBytes what naming a run in it takes, and searchLines how many lines the window
	// takes of one search: more is no answer to a question.
	searchWait      = 100 * time.Millisecond
	searchPageBytes = 8 << 10
	searchRunBytes  = 300
	searchLines     = 1000
	// maxJobLogs is of how many jobs the runs are remembered while their output is read.
	maxJobLogs = 32
	// maxUnchecked is how many hosts wait for their cross-check; idleEvery is how often it is looked whether nothing runs.
	maxUnchecked = 256
	idleEvery    = 2 * time.Second
	// checkRest is how many times as long as a cross-check took is rested after it.
	checkRest = 10
	// progressEvery is how often a task says how far it is; the window asks as often.
	progressEvery = 100 * time.Millisecond
	// pruneAfter is how long after the start old jobs are looked for, when the window is up; pruneEvery is how often then.
	pruneAfter = 20 * time.Second
	pruneEvery = time.Hour
	// prunePause is the rest after each step of removing, of a few milliseconds, and prunePauseBusy while jobs run: they
	// have nine parts of ten of the writer then.
	prunePause     = 5 * time.Millisecond
	prunePauseBusy = 200 * time.Millisecond
	// storageFresh is how old an answer about what takes room may be; it is measured anew behind the page then.
	storageFresh = 5 * time.Second
	// tasksKept is how many tasks that ended can still be asked about.
	tasksKept = 20
	// exportBuffer is how much of an export is written at once, in bytes.
	exportBuffer = 256 << 10
	// maxFilePart is how much of a VM's name goes into a file name, in bytes; systems allow 255 for the whole.
	maxFilePart = 80
)
