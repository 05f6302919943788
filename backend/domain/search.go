package domain

import "time"

// TextQuery is what is looked for in lines of output, as they are shown: without colours and other escapes, and of a
// progress line what stood there last.
type TextQuery struct {
	Text  string `json:"text"`
	Regex bool   `json:"regex"` // RE2 syntax, within one line
	Case  bool   `json:"case"`  // upper and lower case differ
}

// FindPage are lines of one log that match.
type FindPage struct {
	Lines []int64 `json:"lines"` // their numbers, ascending
	Next  int64   `json:"next"`  // where to go on
	Done  bool    `json:"done"`  // every line there is now was looked at
}

// SearchFilter chooses in which output to search. Its zero value is all of it. What is set must all hold; within a list
// one entry is enough.
type SearchFilter struct {
	VMNames  []string   `json:"vmNames"`  // names that the runs' VMs had
	Commands []string   `json:"commands"` // ids or names of commands, or names of jobs
	Statuses []Status   `json:"statuses"` // of the run
	ExitCode *int       `json:"exitCode"`
	Stream   Stream     `json:"stream"` // "" is both
	Since    *time.Time `json:"since"`  // lines that came at or after
	Before   *time.Time `json:"before"` // lines that came before
}

// SearchRun is a run in which something was found.
type SearchRun struct {
	ID        string    `json:"id"`
	JobID     string    `json:"jobId"`
	JobNumber int64     `json:"jobNumber"`
	JobName   string    `json:"jobName"`
	VMID      string    `json:"vmId"` // "" for a target that was never taken in
	VMName    string    `json:"vmName"`
	Status    Status    `json:"status"`
	ExitCode  *int      `json:"exitCode"`
	CreatedAt time.Time `json:"createdAt"` // the job
	Key       int64     `json:"-"`         // the run's in the store
	Position  int       `json:"-"`         // in its job
	Bytes     int64     `json:"-"`         // stored
}

// Hit is a line that was found. Its text is a bounded stretch around the first match.
type Hit struct {
	Run     SearchRun `json:"run"`
	Line    int64     `json:"line"`
	Stream  Stream    `json:"stream"`
	At      time.Time `json:"at"`
	Text    string    `json:"text"`
	Matches [][2]int  `json:"matches"` // begin and end in Text, in bytes
	Before  bool      `json:"before"`  // the line has more before Text
	After   bool      `json:"after"`   // the line has more behind Text
}

// SearchProgress is how far a search has come.
type SearchProgress struct {
	Lines    int64 `json:"lines"`    // found
	Runs     int64 `json:"runs"`     // in which something was found
	Searched int64 `json:"searched"` // bytes of output that are done with
	Total    int64 `json:"total"`    // bytes of output that the filter leaves
}

// LogRange is a stretch of a run's output: its bytes, and the lines that complete in it.
type LogRange struct {
	Run       int64 // the run's key in the store
	FirstByte int64
	Bytes     int64
	FirstLine int64
	Lines     int64
}

// SignatureSlices is in how many parts a pack of signatures is stored.
const SignatureSlices = 16

// SignaturePack is signatures of output, each of one or several stretches. What the slices hold is the output package's
// business.
type SignaturePack struct {
	Key    int64
	Bytes  int64        // of output that it stands for
	Slices [][]byte     // SignatureSlices; only where a pack is stored
	Ranges [][]LogRange // by slot; only where a pack is stored
}
