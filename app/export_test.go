//go:build unix

package app

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vmorchestrator/backend/domain"
)

// here runs a script on this computer and gives the job as it ended.
func here(t *testing.T, a *App, script string) domain.JobDetail {
	t.Helper()
	d, err := a.Jobs.Start(t.Context(), StartJob{Script: script, Kind: domain.KindLocal, Origin: domain.OriginCLI, Targets: []Target{
		{Name: "this: computer", Target: domain.Target{Kind: domain.TargetLocal}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d, err = a.Jobs.Wait(t.Context(), d.Job.ID); err != nil {
		t.Fatal(err)
	}
	return d
}

// What is exported raw is what was sent, to the byte, alone and in the zip; the lines of JSON have every byte too.
func TestExportIsByteExact(t *testing.T) {
	a := demoApp(t)
	dir := t.TempDir()
	sent := make([]byte, 3_000_000)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(sent)
	must(t, os.WriteFile(filepath.Join(dir, "sent"), sent, 0o600))
	d := here(t, a, "cat "+filepath.Join(dir, "sent")+"; printf 'no newline' >&2")
	run := d.Runs[0]
	export := func(e LogExport) []byte {
		t.Helper()
		e.JobID, e.Path = d.Job.ID, filepath.Join(dir, "out")
		var last int64
		must(t, a.Export(t.Context(), e, func(done, total int64) {
			if done < last || done > total {
				t.Errorf("%d of %d after %d", done, total, last)
			}
			last = done
		}))
		got, err := os.ReadFile(e.Path)
		must(t, err)
		return got
	}
	if got := export(LogExport{RunID: run.ID, Format: FormatRaw, Stream: domain.Stdout}); sha256.Sum256(got) != sha256.Sum256(sent) {
		t.Errorf("stdout: %d bytes, not the %d that were sent", len(got), len(sent))
	}
	if got := export(LogExport{RunID: run.ID, Format: FormatRaw, Stream: domain.Stderr}); string(got) != "no newline" {
		t.Errorf("stderr: %q", got)
	}
	if got := export(LogExport{Format: FormatRaw}); len(got) != len(sent)+len("no newline") {
		t.Errorf("both: %d bytes", len(got))
	}

	archive := export(LogExport{Format: FormatZip})
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	must(t, err)
	want := map[string][]byte{"001-this_ computer.stdout.log": sent, "001-this_ computer.stderr.log": []byte("no newline"), "job.json": nil}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		got, err := io.ReadAll(r)
		must(t, err)
		content, known := want[f.Name]
		delete(want, f.Name)
		if !known || content != nil && sha256.Sum256(got) != sha256.Sum256(content) {
			t.Errorf("%s: %d bytes", f.Name, len(got))
		}
		var about domain.JobDetail
		if f.Name == "job.json" && (json.Unmarshal(got, &about) != nil || about.Job.Number != d.Job.Number || len(about.Runs) != 1) {
			t.Errorf("job.json: %s", got)
		}
	}
	if len(want) > 0 {
		t.Errorf("the archive lacks %v", want)
	}

	var joined []byte
	lines := bufio.NewScanner(bytes.NewReader(export(LogExport{Format: FormatJSON, Stream: domain.Stdout})))
	lines.Buffer(nil, 64<<20)
	for n := 0; lines.Scan(); n++ {
		var l struct {
			Type, VM, Stream string
			Text             *string
			DataBase64       []byte
		}
		must(t, json.Unmarshal(lines.Bytes(), &l))
		if l.Type != "output" || l.VM != "this: computer" || l.Stream != "stdout" {
			t.Fatalf("line %s", lines.Bytes())
		}
		if n > 0 {
			joined = append(joined, '\n')
		}
		if l.Text != nil {
			l.DataBase64 = []byte(*l.Text)
		}
		joined = append(joined, l.DataBase64...)
	}
	if !bytes.Equal(joined, sent) {
		t.Errorf("JSON: %d bytes, sent were %d", len(joined), len(sent))
	}
}

// As text goes what the screen shows, in whole lines.
func TestExportText(t *testing.T) {
	a := demoApp(t)
	long := strings.Repeat("x", 500_000)
	d := here(t, a, `printf '\033[31mred\033[0m\n10%%\r100%%\r\n\377\n'; head -c 500000 /dev/zero | tr '\0' x; printf '\nlast'`)
	path := filepath.Join(t.TempDir(), "out.txt")
	must(t, a.Export(t.Context(), LogExport{JobID: d.Job.ID, Format: FormatText, Path: path}, nil))
	got, err := os.ReadFile(path)
	must(t, err)
	if want := "red\n100%\n\uFFFD\n" + long + "\nlast\n"; string(got) != want {
		t.Errorf("%d bytes: %.60q ... %.20q", len(got), got, got[max(0, len(got)-20):])
	}
}

// A failure, a full disk and Stop leave the file that was there, and nothing else.
func TestExportLeavesNothingHalf(t *testing.T) {
	a := demoApp(t)
	d := here(t, a, "seq 1 100000")
	dir := t.TempDir()
	path := filepath.Join(dir, "out.txt")
	must(t, os.WriteFile(path, []byte("before"), 0o600))
	e := LogExport{JobID: d.Job.ID, Format: FormatText, Path: path}

	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Export(stopped, e, nil); err == nil {
		t.Error("it wasn't stopped")
	}
	full := writeWhole(path, func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 1<<20))
		return &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
	})
	if domain.CodeOf(full) != domain.CodeDiskFull {
		t.Errorf("a full disk: %v", full)
	}
	e.Path = filepath.Join(dir, "nowhere", "out.txt")
	if err := a.Export(t.Context(), e, nil); domain.CodeOf(err) != domain.CodeLocal {
		t.Errorf("no such folder: %v", err)
	}
	for _, bad := range []LogExport{{JobID: "nothing", Format: FormatText}, {JobID: d.Job.ID, RunID: "x", Format: FormatText}, {JobID: d.Job.ID, Format: "pdf"}, {JobID: d.Job.ID, Format: FormatRaw, Stream: "both"}} {
		bad.Path = path
		if err := a.Export(t.Context(), bad, nil); err == nil || domain.CodeOf(err) == domain.CodeInternal {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	kept, err := os.ReadFile(path)
	must(t, err)
	if len(entries) != 1 || string(kept) != "before" {
		t.Errorf("%v, %q", entries, kept)
	}

	e.Path = path
	id := a.StartExport(t.Context(), e)
	wait(t, func() bool { task, err := a.Tasks.Get(id); return err == nil && task.State == TaskDone })
	if task, _ := a.Tasks.Get(id); task.Done != task.Total || task.Said == "" {
		t.Errorf("%+v", task)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
