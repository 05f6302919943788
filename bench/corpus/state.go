package corpus

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// StateFile stands in a folder that bench-data made.
const StateFile = "bench-data.json"

// State is what a made folder holds.
type State struct {
	Params   Params `json:"params"`
	Complete bool   `json:"complete"` // false: it was interrupted
	Runs     int    `json:"runs"`
	Lines    int64  `json:"lines"`
	Bytes    int64  `json:"bytes"`   // of output, as the commands wrote it
	LongRun  string `json:"longRun"` // the run with the longest log
	HugeRun  string `json:"hugeRun"` // "": there is none
	Rare     int    `json:"rare"`    // lines with RareWord
}

// ReadState reads what dir holds; an error that is os.ErrNotExist for a folder that bench-data didn't make.
func ReadState(dir string) (State, error) {
	var s State
	text, err := os.ReadFile(filepath.Join(dir, StateFile))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", filepath.Join(dir, StateFile), err)
	}
	return s, nil
}
