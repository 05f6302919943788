package output

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vmorchestrator/backend/domain"
)

// searchAll gives the numbers of the lines that a search finds, by run, and checks what every batch promises.
func searchAll(ctx context.Context, h *Hub, q domain.TextQuery, f domain.SearchFilter) (map[string][]int64, error) {
	m, err := newMatcher(q)
	if err != nil {
		return nil, err
	}
	all := map[string][]int64{}
	var last domain.SearchProgress
	var found int64
	err = h.Search(ctx, q, f, func(hits []domain.Hit, p domain.SearchProgress) error {
		found += int64(len(hits))
		if p.Searched < last.Searched || p.Lines < found || p.Total != last.Total && last.Total > 0 {
			return fmt.Errorf("progress %+v after %+v, %d found", p, last, found)
		}
		last = p
		for _, hit := range hits {
			all[hit.Run.ID] = append(all[hit.Run.ID], hit.Line)
			for _, at := range hit.Matches {
				if text := hit.Text[at[0]:at[1]]; !q.Regex && !m.re.MatchString(text) {
					return fmt.Errorf("%q is marked in %q", text, hit.Text)
				}
			}
			if len(hit.Text) > hitBytes || hit.At.IsZero() {
				return fmt.Errorf("hit %+v", hit)
			}
		}
		return nil
	})
	if err == nil && (last.Lines != found || last.Runs != int64(len(all)) || last.Searched != last.Total) {
		err = fmt.Errorf("%d lines in %d runs, told was %+v", found, len(all), last)
	}
	for _, numbers := range all {
		slices.Sort(numbers)
	}
	return all, err
}

