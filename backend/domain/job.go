package domain

import "time"

// Origin is the face that started a job.
type Origin string

const (
	OriginWindow Origin = "window"
	OriginCLI    Origin = "cli"
)

// Job is one click: a command on 1..N VMs, with a snapshot of what was run.
type Job struct {
	ID             string            `json:"id"`        // UUIDv7
	Number         int64             `json:"number"`    // small and growing, for people: "Job 1,204"
	CommandID      *string           `json:"commandId"` // nil for a free command
	Name           string            `json:"name"`      // the command's name, or the free script's first line
	Kind           CommandKind       `json:"kind"`
	Script         string            `json:"script"`  // as rendered and run
	Values         map[string]string `json:"values"`  // never a secret
	Secrets        []Param           `json:"secrets"` // what is asked for again to run it again; never a value
	WorkDir        string            `json:"workDir"`
	Env            map[string]string `json:"env"`
	Options        RunOptions        `json:"options"`
	Status         Status            `json:"status"`
	Parallelism    int               `json:"parallelism"`
	TimeoutSeconds int               `json:"timeoutSeconds"` // 0 is none
	Origin         Origin            `json:"origin"`
	RetryOf        *string           `json:"retryOf"`
	Starred        bool              `json:"starred"`
	CreatedAt      time.Time         `json:"createdAt"`
	StartedAt      *time.Time        `json:"startedAt"`
	FinishedAt     *time.Time        `json:"finishedAt"`
	// Counts of the runs by status, so that a list needs no runs.
	Counts map[Status]int `json:"counts"`
	// VMNames are the first names of the runs' VMs (at most 4), and RunCount is how many runs there are.
	VMNames  []string `json:"vmNames"`
	RunCount int      `json:"runCount"`
}

// Run is a job on one VM.
type Run struct {
	ID         string         `json:"id"` // UUIDv7; also the mark in the remote process's environment (VMO_RUN_ID)
	JobID      string         `json:"jobId"`
	Position   int            `json:"position"` // order within the job, from 0
	VMID       *string        `json:"vmId"`     // nil for an ad-hoc target or an alias not taken in
	VMName     string         `json:"vmName"`   // snapshot
	Target     Target         `json:"target"`   // snapshot
	Status     Status         `json:"status"`
	ExitCode   *int           `json:"exitCode"`
	Signal     string         `json:"signal"` // "TERM", or ""
	Error      *Error         `json:"error"`  // why it didn't run, or was lost
	Note       string         `json:"note"`   // what a person should know beside the status; "" mostly
	StopResult *StopResult    `json:"stopResult"`
	StartedAt  *time.Time     `json:"startedAt"`
	FinishedAt *time.Time     `json:"finishedAt"`
	Bytes      int64          `json:"bytes"`    // of both streams, as they arrived
	Lines      int64          `json:"lines"`    // completed lines, and at the end the last one without newline
	Complete   bool           `json:"complete"` // every byte until the end is stored
	Remote     *RemoteProcess `json:"remote"`   // what runs on the target; nil before it said so
}

// JobDetail is a job with all its runs in order.
type JobDetail struct {
	Job  Job   `json:"job"`
	Runs []Run `json:"runs"`
}

// RemoteProcess identifies what a run started on its target, so that a later start of the app can look for it.
type RemoteProcess struct {
	PID int `json:"pid"` // also the session id: sshd gives every exec without pty its own
	// StartTime tells a reused pid from the same process: field 22 of /proc/PID/stat, or `ps -o lstart=`; "" unknown.
	StartTime string `json:"startTime"`
	// GoesOn says that it isn't to be ended when contact with it was lost.
	GoesOn bool `json:"goesOn,omitempty"`
}

// StopState is what a stop came to.
type StopState string

const (
	StopStopped      StopState = "stopped"       // looked again: nothing is left
	StopStillRunning StopState = "still_running" // looked again: PIDs are left
	StopUnreachable  StopState = "unreachable"   // the target can't be asked; the lease ends it at LeaseEndsAt
	StopUnproved     StopState = "unproved"      // no keeper can run there, so nothing is known
)

// StopResult is what really happened on the target when a run was stopped. It stands beside the status.
type StopResult struct {
	State       StopState  `json:"state"`
	PIDs        []int      `json:"pids"`
	LeaseEndsAt *time.Time `json:"leaseEndsAt"`
	Note        string     `json:"note"`
}
