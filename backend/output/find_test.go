package output

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// shownLine is what a person sees of a line, the slow way: escapes by one expression, letter by letter.
func shownLine(raw []byte) string {
	_, s := lastOverlay(string(raw))
	s = escapes.ReplaceAllString(s, "")
	var out []string
	for i := 0; i < len(s); {
		n := 1
		for n < 4 && i+n < len(s) && s[i+n]&0xc0 == 0x80 && []rune(s[i : i+n])[0] == '\ufffd' {
			n++
		}
		if []rune(s[i : i+n])[0] == '\ufffd' {
			n = 1
		}
		switch c := s[i : i+n]; {
		case c == "\x07":
		case c == "\b" && len(out) > 0:
			out = out[:len(out)-1]
		case c == "\b":
		default:
			out = append(out, c)
		}
		i += n
	}
	return strings.Join(out, "")
}

var escapes = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]+[0-~]|\x1b[0-Z\\` + "`" + `-~]`)

// naive says which lines match by the rule itself.
func (m *model) naive(q domain.TextQuery) []int64 {
	expr := q.Text
	if !q.Regex {
		expr = regexp.QuoteMeta(strings.ToValidUTF8(expr, "\ufffd"))
	}
	if !q.Case {
		expr = "(?i:" + expr + ")"
	}
	re := regexp.MustCompile(expr)
	numbers := []int64{}
	for i, l := range m.lines {
		if re.MatchString(shownLine(l.raw)) {
			numbers = append(numbers, int64(i+1))
		}
	}
	return numbers
}

func findAll(ctx context.Context, h *Hub, runID string, q domain.TextQuery, from int64) ([]int64, error) {
	numbers := []int64{}
	for {
		p, err := h.Find(ctx, runID, q, from)
		if err != nil {
			return nil, err
		}
		if len(p.Lines) > findLines || p.Next < from || !p.Done && p.Next == from {
			return nil, fmt.Errorf("from %d came %d lines, next %d, done %v", from, len(p.Lines), p.Next, p.Done)
		}
		numbers = append(numbers, p.Lines...)
		if from = p.Next; p.Done {
			return numbers, nil
		}
	}
}

var queries = []domain.TextQuery{
	{Text: "a"}, {Text: "A"}, {Text: "A", Case: true}, {Text: "word A"}, {Text: "Bc"}, {Text: "äA"}, {Text: "Ä", Case: true},
	{Text: "€"}, {Text: "abc"}, {Text: "aa"}, {Text: "\U0001f600b"}, {Text: "\ufffd"}, {Text: "\x00"}, {Text: "K"}, {Text: "ſ"}, {Text: "s"},
	{Text: "wo.d", Regex: true}, {Text: "^a", Regex: true}, {Text: "bc$", Regex: true}, {Text: "^$", Regex: true},
	{Text: "word|€a", Regex: true, Case: true}, {Text: "(bc){2,}", Regex: true}, {Text: "[äb]c", Regex: true}, {Text: "k.?s", Regex: true},
	{Text: "9é01", Case: true}, {Text: "É0"}, {Text: "(?i)WORD", Regex: true, Case: true},
}

// TestFindSeesWhatScanSees writes random bytes in random blocks and looks, live and finished, for what a scan finds.
func TestFindSeesWhatScanSees(t *testing.T) {
	t.Parallel()
	more := []string{"\x1b[1;31m", "\x1b]2;bell\x07", "\x1b]0;title\x1b\\", "\x1b", "\b", "\x07", "\u212a", "ſ", "K", "s", "word", "abc", "\ufffd"}
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 7)) // #nosec G404 -- a test that must be the same again
		store := newMemStore()
		h := newHub(Options{Store: store}, smallLimits(r))
		w := h.Open(t.Context(), "run")
		m := &model{}
		compare := func(when string) {
			for range 6 {
				q := queries[r.IntN(len(queries))]
				from := int64(1)
				if r.IntN(2) == 0 {
					from += r.Int64N(int64(len(m.lines)) + 1)
				}
				want := m.naive(q)
				want = want[lowerBound(want, from):]
				got, err := findAll(t.Context(), h, "run", q, from)
				if err != nil || !slices.Equal(got, want) {
					for _, n := range want {
						if !slices.Contains(got, n) {
							t.Logf("line %d: %q shown %q", n, m.lines[n-1].raw, shownLine(m.lines[n-1].raw))
						}
					}
					t.Fatalf("seed %d, %s, %+v from %d: %v (%v), want %v", seed, when, q, from, got, err, want)
				}
			}
		}
		for range 1 + r.IntN(60) {
			s, p := r.IntN(streams), randomBytes(r)
			if r.IntN(3) == 0 {
				p = append(p, more[r.IntN(len(more))]...)
			}
			m.write(s, p)
			if err := w.Write(streamName(s), p); err != nil {
				t.Fatal(err)
			}
			if r.IntN(10) == 0 {
				compare("live")
			}
		}
		compare("live")
		if _, err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		store.finish("run")
		for s := range streams { // the last lines without newline are lines now
			if len(m.line[s]) > 0 {
				m.lines = append(m.lines, modelLine{stream: s, raw: m.line[s]})
			}
		}
		compare("finished")
		if err := h.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func lowerBound(all []int64, n int64) int {
	i, _ := slices.BinarySearch(all, n)
	return i
}

