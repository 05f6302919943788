package domain

import "time"

// UsageQuery asks how a command usually does, on one VM or anywhere; without a command, how a VM's runs do.
type UsageQuery struct {
	CommandID string `json:"commandId"`
	Script    string `json:"script"` // of a free command, which has no id
	VMID      string `json:"vmId"`   // "" is any
	VMName    string `json:"vmName"` // for a target that was never taken in
}

// Usage is what the newest runs say: how often a command succeeds and how long it takes.
type Usage struct {
	Runs        int        `json:"runs"` // finished ones that were looked at, the newest
	Succeeded   int        `json:"succeeded"`
	UsualMillis int64      `json:"usualMillis"` // median of the newest that succeeded; 0: not known
	LastAt      *time.Time `json:"lastAt"`
	LastStatus  Status     `json:"lastStatus"`
	LastJob     int64      `json:"lastJob"` // its number
}

// DiffKind says what a row of a comparison is.
type DiffKind string

const (
	DiffSame    DiffKind = "same"
	DiffRemoved DiffKind = "removed" // only the older output has it
	DiffAdded   DiffKind = "added"   // only the newer one has it
	DiffFold    DiffKind = "fold"    // Count equal lines that are not in the reply
)

// DiffRow is a line of a comparison, or a fold of equal ones. A and B are line numbers in the older and the newer
// output, 0 where there is none; of a fold, of its first line.
type DiffRow struct {
	Kind  DiffKind `json:"kind"`
	A     int64    `json:"a"`
	B     int64    `json:"b"`
	Count int64    `json:"count"`
	Text  string   `json:"text"`
}

// Diff compares what two runs said, line by line.
type Diff struct {
	Rows    []DiffRow `json:"rows"`
	Added   int64     `json:"added"`
	Removed int64     `json:"removed"`
	// ReadA and ReadB are how many lines were compared, OfA and OfB how many there are.
	ReadA int64 `json:"readA"`
	ReadB int64 `json:"readB"`
	OfA   int64 `json:"ofA"`
	OfB   int64 `json:"ofB"`
	// Coarse: the outputs differ so much that changed stretches are shown whole instead of line against line.
	Coarse bool `json:"coarse"`
	// Cut: there are more changes than the rows show.
	Cut bool `json:"cut"`
}

// Compared is one side of a comparison.
type Compared struct {
	Job Job `json:"job"`
	Run Run `json:"run"`
}

// Comparison is a run beside an earlier one.
type Comparison struct {
	Old  Compared `json:"old"`
	New  Compared `json:"new"`
	Diff Diff     `json:"diff"`
}
