package domain

import "time"

// Stream is where a line came from.
type Stream string

const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// Line is one completed line of a run. Its number counts both streams together, from 1, in order of completion.
type Line struct {
	N      int64     `json:"n"`
	Stream Stream    `json:"stream"`
	At     time.Time `json:"at"`              // when its last byte arrived
	Text   string    `json:"text"`            // UTF-8, bad bytes as U+FFFD, without the newline; at most 4 KiB
	Len    int64     `json:"len"`             // true length in bytes as stored, without the newline
	Style  string    `json:"style,omitempty"` // parameters of the SGR sequence in force where the text begins
	// In the log of several runs, in which N counts the lines of all: whose line it is, and its number there.
	Run     int   `json:"run,omitempty"` // the run's position in the job
	RunLine int64 `json:"runLine,omitempty"`
}

// OpenLine is the unfinished last line of a stream: shown, but without a number.
type OpenLine struct {
	Stream Stream `json:"stream"`
	Text   string `json:"text"`            // at most its last 4 KiB
	Style  string `json:"style,omitempty"` // as in Line; where the text is cut, in force where the line begins
	Run    int    `json:"run,omitempty"`   // as in Line
}

// Notice is a remark of the app itself about a run (connected, stopped, exit). It is no line and not in the raw bytes.
type Notice struct {
	AfterLine int64     `json:"afterLine"` // stands after this line
	At        time.Time `json:"at"`
	Text      string    `json:"text"`
}

// LogPage is the answer to a read by cursor.
type LogPage struct {
	RunID   string     `json:"runId"`
	From    int64      `json:"from"`  // number of the first line in Lines (or where it would be)
	Lines   []Line     `json:"lines"` // contiguous, ascending; fewer than asked where the reply would pass its byte limit
	Last    int64      `json:"last"`  // newest line number of the run
	Open    []OpenLine `json:"open"`
	Notices []Notice   `json:"notices"` // all of the run; they are few (bounded by the writer)
	Done    bool       `json:"done"`    // no more will come
	// Order counts, in the log of several runs, how often a line came to stand before some that were told of already:
	// what is known by its number is to be read anew. It stays 0 while the runs write in the process that is asked.
	Order int `json:"order,omitempty"`
}

// LogBlock is a stretch of a run's output as stored: a tail row (uncompressed, fresh) or a chunk (zstd).
// What Header and Data hold is the output package's business; the store only keeps them.
// Blocks of a run are ordered by FirstByte and follow each other without gap or overlap.
type LogBlock struct {
	RunID     string
	FirstByte int64 // offset of its first byte among all bytes of the run, both streams, as they arrived
	Bytes     int64 // raw bytes, uncompressed
	FirstLine int64 // number that the first line completed in this block has (the next number if it completes none)
	Lines     int64 // how many lines complete in it
	At        time.Time
	Header    []byte
	Data      []byte
}

// LogMark is where a block of a run's output begins.
type LogMark struct {
	FirstByte int64
	FirstLine int64 // number that the first line completed from there on has
	At        int64 // when its first byte came, Unix milliseconds
}

// LogTotals is how much of a run is stored.
type LogTotals struct {
	Bytes    int64
	Lines    int64
	Complete bool
}
