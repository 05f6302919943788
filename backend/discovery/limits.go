package discovery

import "time"

// DefaultWatchInterval is how often the files of the sources are looked at for changes: soon enough that an edit is
// there when the person comes back to the window, and some stat calls per second at most.
const DefaultWatchInterval = 2 * time.Second

// maxAddress bounds a pasted address or ssh line, in bytes.
const maxAddress = 4096
