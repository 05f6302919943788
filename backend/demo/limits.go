package demo

import "time"

const (
	// demoUser is who one is on every demo machine.
	demoUser = "demo"
	// dialTimeout is generous: the servers are in this process.
	dialTimeout = 5 * time.Second
	// handshakeTimeout frees a connection on which a stranger says nothing.
	handshakeTimeout = 10 * time.Second
	// maxSessions is OpenSSH's default MaxSessions, so that the app's own limit is met here as on a real host.
	maxSessions = 10
	// maxSecretBytes is domain.MaxSecretBytes and its newline.
	maxSecretBytes = 4096
	// maxScriptBytes bounds a script that comes by stdin, as domain.MaxScriptBytes does with room for its frame.
	maxScriptBytes = 2 << 20
	// maxFSBytes bounds what commands can put into a machine's memory.
	maxFSBytes = 64 << 20
)
