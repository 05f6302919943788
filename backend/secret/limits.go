package secret

import "time"

const (
	// unlockWait is how long a call may take that the system may ask the person about: to find and type the password of
	// the keychain.
	unlockWait = 60 * time.Second
	// quickWait is how long one may take that asks nobody.
	quickWait = 10 * time.Second
)
