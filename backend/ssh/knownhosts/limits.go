package knownhosts

import "time"

const (
	// lockRetry is how often a held lock is tried again: a writer holds it for a few ms.
	lockRetry = 20 * time.Millisecond
	// lockTimeout bounds the wait for the lock; past it another process hangs and the person is told.
	lockTimeout = 10 * time.Second
	// maxProblems bounds how many bad lines one look reports.
	maxProblems = 100
	// maxParsed is of how many files the meaning is remembered; a person has two or three.
	maxParsed = 16
)
