package output

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

// The cases are those of the screen, too: see frontend/src/lib/utils/ansi.test.ts.
func TestStyleInForce(t *testing.T) {
	text, err := os.ReadFile("testdata/sgr.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ What, Bytes, Style string }
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for cut := range len(c.Bytes) + 1 { // the edge of a block may be anywhere
			got := sgr{}.after([]byte(c.Bytes[:cut])).after([]byte(c.Bytes[cut:])).style
			if got.String() != c.Style {
				t.Errorf("%s, cut at %d: %q, want %q", c.What, cut, got, c.Style)
			}
			if again := (style{}).with(got.String()); got != (style{}) && again != got {
				t.Errorf("%s: %+v is written %q and read as %+v", c.What, got, got, again)
			}
		}
	}
	if long := "\x1b[" + strings.Repeat("1;", sgrBytes) + "31m\x1b[4m"; (sgr{}).after([]byte(long)).style.String() != "4" {
		t.Error("a sequence beyond the limit should set nothing and swallow nothing")
	}
}

// A colour that was set half a million lines ago is told by the page's first line, from memory and from the store, and
// the output of before styles were stored is still read.
func TestStyleOfAPageFarBelow(t *testing.T) {
	store := newMemStore()
	h := newHub(Options{Store: store}, defaultLimits())
	w := h.Open(t.Context(), "run")
	put := func(s domain.Stream, text string) {
		if err := w.Write(s, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	put(domain.Stdout, "\x1b[1;32mgreen from here on\n")
	put(domain.Stderr, "\x1b[35mand this one\n")
	for range 40 {
		put(domain.Stdout, strings.Repeat("a line of a stream that never sets its colour back\n", 1000))
	}
	put(domain.Stderr, "last\n")
	check := func() {
		t.Helper()
		for _, from := range []int64{3, 20_000, -2} {
			page, err := h.Read(context.Background(), "run", from, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.Lines {
				want := "1;38;5;2"
				if l.Stream == domain.Stderr {
					want = "38;5;5"
				}
				if l.Style != want {
					t.Errorf("line %d begins in %q, want %q", l.N, l.Style, want)
				}
			}
		}
	}
	check()
	if _, err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	old, _, err := store.LastBlock(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	head, err := decodeHeader(old.Header)
	if err != nil {
		t.Fatal(err)
	}
	b := &block{off: head.off, carry: head.carry, pieces: make([]piece, head.pieces)}
	b.data[stdout], b.data[stderr] = make([]byte, head.size[stdout]), make([]byte, head.size[stderr])
	v3 := appendHeader(nil, b, head.form, head.pieceLen)
	v2 := append([]byte{2}, v3[1:len(v3)-8]...)  // four zeros for each stream are nothing quiet and a plain style
	v1 := append([]byte{1}, v2[1:len(v2)-14]...) // seven zeros for each stream are two plain styles and nothing held
	for i, p := range [][]byte{v1, v2, v3} {
		if old, err := decodeHeader(p); err != nil || i > 0 && !reflect.DeepEqual(old.carry, head.carry) {
			t.Errorf("a header of version %d: %+v (%v), want %+v", i+1, old, err, head)
		}
	}
}
