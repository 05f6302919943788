package app

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
	"vmorchestrator/backend/output"
)

// LogFormat is a form in which output leaves the app.
type LogFormat string

const (
	// FormatText is what the screen shows: whole lines of both streams in order, without escape sequences.
	FormatText LogFormat = "text"
	// FormatRaw is the exact bytes.
	FormatRaw LogFormat = "raw"
	// FormatJSON is one object a line, as `vmo run --json` prints them; a line that isn't UTF-8 has its bytes.
	FormatJSON LogFormat = "json"
	// FormatZip is all runs of a job: job.json, and for each VM and stream a file with the exact bytes.
	FormatZip LogFormat = "zip"
)

// LogExport says what is to be written where.
type LogExport struct {
	JobID  string        `json:"jobId"` // "" is the run's
	RunID  string        `json:"runId"` // the run; not for FormatZip
	Format LogFormat     `json:"format"`
	Stream domain.Stream `json:"stream"` // "" is both, raw in order of arrival
	Path   string        `json:"path"`
}

// FileName is a name to offer for the export of a job's run on a VM ("" for all).
func (f LogFormat) FileName(job int64, vm string, stream domain.Stream) string {
	parts := []string{fmt.Sprintf("job-%d", job)}
	if f != FormatZip && vm != "" {
		parts = append(parts, safeName(vm))
	}
	if f != FormatZip && stream != "" {
		parts = append(parts, string(stream))
	}
	ending := map[LogFormat]string{FormatText: ".txt", FormatRaw: ".log", FormatJSON: ".jsonl", FormatZip: ".zip"}[f]
	return strings.Join(parts, "-") + ending
}

// safeName is a VM's name as a part of a file name on any system.
func safeName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if len(safe) > maxFilePart {
		safe = strings.ToValidUTF8(safe[:maxFilePart], "")
	}
	return strings.Trim(safe, ". ")
}

// Export writes output to a file. The file appears, in the place of one of that name, only when it is whole; an error or
// the end of ctx leaves nothing. Errors: CodeNotFound, CodeInvalid with the field at fault, CodeDiskFull, CodeLocal.
func (a *App) Export(ctx context.Context, e LogExport, progress Progress) error {
	d, err := a.exported(ctx, e)
	if err != nil {
		return err
	}
	runs := d.Runs
	if e.Format != FormatZip {
		run, err := runOf(d, e.RunID)
		if err != nil {
			return err
		}
		runs = []domain.Run{run}
	}
	x := exporter{ctx: ctx, logs: a.Logs, progress: progress}
	for _, r := range runs {
		x.total += r.Bytes
	}
	switch e.Format {
	case FormatText, FormatRaw, FormatJSON:
	case FormatZip:
		return writeWhole(e.Path, func(w io.Writer) error { return x.zip(d, w) })
	default:
		return domain.FieldError("format", "%q is no form of an export", e.Format)
	}
	switch e.Stream {
	case "", domain.Stdout, domain.Stderr:
	default:
		return domain.FieldError("stream", "%q is no output stream", e.Stream)
	}
	return writeWhole(e.Path, func(w io.Writer) error { return x.run(runs[0], e.Format, e.Stream, w) })
}

func (a *App) exported(ctx context.Context, e LogExport) (domain.JobDetail, error) {
	if e.JobID == "" && e.RunID != "" {
		run, err := a.History.GetRun(ctx, e.RunID)
		if err != nil {
			return domain.JobDetail{}, err
		}
		e.JobID = run.JobID
	}
	return a.History.GetJob(ctx, e.JobID)
}

func runOf(d domain.JobDetail, id string) (domain.Run, error) {
	for _, r := range d.Runs {
		if r.ID == id || id == "" && len(d.Runs) == 1 {
			return r, nil
		}
	}
	return domain.Run{}, domain.NewError(domain.CodeNotFound, "Choose one of its VMs.", "job %d has no such run", d.Job.Number)
}

// exporter writes one export.
type exporter struct {
	ctx         context.Context
	logs        *output.Hub
	progress    Progress
	done, total int64 // bytes of output
	told        time.Time
}

func (x *exporter) tell(done int64) {
	if x.progress != nil && time.Since(x.told) > progressEvery {
		x.told = time.Now()
		x.progress(done, max(done, x.total))
	}
}

func (x *exporter) run(r domain.Run, format LogFormat, stream domain.Stream, w io.Writer) error {
	var err error
	switch format {
	case FormatRaw:
		_, err = x.logs.Raw(x.ctx, r.ID, stream, 0, counted{x, w})
	case FormatText:
		err = x.lines(r, stream, func(buf []byte, l output.WholeLine) []byte { return append(l.Shown(buf), '\n') }, w)
	default:
		err = x.lines(r, stream, func(buf []byte, l output.WholeLine) []byte { return appendLineJSON(buf, r.VMName, l) }, w)
	}
	x.done += r.Bytes
	return err
}

