package app

import (
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

// maskPage masks in a page what the runs were given; the lines name theirs by its place.
func (a *App) maskPage(page domain.LogPage, runs []string) domain.LogPage {
	secrets, some := make([][]string, len(runs)), false
	for i, id := range runs {
		secrets[i] = a.masks.of(id)
		some = some || len(secrets[i]) > 0
	}
	if !some {
		return page
	}
	page.Lines, page.Open = slices.Clone(page.Lines), slices.Clone(page.Open)
	for i, l := range page.Lines {
		page.Lines[i].Text = mask(l.Text, secrets[l.Run])
	}
	for i, o := range page.Open {
		page.Open[i].Text = mask(o.Text, secrets[o.Run])
	}
	return page
}
