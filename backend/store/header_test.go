package store

import (
	"os"
	"path/filepath"
	"testing"

	"vmorchestrator/backend/domain"
)

// The beginning of the file is garbage, or its end is missing: what stands behind the one and before the other is saved.
func TestRepairOfAHeaderAndOfAnEnd(t *testing.T) {
	s, ctx := opened(t), t.Context()
	for range 5 {
		finished(t, s, "web", 40)
	}
	must(t, s.Close())
	whole, err := os.ReadFile(s.path)
	must(t, err)
	for name, spoil := range map[string]func([]byte) []byte{
		"garbage": func(text []byte) []byte {
			for i := range headerSize {
				text[i] = byte(i*37 + 11)
			}
			return text
		},
		"cut": func(text []byte) []byte { return text[:len(text)*3/4] },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "vmo.db")
			text := spoil(append([]byte{}, whole...))
			must(t, os.WriteFile(path, text, 0o600))
			if name == "garbage" {
				_, err := Open(ctx, Options{Path: path})
				wantCode(t, err, domain.CodeDamaged)
			}
			got, err := Repair(ctx, Options{Path: path})
			must(t, err)
			if got.Sound || got.Kept == "" {
				t.Fatalf("%+v", got)
			}
			if kept, err := os.ReadFile(got.Kept); err != nil || string(kept) != string(text) {
				t.Errorf("the damaged file was not kept as it was: %v", err)
			}
			again := open(t, path)
			must(t, again.Check(ctx))
			jobs, _, err := again.ListJobs(ctx, domain.JobFilter{})
			must(t, err)
			if name == "garbage" && len(jobs) != 5 || len(jobs) == 0 {
				t.Errorf("%d of 5 jobs, %+v", len(jobs), got)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".vmo-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}
