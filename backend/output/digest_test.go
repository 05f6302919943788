package output

import (
	"testing"

	"vmorchestrator/backend/domain"
)

// Equal bytes in each stream make equal digests, however they came; a byte more, less or in the other stream another one.
func TestDigest(t *testing.T) {
	type piece struct {
		stream domain.Stream
		text   string
	}
	o, e := domain.Stdout, domain.Stderr
	for name, c := range map[string]struct {
		pieces []piece
		same   bool
	}{
		"at once":          {[]piece{{o, "one\ntwo\n"}, {e, "bad\n"}}, true},
		"in pieces, mixed": {[]piece{{o, "on"}, {e, "bad\n"}, {o, "e\ntwo\n"}}, true},
		"a byte less":      {[]piece{{o, "one\ntwo"}, {e, "bad\n"}}, false},
		"other stream":     {[]piece{{o, "one\n"}, {e, "two\nbad\n"}}, false},
		"one stream":       {[]piece{{o, "one\ntwo\nbad\n"}}, false},
		"nothing":          {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemStore()
			h := NewHub(Options{Store: store})
			defer h.Close(t.Context()) //nolint:errcheck // nothing is lost with it
			write := func(id string, pieces []piece) {
				w := h.Open(t.Context(), id)
				for _, p := range pieces {
					if err := w.Write(p.stream, []byte(p.text)); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := w.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			write("a", []piece{{o, "one\ntwo\n"}, {e, "bad\n"}})
			write("b", c.pieces)
			for range 2 { // the second time it is remembered
				a, err := h.Digest(t.Context(), "a")
				if err != nil {
					t.Fatal(err)
				}
				b, err := h.Digest(t.Context(), "b")
				if err != nil || (a == b) != c.same {
					t.Fatalf("same: %v, %v", a == b, err)
				}
			}
		})
	}
}