// counted passes on and counts.
type counted struct {
	x *exporter
	w io.Writer
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.x.done += int64(n)
	c.x.tell(c.x.done)
	return n, err
}

func (x *exporter) lines(r domain.Run, stream domain.Stream, form func([]byte, output.WholeLine) []byte, w io.Writer) error {
	var buf []byte
	return x.logs.EachLine(x.ctx, r.ID, func(l output.WholeLine, done int64) error {
		x.tell(x.done + done)
		if l.N == 0 || stream != "" && l.Stream != stream {
			return x.ctx.Err()
		}
		buf = form(buf[:0], l)
		_, err := w.Write(buf)
		return err
	})
}

// lineText and lineBytes are the objects of docs/vmo-schema.json, which vmo prints too.
type lineText struct {
	Type   string        `json:"type"`
	VM     string        `json:"vm"`
	Stream domain.Stream `json:"stream"`
	N      int64         `json:"n"`
	Text   string        `json:"text"`
}

type lineBytes struct {
	Type       string        `json:"type"`
	VM         string        `json:"vm"`
	Stream     domain.Stream `json:"stream"`
	N          int64         `json:"n"`
	DataBase64 []byte        `json:"dataBase64"`
}

func appendLineJSON(dst []byte, vm string, l output.WholeLine) []byte {
	var v any = lineText{"output", vm, l.Stream, l.N, string(l.Bytes)}
	if !utf8.Valid(l.Bytes) {
		v = lineBytes{"output", vm, l.Stream, l.N, l.Bytes}
	}
	w := (*appender)(&dst)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // neither the values nor the writer can fail
	return dst
}

type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

func (x *exporter) zip(d domain.JobDetail, w io.Writer) error {
	z := zip.NewWriter(w)
	about, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return domain.NewError(domain.CodeInternal, "", "describe the job: %w", err)
	}
	file, err := x.entry(z, "job.json", d.Job.CreatedAt)
	if err == nil {
		_, err = file.Write(append(about, '\n'))
	}
	for _, r := range d.Runs {
		for _, stream := range []domain.Stream{domain.Stdout, domain.Stderr} {
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%03d-%s.%s.log", r.Position+1, safeName(r.VMName), stream)
			at := d.Job.CreatedAt
			if r.FinishedAt != nil {
				at = *r.FinishedAt
			}
			if file, err = x.entry(z, name, at); err == nil {
				_, err = x.logs.Raw(x.ctx, r.ID, stream, 0, counted{x, file})
			}
		}
	}
	if err != nil {
		return err
	}
	return z.Close()
}

func (x *exporter) entry(z *zip.Writer, name string, at time.Time) (io.Writer, error) {
	return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
}

// writeWhole writes a file beside its place and moves it there when it is whole and on the disk.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if path == "" {
		return domain.FieldError("path", "no file is named")
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".vmo-*")
	if err != nil {
		return exportFailed(err)
	}
	defer func() {
		if err != nil {
			_ = part.Close()
			_ = os.Remove(part.Name()) // what is left of a failed export is of no use; the failure is told
		}
	}()
	buffered := bufio.NewWriterSize(part, exportBuffer)
	if err := write(buffered); err != nil {
		return exportFailed(err)
	}
	for _, step := range []func() error{buffered.Flush, part.Sync, part.Close, func() error { return os.Rename(part.Name(), path) }} {
		if err := step(); err != nil {
			return exportFailed(err)
		}
	}
	return nil
}

// exportFailed gives errors of the file a person's words; those that have them, and the end of a context, stay.
func exportFailed(err error) error {
	var known *domain.Error
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case domain.IsDiskFull(err):
		return domain.NewError(domain.CodeDiskFull, "Make room there, or choose another folder; nothing of the file is left.", "the disk of the file is full")
	}
	return domain.NewError(domain.CodeLocal, "Choose another folder, or make room.", "the file can't be written: %w", err)
}

// ExportName is a file name to offer for an export. It reports what can't be exported before anybody is asked for a file.
func (a *App) ExportName(ctx context.Context, e LogExport) (string, error) {
	d, err := a.exported(ctx, e)
	if err != nil || e.Format == FormatZip {
		return e.Format.FileName(d.Job.Number, "", ""), err
	}
	run, err := runOf(d, e.RunID)
	return e.Format.FileName(d.Job.Number, run.VMName, e.Stream), err
}

// StartExport is Export as a task.
func (a *App) StartExport(ctx context.Context, e LogExport) string {
	return a.Tasks.Start(ctx, e.Path, func(ctx context.Context, progress Progress) (string, error) {
		return "Exported to " + e.Path, a.Export(ctx, e, progress)
	})
}