// searchStory writes random runs, signs some of their output at random moments, and compares what a search finds with
// a scan of every line, while they live and when they are over.
func searchStory(t *testing.T, r *rand.Rand, pick func(int) int, queries []domain.TextQuery) {
	t.Helper()
	store := newMemStore()
	h := newHub(Options{Store: store}, smallLimits(r))
	models, writers := map[string]*model{}, map[string]*Writer{}
	streamOf := map[domain.Stream]int{domain.Stdout: stdout, domain.Stderr: stderr}
	check := func(when string) {
		q := queries[pick(len(queries))]
		f := domain.SearchFilter{Stream: []domain.Stream{"", "", domain.Stdout, domain.Stderr}[pick(4)]}
		got, err := searchAll(t.Context(), h, q, f)
		want := map[string][]int64{}
		for id, m := range models {
			for _, n := range m.naive(q) {
				if s, one := streamOf[f.Stream]; !one || m.lines[n-1].stream == s {
					want[id] = append(want[id], n)
				}
			}
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s, %+v %q: %v (%v), want %v", when, q, f.Stream, got, err, want)
		}
	}
	for i := range 1 + pick(4) {
		id := fmt.Sprintf("run%d", i)
		models[id], writers[id] = &model{}, h.Open(t.Context(), id)
		for range 1 + pick(25) {
			for id, w := range writers {
				if pick(2) == 0 {
					continue
				}
				s, p := pick(streams), randomBytes(r)
				models[id].write(s, p)
				if err := w.Write(streamName(s), p); err != nil {
					t.Fatal(err)
				}
			}
			if pick(12) == 0 {
				if _, err := h.Sign(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if pick(12) == 0 {
				check("live")
			}
		}
		if pick(2) == 0 {
			for id, w := range writers {
				if _, err := w.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				store.finish(id)
				delete(writers, id)
				m := models[id]
				for s := range streams {
					if len(m.line[s]) > 0 {
						m.lines = append(m.lines, modelLine{stream: s, raw: m.line[s]})
					}
				}
			}
		}
	}
	for range 3 {
		check("at the end")
		if _, err := h.Sign(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(store.faults) > 0 {
		t.Fatal(store.faults)
	}
}

func TestSearchSeesWhatScanSees(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 9)) // #nosec G404 -- a test that must be the same again
		searchStory(t, r, r.IntN, queries)
	}
}

// FuzzSearchAgainstScan takes its queries and the course of events from the input.
func FuzzSearchAgainstScan(f *testing.F) {
	for i, q := range queries {
		f.Add(uint64(i), q.Text, q.Regex, q.Case, []byte{3, 1, 4, 1, 5, 9, 2, 6})
	}
	f.Add(uint64(1), "bc.*?word|(?i)Ä+€", true, true, []byte{200, 13, 77})
	f.Fuzz(func(t *testing.T, seed uint64, text string, regex, cased bool, course []byte) {
		q := domain.TextQuery{Text: text, Regex: regex, Case: cased}
		if CheckQuery(q) != nil || len(course) == 0 {
			return
		}
		r := rand.New(rand.NewPCG(seed, 11)) // #nosec G404
		at := 0
		pick := func(n int) int {
			at++
			return (int(course[at%len(course)]) + at) % n
		}
		searchStory(t, r, pick, []domain.TextQuery{q})
	})
}

// TestSearchOpensFewChunks looks for one line in 40 chunks that have signatures.
func TestSearchOpensFewChunks(t *testing.T) {
	t.Parallel()
	store := newMemStore()
	h := NewHub(Options{Store: store})
	w := h.Open(t.Context(), "run")
	text := logText(30_000)
	half := len(text)/2 + strings.IndexByte(string(text[len(text)/2:]), '\n') + 1
	for _, p := range [][]byte{text[:half], []byte("connect to 10.0.0.7: \x1b[31mConnection\x1b[0m refused\n"), text[half:]} {
		if err := w.Write(domain.Stdout, p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	store.finish("run")
	if n, err := h.Sign(t.Context()); err != nil || n < int64(len(text)) {
		t.Fatalf("%d bytes signed (%v)", n, err)
	}
	var size, candidates, hits int
	for _, p := range store.signed.packs {
		size += len(slices.Concat(p.Slices...))
	}
	m, err := newMatcher(domain.TextQuery{Text: `connection\s+(refused|reset)`, Regex: true})
	if err != nil {
		t.Fatal(err)
	}
	look := func(m *matcher) (left []slots, read int) {
		r := &packReader{read: func(packs []int64, n int, look func(int, []byte)) error {
			return store.Slices(t.Context(), packs, n, look)
		}}
		for _, p := range store.signed.packs {
			r.packs = append(r.packs, p.Key)
		}
		store.signed.read = 0
		left, err := m.candidates(r)
		if err != nil {
			t.Fatal(err)
		}
		return left, store.signed.read
	}
	left, _ := look(m)
	for i, p := range store.signed.packs {
		for _, slot := range left[i].list() {
			if slot < len(p.Ranges) {
				candidates++
			}
		}
	}
	none, err := newMatcher(domain.TextQuery{Text: "zygomorphic quincunx"})
	if err != nil {
		t.Fatal(err)
	}
	if _, read := look(none); read > 5*len(store.signed.packs) {
		t.Errorf("%d slices of %d packs were read for a word that is nowhere", read, len(store.signed.packs))
	}
	if share := float64(size) / float64(len(text)); candidates > 2 || share > 1.0/32 {
		t.Errorf("%d chunks are candidates, signatures are %.4f of the output", candidates, share)
	}
	err = h.Search(t.Context(), domain.TextQuery{Text: "CONNECTION refused"}, domain.SearchFilter{}, func(all []domain.Hit, p domain.SearchProgress) error {
		for _, hit := range all {
			hits++
			if hit.Text != "connect to 10.0.0.7: Connection refused" || !reflect.DeepEqual(hit.Matches, [][2]int{{21, 39}}) {
				t.Errorf("%+v", hit)
			}
		}
		return nil
	})
	if err != nil || hits != 1 {
		t.Errorf("%d hits (%v)", hits, err)
	}
	stopped := errors.New("stopped")
	err = h.Search(t.Context(), domain.TextQuery{Text: "status"}, domain.SearchFilter{}, func(all []domain.Hit, _ domain.SearchProgress) error {
		return stopped
	})
	if !errors.Is(err, stopped) {
		t.Errorf("a stopped search says %v", err)
	}
	since := time.Now().Add(time.Hour)
	if got, err := searchAll(t.Context(), h, domain.TextQuery{Text: "status"}, domain.SearchFilter{Since: &since}); err != nil || len(got) > 0 {
		t.Errorf("found in the future: %d runs (%v)", len(got), err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A stretch of a line is cut between characters, and never longer for it.
func TestHitIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	m, err := newMatcher(domain.TextQuery{Text: "needle"})
	if err != nil {
		t.Fatal(err)
	}
	for before := range 450 {
		line := strings.Repeat("x", before%3) + strings.Repeat("€", before) + "Needle" + strings.Repeat("é", 450-before)
		hit := m.hit([]byte(line))
		if len(hit.Text) > hitBytes || !utf8.ValidString(hit.Text) || len(hit.Matches) != 1 || hit.Text[hit.Matches[0][0]:hit.Matches[0][1]] != "Needle" {
			t.Fatalf("%d before: %+v", before, hit)
		}
	}
}

// BenchmarkSign is the cost of signatures for 100 MB that are stored; beside it stands their size.
func BenchmarkSign(b *testing.B) {
	store := newMemStore()
	h := NewHub(Options{Store: store})
	w := h.Open(context.Background(), "run")
	text := logText(1_000_000)
	if err := w.Write(domain.Stdout, text); err != nil {
		b.Fatal(err)
	}
	if _, err := w.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	store.finish("run")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		store.signed = memSigned{}
		if _, err := h.Sign(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	size := 0
	for _, p := range store.signed.packs {
		size += len(slices.Concat(p.Slices...))
	}
	b.ReportMetric(float64(size)/float64(len(text)), "signatures/raw")
	if err := h.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// mergingStore merges a run's tail rows into a chunk just after a search has read the first of them.
type mergingStore struct {
	*memStore
	codec *codec
}

func (m *mergingStore) BlocksIn(ctx context.Context, ranges []domain.LogRange) ([][]domain.LogBlock, error) {
	all, err := m.memStore.BlocksIn(ctx, ranges)
	if err != nil {
		return nil, err
	}
	for i, rows := range all {
		if len(rows) < 2 {
			continue
		}
		var merged *block
		for _, row := range rows {
			b, err := m.codec.decode(row)
			if err != nil {
				return nil, err
			}
			if merged == nil {
				merged = b
			} else {
				merged.append(b, pieceBytes)
			}
		}
		chunk, _ := m.codec.encode(m.signed.keys[ranges[i].Run-1], merged, true, nil, nil)
		if err := m.ReplaceTails(ctx, chunk); err != nil {
			return nil, err
		}
		all[i] = rows[:1]
	}
	return all, nil
}

// A line was found twice when its tail row became part of a chunk between two reads of a search.
func TestSearchWhileTailsAreMerged(t *testing.T) {
	t.Parallel()
	store := newMemStore()
	c := newCodec()
	defer c.close()
	for _, id := range []string{"a", "b"} {
		b := newBlock(nil)
		for n := range 3 {
			b.add(stdout, fmt.Appendf(nil, "word %d\n", n), 1, pieceBytes)
			row, _ := c.encode(id, b, false, nil, nil)
			if err := store.AppendBlocks(t.Context(), []domain.LogBlock{row}); err != nil {
				t.Fatal(err)
			}
			b = newBlock(b)
		}
		store.finish(id)
	}
	h := NewHub(Options{Store: &mergingStore{store, c}})
	got, err := searchAll(t.Context(), h, domain.TextQuery{Text: "WORD"}, domain.SearchFilter{})
	if want := (map[string][]int64{"a": {1, 2, 3}, "b": {1, 2, 3}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v (%v), want %v", got, err, want)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
