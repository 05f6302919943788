package config

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"vmorchestrator/backend/domain"
)

// Check compares the own answer for t with ssh -G, and gives the keywords that differ, sorted. It is for idle moments:
// it asks ssh once per host and change of the files, and nothing at all about hosts that ssh is asked about anyway, so
// it never runs a "Match exec". Where the two differ that is logged, and from then on ssh answers for t.
//
// It gives no keywords where there is nothing to compare, and an error only if ssh could not be asked or ctx ended.
func (r *Resolver) Check(ctx context.Context, t domain.Target) ([]string, error) {
	if err := checkTarget(t); err != nil {
		return nil, err
	}
	asked := questionOf(t)
	r.mu.Lock()
	known := r.disproved[asked]
	r.mu.Unlock()
	if known != nil {
		return slices.Clone(known), nil
	}
	a, err := r.own(ctx, t)
	var ask *notMine
	switch {
	case errors.As(err, &ask):
		return nil, nil
	case err != nil:
		return nil, err
	}
	asker := r.asker()
	ssh, err := asker.path()
	if err != nil {
		return nil, nil // the built-in defaults have nothing to be compared with
	}
	files := fmt.Sprint(a.files)
	r.mu.Lock()
	before, done := r.checked[asked]
	r.mu.Unlock()
	if done && before == files {
		return nil, nil
	}
	out, err := runSSH(ctx, ssh, asker.arguments(t), t.Destination())
	if domain.CodeOf(err) == domain.CodeClosed {
		return nil, err
	}
	var differing []string
	if err != nil { // ssh refuses what we answered
		differing = []string{"ssh"}
	} else {
		differing = differences(a.values, valuesOf(out))
	}
	if again, err := r.own(ctx, t); err != nil || fmt.Sprint(again.files) != files {
		return nil, nil // a file was changed between the two answers: the next check will tell
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(differing) == 0 {
		if r.checked == nil || len(r.checked) >= maxFiles {
			r.checked = map[question]string{}
		}
		r.checked[asked] = files
		return nil, nil
	}
	if r.disproved == nil {
		r.disproved = map[question][]string{}
	}
	r.disproved[asked] = differing
	r.log().Warn("ssh reads ssh_config differently; its own answer is used for this host", "host", t.Destination(), "keywords", strings.Join(differing, " "))
	return slices.Clone(differing), nil
}

// differences names the keywords whose values aren't the same. Versions of ssh print yes for true and no for false.
func differences(a, b map[string][]string) []string {
	var out []string
	for name := range a {
		if _, both := b[name]; !both {
			out = append(out, name)
		}
	}
	for name, values := range b {
		if !slices.EqualFunc(a[name], values, sameValue) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sameValue(a, b string) bool {
	word := func(s string) string {
		switch s {
		case "yes":
			return "true"
		case "no":
			return "false"
		}
		return s
	}
	return word(a) == word(b)
}
