package main

import (
	"bytes"
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// The objects of --json, one a line; docs/vmo-schema.json describes them. null is never left out.

type jsonOutput struct {
	Type   string        `json:"type"` // "output"
	VM     string        `json:"vm"`
	Stream domain.Stream `json:"stream"`
	N      int64         `json:"n"`
	Text   string        `json:"text"`
}

// jsonBytes is a line that is not UTF-8.
type jsonBytes struct {
	Type       string        `json:"type"` // "output"
	VM         string        `json:"vm"`
	Stream     domain.Stream `json:"stream"`
	N          int64         `json:"n"`
	DataBase64 []byte        `json:"dataBase64"`
}

type jsonRun struct {
	ID         string             `json:"id"`
	VM         string             `json:"vm"`
	VMID       *string            `json:"vmId"`
	Target     string             `json:"target"`
	Status     domain.Status      `json:"status"`
	ExitCode   *int               `json:"exitCode"`
	Signal     *string            `json:"signal"`
	Error      *domain.Error      `json:"error"`
	Note       string             `json:"note"`
	StopResult *domain.StopResult `json:"stopResult"`
	StartedAt  *stamp             `json:"startedAt"`
	FinishedAt *stamp             `json:"finishedAt"`
	Bytes      int64              `json:"bytes"`
	Lines      int64              `json:"lines"`
	Complete   bool               `json:"complete"`
}

type jsonJob struct {
	Type           string             `json:"type"` // "job"
	ID             string             `json:"id"`
	Number         int64              `json:"number"`
	Name           string             `json:"name"`
	Kind           domain.CommandKind `json:"kind"`
	CommandID      *string            `json:"commandId"`
	Script         string             `json:"script"`
	Status         domain.Status      `json:"status"`
	Origin         domain.Origin      `json:"origin"`
	Starred        bool               `json:"starred"`
	Parallelism    int                `json:"parallelism"`
	TimeoutSeconds int                `json:"timeoutSeconds"`
	CreatedAt      stamp              `json:"createdAt"`
	StartedAt      *stamp             `json:"startedAt"`
	FinishedAt     *stamp             `json:"finishedAt"`
	RunCount       int                `json:"runCount"`
	VMNames        []string           `json:"vmNames"`
	Runs           []jsonRun          `json:"runs,omitempty"` // of run and cancel; a list of jobs has none
}

type jsonVM struct {
	Type        string             `json:"type"` // "vm"
	ID          *string            `json:"id"`   // null: a host of ssh_config that is not taken in
	Name        string             `json:"name"`
	Source      domain.Source      `json:"source"`
	User        string             `json:"user"`
	Host        string             `json:"host"`
	Port        int                `json:"port"`
	Environment domain.Environment `json:"environment"`
	Provider    string             `json:"provider"`
	Tags        []string           `json:"tags"`
	Description string             `json:"description"`
	Favourite   bool               `json:"favourite"`
	Hidden      bool               `json:"hidden"`
	LastUsedAt  *stamp             `json:"lastUsedAt"`
}

// stamp is a time as JSON has it: RFC 3339 with milliseconds in UTC.
type stamp time.Time

func (s stamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(s).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

func stampOf(t *time.Time) *stamp {
	if t == nil {
		return nil
	}
	s := stamp(*t)
	return &s
}

func jobJSON(d domain.JobDetail) jsonJob {
	j := d.Job
	out := jsonJob{
		Type: "job", ID: j.ID, Number: j.Number, Name: j.Name, Kind: j.Kind, CommandID: j.CommandID, Script: j.Script,
		Status: j.Status, Origin: j.Origin, Starred: j.Starred, Parallelism: j.Parallelism, TimeoutSeconds: j.TimeoutSeconds,
		CreatedAt: stamp(j.CreatedAt), StartedAt: stampOf(j.StartedAt), FinishedAt: stampOf(j.FinishedAt),
		RunCount: j.RunCount, VMNames: j.VMNames,
	}
	if out.VMNames == nil {
		out.VMNames = []string{}
	}
	for _, r := range d.Runs {
		out.Runs = append(out.Runs, runJSON(r))
	}
	return out
}

func runJSON(r domain.Run) jsonRun {
	out := jsonRun{
		ID: r.ID, VM: r.VMName, VMID: r.VMID, Target: r.Target.String(), Status: r.Status, ExitCode: r.ExitCode, Error: r.Error,
		Note: r.Note, StopResult: r.StopResult, StartedAt: stampOf(r.StartedAt), FinishedAt: stampOf(r.FinishedAt),
		Bytes: r.Bytes, Lines: r.Lines, Complete: r.Complete,
	}
	if r.Signal != "" {
		out.Signal = &r.Signal
	}
	return out
}

// appendJSON appends v and a newline.
func appendJSON(dst []byte, v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("encode a value of this package: " + err.Error())
	}
	return append(dst, b.Bytes()...)
}

func lineJSON(dst []byte, vm string, stream domain.Stream, n int64, line []byte) []byte {
	if utf8.Valid(line) {
		return appendJSON(dst, jsonOutput{"output", vm, stream, n, string(line)})
	}
	return appendJSON(dst, jsonBytes{"output", vm, stream, n, line})
}

// jsonTee prints one run's lines as objects, numbered as the store numbers them: in the order of completion, both
// streams together, from 1. A line is kept in memory until it is whole, as an object can't be printed in pieces.
type jsonTee struct {
	p    *printer
	vm   string
	ctx  context.Context
	n    int64
	open [2][]byte
}

func (t *jsonTee) Write(ctx context.Context, stream domain.Stream, data []byte) error {
	s := streamNo(stream)
	buf := t.p.buffer()
	for {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			t.open[s] = append(t.open[s], data...)
			break
		}
		line := data[:i]
		if len(t.open[s]) > 0 {
			t.open[s] = append(t.open[s], line...)
			line = t.open[s]
		}
		t.n++
		buf = lineJSON(buf, t.vm, stream, t.n, line)
		if cap(t.open[s]) > foldBytes {
			t.open[s] = nil
		}
		t.open[s] = t.open[s][:0]
		data = data[i+1:]
		if len(buf) >= blockBytes {
			if err := t.p.send(ctx, 0, buf); err != nil {
				return err
			}
			buf = t.p.buffer()
		}
	}
	if len(buf) == 0 {
		return nil
	}
	return t.p.send(ctx, 0, buf)
}

func (t *jsonTee) Close() {
	for s, stream := range []domain.Stream{domain.Stdout, domain.Stderr} {
		if len(t.open[s]) > 0 {
			t.n++
			_ = t.p.send(t.ctx, 0, lineJSON(t.p.buffer(), t.vm, stream, t.n, t.open[s]))
		}
	}
}
