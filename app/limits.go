package app

import "time"

const (
	// reapEvery is how often the window looks for jobs whose process died (contracts.md, "Who owns a running job").
	reapEvery = 5 * time.Second
	// lease is how long a target waits for a sign of life before it ends what runs there by itself (ssh.md, section 4).
	lease = 45 * time.Second
	// maxUnchecked is how many hosts wait for their cross-check; idleEvery is how often it is looked whether nothing runs.
	maxUnchecked = 256
	idleEvery    = 2 * time.Second
)
