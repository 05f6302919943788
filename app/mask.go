package app

import (
	"context"
	"slices"
	"strings"
	"sync"

	"vmorchestrator/backend/domain"
)

// minMasked is the shortest secret that is looked for in output, in bytes: a shorter one is in every other word.
const minMasked = 4

// masks know the secrets of the runs of this session, so that the window doesn't show what a command prints of them.
// What is stored stays exact. A secret that is encoded, coloured in the middle or broken over lines is not found.
type masks struct {
	mu   sync.Mutex
	runs map[string][]string
}

// add notes what a run is given, before it begins.
func (m *masks) add(runID string, s domain.Secrets) {
	var values []string
	for _, e := range s.Env {
		values = append(values, string(e.Value))
	}
	values = append(values, strings.TrimSuffix(string(s.Stdin), "\n"))
	values = slices.DeleteFunc(values, func(v string) bool { return len(v) < minMasked })
	// The longest first: one may be part of another.
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.runs == nil {
		m.runs = map[string][]string{}
	}
	m.runs[runID] = values
}

func (m *masks) of(runID string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.runs[runID]
}

// mask gives text with an asterisk for each byte of the secrets in it, and of the beginning of one at its end: the rest
// may be still to come. Offsets into the text stay what they were.
func mask(text string, secrets []string) string {
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s, strings.Repeat("*", len(s)))
		for n := len(s) - 1; n >= minMasked; n-- {
			if rest, cut := strings.CutSuffix(text, s[:n]); cut {
				text = rest + strings.Repeat("*", n)
				break
			}
		}
	}
	return text
}

// ReadLog is Logs.Read for a screen: with the secrets of this session masked.
func (a *App) ReadLog(ctx context.Context, runID string, from int64, count int) (domain.LogPage, error) {
	page, err := a.Logs.Read(ctx, runID, from, count)
	secrets := a.masks.of(runID)
	if err != nil || len(secrets) == 0 {
		return page, err
	}
	page.Lines, page.Open = slices.Clone(page.Lines), slices.Clone(page.Open)
	for i := range page.Lines {
		page.Lines[i].Text = mask(page.Lines[i].Text, secrets)
	}
	for i := range page.Open {
		page.Open[i].Text = mask(page.Open[i].Text, secrets)
	}
	return page, nil
}

// LogLine is Logs.Line for a screen. A secret that reaches over the edge of two parts shows in the second one.
func (a *App) LogLine(ctx context.Context, runID string, n, offset int64) (string, int64, error) {
	text, total, err := a.Logs.Line(ctx, runID, n, offset)
	return mask(text, a.masks.of(runID)), total, err
}
