package discovery

import "time"

// DefaultWatchInterval is how often the files of the sources are looked at for changes: soon enough that an edit is
// there when the person comes back to the window, and some stat calls per second at most.
const DefaultWatchInterval = 2 * time.Second

// DefaultPatience is how long a review waits for a source: a file has answered a hundred times over, and a person has
// not begun to wait.
const DefaultPatience = 300 * time.Millisecond

// maxAsk is after how long a source that doesn't answer has failed: a hypervisor's daemon that starts with the first
// question takes ten seconds.
const maxAsk = 30 * time.Second

// maxAddress bounds a pasted address or ssh line, in bytes.
const maxAddress = 4096

// maxEdit is how many VMs one edit may name: ten times what the app is made for.
const maxEdit = 10_000
