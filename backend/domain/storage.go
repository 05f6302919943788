package domain

import "time"

// Backup is a copy of the whole database in one file.
type Backup struct {
	Path     string    `json:"path"`
	Bytes    int64     `json:"bytes"`
	At       time.Time `json:"at"`
	Jobs     int       `json:"jobs"`
	VMs      int       `json:"vms"`
	Commands int       `json:"commands"`
}

// Restored says what a restore put in place.
type Restored struct {
	Backup
	// Replaced is the database that was in its place, kept beside; "" if there was none.
	Replaced string `json:"replaced"`
}

// Salvage says what became of a damaged database.
type Salvage struct {
	Sound   bool           `json:"sound"`   // nothing was wrong, nothing was changed
	Damage  []string       `json:"damage"`  // what SQLite said of it, the first lines
	Kept    string         `json:"kept"`    // the damaged file, put aside
	Rows    map[string]int `json:"rows"`    // what was saved, by table
	Cut     int            `json:"cut"`     // runs whose output ends at the damage
	Skipped int            `json:"skipped"` // places that could not be read
}

// Retention is how long jobs and their output are kept. Running and starred jobs always stay.
type Retention struct {
	Days  int   `json:"days"`  // 0: for ever
	Bytes int64 `json:"bytes"` // of the database; 0: as big as it may become
}

// Removal is what retention, or the end of an undo, took out of the database at one time.
type Removal struct {
	At    time.Time `json:"at"`
	Jobs  int       `json:"jobs"`
	Bytes int64     `json:"bytes"` // of output, as it came
	Why   string    `json:"why"`   // RemovedAge, RemovedSize, RemovedDeleted
}

// Why jobs were removed.
const (
	RemovedAge     = "age"
	RemovedSize    = "size"
	RemovedDeleted = "deleted"
)

// Storage says what takes how much room.
type Storage struct {
	Path       string     `json:"path"`
	FileBytes  int64      `json:"fileBytes"`  // the database file with its write-ahead log
	UsedBytes  int64      `json:"usedBytes"`  // of it, what holds something
	OutputRaw  int64      `json:"outputRaw"`  // output as it came
	OutputKept int64      `json:"outputKept"` // the same as stored
	IndexBytes int64      `json:"indexBytes"` // what makes output found
	SpareBytes int64      `json:"spareBytes"` // the file that makes room for final states on a full disk
	FreeBytes  int64      `json:"freeBytes"`  // on the disk; -1 unknown
	Jobs       int        `json:"jobs"`
	Starred    int        `json:"starred"`
	Oldest     *time.Time `json:"oldest"` // when the oldest job began
	VMs        []Share    `json:"vms"`    // by output, the biggest first
	Commands   []Share    `json:"commands"`
	Removals   []Removal  `json:"removals"` // the latest first
	Copies     []Copy     `json:"copies"`   // older databases beside it
}

// Share is one VM's or command's part of the output.
type Share struct {
	Name  string `json:"name"`
	Jobs  int    `json:"jobs"`
	Bytes int64  `json:"bytes"` // of output, as it came
}

// Copy is an older database that was put aside.
type Copy struct {
	Path  string    `json:"path"`
	Bytes int64     `json:"bytes"`
	At    time.Time `json:"at"`
}
