package output

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// unfold is the older (removed) or the newer (added) text that the rows of a comparison stand for.
func unfold(d domain.Diff, a []string, side domain.DiffKind) (out []string) {
	for _, r := range d.Rows {
		switch r.Kind {
		case domain.DiffFold:
			out = append(out, a[r.A-1:r.A-1+r.Count]...)
		case domain.DiffSame, side:
			out = append(out, r.Text)
		}
	}
	return out
}

// Whatever two texts are, the rows of their comparison make both of them again, and where a shortest edit is looked for
// it is as short as the table of longest common subsequences says.
func TestDiffMakesBothTextsAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		text := func() []string {
			out := make([]string, r.IntN(40))
			for i := range out {
				out[i] = fmt.Sprint(r.IntN(1 + r.IntN(30)))
			}
			return out
		}
		a, b := text(), text()
		d := diffLines(a, b)
		if got := unfold(d, a, domain.DiffRemoved); !slices.Equal(got, a) {
			t.Fatalf("%v | %v: older %v", a, b, got)
		}
		if got := unfold(d, a, domain.DiffAdded); !slices.Equal(got, b) {
			t.Fatalf("%v | %v: newer %v", a, b, got)
		}
		if want := len(a) + len(b) - 2*common(a, b); int(d.Added+d.Removed) != want || d.Coarse || d.Cut {
			t.Fatalf("%v | %v: %+v, want %d changes", a, b, d, want)
		}
	}
}

func common(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		before := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = before + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			before = above
		}
	}
	return row[len(b)]
}

// Texts with more changes than are looked for are still told apart at their common lines, in bounded time, and the
// answer says that it is coarse or cut.
func TestDiffOfTextsThatDifferMuchIsBounded(t *testing.T) {
	var a, b []string
	for i := range diffMaxLines {
		a, b = append(a, fmt.Sprint("old ", i)), append(b, fmt.Sprint("new ", i))
		if i%100 == 0 {
			a[i], b[i] = fmt.Sprint("mark ", i), fmt.Sprint("mark ", i)
		}
	}
	c := newComparer(a, b)
	c.compare(0, len(a), 0, len(b), diffMaxEdits)
	gaps := diffMaxLines / 100
	if most := diffMaxEdits*diffMaxEdits + gaps*diffGapEdits*diffGapEdits; c.steps > most {
		t.Errorf("%d steps, at most %d wanted", c.steps, most)
	}
	d := diffLines(a, b)
	want := int64(diffMaxLines - diffMaxLines/100)
	if d.Added != want || d.Removed != want || !d.Cut || d.Coarse || len(d.Rows) > diffMaxRows+2*diffContext {
		t.Errorf("added %d, removed %d, cut %v, coarse %v, %d rows", d.Added, d.Removed, d.Cut, d.Coarse, len(d.Rows))
	}
	if d = diffLines(a[1:1000], b[1:1000]); d.Coarse {
		t.Error("990 changes are few enough")
	}
	for i := range a {
		a[i], b[i] = fmt.Sprint("old ", i), fmt.Sprint("new ", i)
	}
	if d = diffLines(a, b); !d.Coarse || !d.Cut || d.Added != diffMaxLines {
		t.Errorf("nothing in common: coarse %v, cut %v, added %d", d.Coarse, d.Cut, d.Added)
	}
}

func TestDiffOfTwoRuns(t *testing.T) {
	store := newMemStore()
	h := NewHub(Options{Store: store})
	defer closeHub(t, h)
	for _, run := range []string{"old", "new"} {
		w := h.Open(bg, run)
		write(t, w, domain.Stdout, strings.Repeat("the same\n", 1000)+run+" version\n"+strings.Repeat("the end\n", 50))
		if _, err := w.Close(bg); err != nil {
			t.Fatal(err)
		}
	}
	d, err := h.Diff(bg, "old", "new")
	if err != nil || d.Added != 1 || d.Removed != 1 || d.ReadA != 1051 || d.OfB != 1051 {
		t.Fatalf("%+v, %v", d, err)
	}
	var kinds []domain.DiffKind
	for _, r := range d.Rows {
		if n := len(kinds); n == 0 || kinds[n-1] != r.Kind {
			kinds = append(kinds, r.Kind)
		}
	}
	if fmt.Sprint(kinds) != "[fold same removed added same fold]" || d.Rows[0].Count != 997 || d.Rows[4].Text != "old version" || d.Rows[4].A != 1001 {
		t.Errorf("%v: %+v", kinds, d.Rows)
	}
	if d, err = h.Diff(bg, "old", "old"); err != nil || d.Added+d.Removed != 0 || len(d.Rows) != 1 {
		t.Errorf("with itself: %+v, %v", d, err)
	}
}
