package domain

import "time"

// MaxJobPage is how many jobs one page of the history has at most; a page that doesn't say has DefaultJobPage.
const (
	MaxJobPage     = 500
	DefaultJobPage = 50
)

// JobFilter chooses jobs of the history. Its zero value is all of them. What is set must all hold; within a list one
// entry is enough.
type JobFilter struct {
	VMIDs     []string   `json:"vmIds"`     // a run on one of these VMs
	VMName    string     `json:"vmName"`    // a run on a VM of that name, for targets that were never taken in
	CommandID string     `json:"commandId"` // "" is any, and free commands
	Statuses  []Status   `json:"statuses"`
	Text      string     `json:"text"`  // found in the name, the script or a VM's name, whatever the case
	Since     *time.Time `json:"since"` // created at or after
	Before    *time.Time `json:"before"`
	Origin    Origin     `json:"origin"`
	Starred   *bool      `json:"starred"`
	Cursor    string     `json:"cursor"` // JobPage.Next of the page before, "" for the newest
	Limit     int        `json:"limit"`  // 0 is DefaultJobPage
}

// JobStats counts the jobs that a filter matches, whatever the page.
type JobStats struct {
	Total  int            `json:"total"`
	Counts map[Status]int `json:"counts"` // statuses that occur
}

// JobPage is one page of the history, newest first.
type JobPage struct {
	Jobs  []Job     `json:"jobs"`
	Next  string    `json:"next"`  // cursor of the next page, "" at the end
	Stats *JobStats `json:"stats"` // of a first page that is all there is; null elsewhere: counting can take far longer than a page
	// Removed is what retention took out last; of the page with the oldest jobs only, null if it took nothing yet.
	Removed *Removal `json:"removed"`
}

// Entity is a kind of thing that can change.
type Entity string

const (
	EntityVM       Entity = "vm"
	EntityCommand  Entity = "command"
	EntityJob      Entity = "job"
	EntityRun      Entity = "run"
	EntitySettings Entity = "settings"
)

// Change says that a thing is not what it was: read it again. Seq grows over the life of a data folder, in every
// process that writes to it.
type Change struct {
	Seq    int64  `json:"seq"`
	Entity Entity `json:"entity"`
	ID     string `json:"id"` // "" for the settings
}

// CancelRequest is another process's wish to stop a job, or with RunID one run of it.
type CancelRequest struct {
	JobID string `json:"jobId"`
	RunID string `json:"runId"` // "" is the whole job
}
