package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"vmorchestrator/backend/domain"
)

func TestAppendSafe(t *testing.T) {
	for in, want := range map[string]string{
		"plain äöü\t.":                           "plain äöü\t.",
		"\x1b[31mred\x1b[0m":                     "\x1b[31mred\x1b[0m\x1b[0m",
		"\x1b[38;5;1mx":                          "\x1b[38;5;1mx\x1b[0m",
		"\x1b]0;title\x07":                       "^[]0;title^G",
		"\x1b]52;c;aGk=\x07":                     "^[]52;c;aGk=^G",
		"\x1b[2Jx\x1b[1A":                        "^[[2Jx^[[1A",
		"10%\r50%\r100%":                         "100%",
		"dos\r":                                  "dos",
		"50%\r100%\r\x1b[1B":                     "100%",
		"a\x00b\x08\x7f":                         "a^@b^H^?",
		"bad \xff\xfe":                           "bad \uFFFD\uFFFD",
		"c1 \u009b31m":                           "c1 \uFFFD31m",
		"bidi \u202etxt":                         "bidi \uFFFDtxt",
		"\x1b[" + strings.Repeat("1;", 99) + "m": "^[[" + strings.Repeat("1;", 99) + "m",
		"\x1b":                                   "^[",
	} {
		if got := string(appendSafe(nil, []byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// Whatever a machine sends, a terminal is only ever told colours.
func FuzzAppendSafe(f *testing.F) {
	f.Add([]byte("\x1b[31mx\x1b[2J\x9b\xc2\x9b"))
	f.Fuzz(func(t *testing.T, line []byte) {
		out := appendSafe(nil, bytes.ReplaceAll(line, []byte("\n"), nil))
		for i := 0; i < len(out); i++ {
			switch c := out[i]; {
			case c == 0x1b:
				n := sgrLen(out[i:])
				if n == 0 {
					t.Fatalf("%q gives %q", line, out)
				}
				i += n - 1
			case c < 0x20 && c != '\t', c == 0x7f:
				t.Fatalf("%q gives %q", line, out)
			}
		}
	})
}

func TestLinesOfTwoStreamsInPieces(t *testing.T) {
	var out, errs bytes.Buffer
	p := newPrinter(&out, &errs, [2]bool{}, nil)
	tee := &lineTee{p: p, prefix: "web-1 | ", ctx: t.Context()}
	for _, w := range []struct {
		s domain.Stream
		b string
	}{{domain.Stdout, "on"}, {domain.Stderr, "oops\nwa"}, {domain.Stdout, "e\ntwo\n\nthr"}, {domain.Stderr, "rn\n"}, {domain.Stdout, "ee"}} {
		if err := tee.Write(t.Context(), w.s, []byte(w.b)); err != nil {
			t.Fatal(err)
		}
	}
	tee.Close()
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if want := "web-1 | one\nweb-1 | two\nweb-1 | \nweb-1 | three\n"; out.String() != want {
		t.Errorf("stdout %q, want %q", out.String(), want)
	}
	if want := "web-1 | oops\nweb-1 | warn\n"; errs.String() != want {
		t.Errorf("stderr %q, want %q", errs.String(), want)
	}
}

func TestHugeLineIsFolded(t *testing.T) {
	var out bytes.Buffer
	p := newPrinter(&out, io.Discard, [2]bool{}, nil)
	tee := &lineTee{p: p, prefix: "", ctx: t.Context()}
	for range 10 {
		if err := tee.Write(t.Context(), domain.Stdout, bytes.Repeat([]byte("x"), 50_000)); err != nil {
			t.Fatal(err)
		}
		if len(tee.open[0]) > foldBytes {
			t.Fatalf("%d bytes kept of a line", len(tee.open[0]))
		}
	}
	tee.Close()
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "x"); n != 500_000 {
		t.Errorf("%d characters of 500000", n)
	}
}

func TestJSONLines(t *testing.T) {
	var out bytes.Buffer
	p := newPrinter(&out, io.Discard, [2]bool{}, nil)
	tee := &jsonTee{p: p, vm: "web-1", ctx: t.Context()}
	for _, w := range []struct {
		s domain.Stream
		b string
	}{{domain.Stdout, "<a"}, {domain.Stderr, "b\n"}, {domain.Stdout, ">\n\xff\nend"}} {
		if err := tee.Write(t.Context(), w.s, []byte(w.b)); err != nil {
			t.Fatal(err)
		}
	}
	tee.Close()
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	want := `{"type":"output","vm":"web-1","stream":"stderr","n":1,"text":"b"}
{"type":"output","vm":"web-1","stream":"stdout","n":2,"text":"<a>"}
{"type":"output","vm":"web-1","stream":"stdout","n":3,"dataBase64":"/w=="}
{"type":"output","vm":"web-1","stream":"stdout","n":4,"text":"end"}
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}

type stuck struct{ free chan struct{} }

func (w stuck) Write(p []byte) (int, error) { <-w.free; return len(p), nil }

// A terminal that shows nothing any more holds the machines back, with bounded memory, but not a stop.
func TestSlowTerminal(t *testing.T) {
	w := stuck{make(chan struct{})}
	p := newPrinter(w, io.Discard, [2]bool{}, nil)
	tee := rawTee{p}
	ctx, cancel := context.WithCancel(t.Context())
	full := make(chan error, 1)
	wrote := 0
	go func() {
		for {
			if err := tee.Write(ctx, domain.Stdout, make([]byte, blockBytes)); err != nil {
				full <- err
				return
			}
			if wrote++; wrote == queueBlocks+1 {
				cancel() // the next one waits, or has to give up
			}
		}
	}()
	if err := <-full; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(w.free)
	if err := p.close(); err != nil {
		t.Error(err)
	}
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestReaderThatWentAway(t *testing.T) {
	told := make(chan error, 1)
	p := newPrinter(gone{}, io.Discard, [2]bool{}, func(err error) { told <- err })
	if err := p.send(t.Context(), 0, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := <-told; !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	if err := p.close(); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}