func TestFindInLongLines(t *testing.T) {
	t.Parallel()
	store := newMemStore()
	h := NewHub(Options{Store: store})
	w := h.Open(t.Context(), "run")
	text := strings.Repeat("0123456789", 300<<10/10) + "needle in the MIDDLE" + strings.Repeat("x", 1<<20) + "Near The End\nshort\n" +
		strings.Repeat("y", 3<<20) + "without end"
	if err := w.Write(domain.Stdout, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	store.finish("run")
	for query, want := range map[string][]int64{
		"in the middle": {1}, "near the end": {1}, "9needle": {1}, "xxNear": {1}, "short": {2}, "out end": {3}, "nothing": {},
	} {
		if got, err := findAll(t.Context(), h, "run", domain.TextQuery{Text: query}, 1); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v (%v), want %v", query, got, err, want)
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestShownAsTheWindowShows(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"\x1b]8;;http://x\x1b\\here\x1b]8;;\x1b\\ now": "here (http://x) now",
		"\x1b]8;;http://x\ahttp://x\x1b]8;;\a":         "http://x",
		"\x1b]8;;http://x\ahere":                       "here (http://x)",
		"N\bNA\bAM\bME\bE":                             "NAME",
		"\b\bx\a":                                      "x",
		"10%\r\x1b[K100%\r\r":                          "100%",
		"half \x1b[3":                                  "half \x1b[3",
		"⠙\x1b[1G\x1b[0K⠹\x1b[1G\x1b[0Kdone":           "done",
		"⠙\x1b[1G\x1b[0K":                              "",
		"10%\x1b[2K\x1b[G20%":                          "20%",
		"stays\x1b[1G":                                 "stays",
		"column \x1b[12Gtwelve":                        "column twelve",
		"\x1b]8;;http://x\ahere\x1b[Gover":             "over (http://x)",
		"ab\u009b31mc":                                 "ab\u009b31mc",
		"\x1bPq\x1b(Bx\x1b7y\x1bP":                     "qxy",
	} {
		if got := string(appendLine([]byte("before "), []byte(raw))); got != "before "+want {
			t.Errorf("%q is %q, want %q", raw, got, want)
		}
	}
}

func TestQueryWithoutMeaning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		q    domain.TextQuery
		want string
	}{
		{domain.TextQuery{}, "there is no text to look for"},
		{domain.TextQuery{Text: "a\nb"}, "a line break can't be found: lines are looked at one by one"},
		{domain.TextQuery{Text: "é[z-a]", Regex: true}, `the expression has no meaning from character 3 on: invalid character class range in "z-a"`},
		{domain.TextQuery{Text: "a(b", Regex: true}, "the expression has no meaning: missing closing )"},
		{domain.TextQuery{Text: "a**", Regex: true}, `the expression has no meaning from character 2 on: invalid nested repetition operator in "**"`},
		{domain.TextQuery{Text: strings.Repeat("x", queryBytes+1)}, "the text to look for is longer than 1024 bytes"},
	} {
		err := domain.AsError(CheckQuery(c.q))
		if err == nil || err.Code != domain.CodeInvalid || err.Field != "text" || err.Message != c.want {
			t.Errorf("%q: %+v, want %s", c.q.Text, err, c.want)
		}
	}
}

// BenchmarkFind looks through a stored log of 1 M lines for a word that is not there, and for one in each line.
func BenchmarkFind(b *testing.B) {
	store := newMemStore()
	h := NewHub(Options{Store: store})
	w := h.Open(context.Background(), "run")
	if err := w.Write(domain.Stdout, logText(1_000_000)); err != nil {
		b.Fatal(err)
	}
	if _, err := w.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	store.finish("run")
	for _, q := range []domain.TextQuery{
		{Text: "no such word"}, {Text: "no such word", Case: true}, {Text: "status 500"}, {Text: "status"},
		{Text: `took 39\d ms, status [45]`, Regex: true}, {Text: `request [0-9a-f]*dead`, Regex: true},
	} {
		b.Run(fmt.Sprintf("%s/case %v", strings.ReplaceAll(q.Text, "/", ""), q.Case), func(b *testing.B) {
			var longest time.Duration
			calls := 0
			for b.Loop() {
				for from := int64(1); ; calls++ {
					start := time.Now()
					p, err := h.Find(context.Background(), "run", q, from)
					if err != nil {
						b.Fatal(err)
					}
					longest = max(longest, time.Since(start))
					if from = p.Next; p.Done {
						break
					}
				}
			}
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest-call")
			b.ReportMetric(float64(calls)/float64(b.N), "calls")
		})
	}
	if err := h.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
}
