package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"vmorchestrator/bench/corpus"
)

// writeFiles writes all output as plain files below dir/runs, a file for each run that said something, or dir/days,
// all of a day in one.
func writeFiles(ctx context.Context, dir, layout string, p corpus.Params, jobs []corpus.Job) (err error) {
	if layout != "runs" && layout != "days" {
		return fmt.Errorf("-files: %q is neither runs nor days", layout)
	}
	root := filepath.Join(dir, layout)
	if _, err := os.Stat(root); err == nil {
		fmt.Fprintf(os.Stderr, "%s is there already\n", root)
		return nil
	}
	// It gets its name when it is whole.
	making := root + ".unfinished"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	out := &fileWriter{}
	defer func() {
		if err = errors.Join(err, out.close()); err == nil {
			err = os.Rename(making, root)
		}
	}()
	vms := p.Fleet()
	told := progress{what: layout, began: time.Now()}
	for i, j := range jobs {
		day := filepath.Join(making, j.At.Format(time.DateOnly))
		for k, r := range j.Runs {
			if r.Text.Lines == 0 {
				continue
			}
			name := day + ".log"
			if layout == "runs" {
				name = filepath.Join(day, fmt.Sprintf("%d-%d-%s.log", i+1, k, vms[r.VM].Name))
			}
			if err := out.open(name); err != nil {
				return err
			}
			if err := r.Text.Write(func(_ time.Time, p []byte) error { _, err := out.w.Write(p); return err }); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		told.tell("%d of %d jobs", i, len(jobs))
	}
	return nil
}

// fileWriter writes one file after the other.
type fileWriter struct {
	name string
	file *os.File
	w    *bufio.Writer
}

func (f *fileWriter) open(name string) error {
	if name == f.name {
		return nil
	}
	if err := f.close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // #nosec G304 -- below the folder that the person named
	if err != nil {
		return err
	}
	f.name, f.file, f.w = name, file, bufio.NewWriterSize(file, 256<<10)
	return nil
}

func (f *fileWriter) close() error {
	if f.file == nil {
		return nil
	}
	err := errors.Join(f.w.Flush(), f.file.Close())
	f.file, f.name = nil, ""
	return err
}
