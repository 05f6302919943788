package output

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// FuzzSplitter cuts bytes into writes and blocks as the input says and compares lines, texts and bytes with the model.
func FuzzSplitter(f *testing.F) {
	f.Add([]byte("one\ntwo\r\nthr\xe2\x82\xacee"), []byte{3, 4, 200, 1})
	f.Add([]byte("10%\r50%\r\n\r\r\nx"), []byte{1, 1, 1, 129, 1, 1})
	f.Add(bytes.Repeat([]byte("0123456789\xf0\x9f\x98\x80"), 800), []byte{250, 7, 255, 255, 3})
	f.Add([]byte("\x1b[1;31mred\nstill\x1b[4m\rover\n\x1b[38;5;196mno end\x1b[3\n9m\x1b[0m"), []byte{2, 7, 1, 130})
	f.Add([]byte("\x1b[1A\x1b[2K\rab: Pulling\r\x1b[1B\r\n1%\r\x1b[32m2%\r\x1b[0m\x1b[?25h\n3%\r\x1b[K\r\x1b["), []byte{1, 5, 2, 9})
	c := newCodec()
	f.Fuzz(func(t *testing.T, text, cuts []byte) {
		if len(text) > 1<<15 || len(cuts) == 0 {
			return
		}
		m := &model{}
		cur := newBlock(nil)
		blocks := []*block{cur}
		for i := 0; len(text) > 0; i++ {
			cut := cuts[i%len(cuts)]
			s, n := int(cut&1), min(len(text), 1+int(cut>>2)*(1+i%5))
			m.write(s, text[:n])
			cur.add(s, text[:n], int64(i/3), 1<<14)
			text = text[n:]
			if cut&2 != 0 && len(blocks) < 40 { // more would only make it slow
				cur = newBlock(cur)
				blocks = append(blocks, cur)
			}
		}
		n := 0
		var raw []byte
		for _, b := range blocks {
			stored, _ := c.encode("run", b, n%2 == 0, nil, nil)
			b, err := c.decode(stored)
			if err != nil {
				t.Fatal(err)
			}
			styles := b.styles()
			b.rows(0, func(r row) bool {
				want := m.lines[n]
				if got := styles.of(r); got != m.style(n) {
					t.Fatalf("line %d begins in %q, want %q", r.n, got, m.style(n))
				}
				if r.n != int64(n+1) || r.stream != want.stream || b.length(r) != int64(len(want.raw)) || b.text(r) != want.text() {
					t.Fatalf("line %d is %q (%d), want %q (%d)", r.n, b.text(r), b.length(r), want.text(), len(want.raw))
				}
				n++
				return true
			})
			if b.lineEnd() != int64(n+1) {
				t.Fatalf("block ends before line %d, %d were seen", b.lineEnd(), n)
			}
			buf := make([]byte, b.bytes)
			if got := b.read(-1, b.firstByte, buf); int64(got) != b.bytes {
				t.Fatalf("%d of %d bytes in the order of arrival", got, b.bytes)
			}
			raw = append(raw, buf...)
		}
		if n != len(m.lines) || !bytes.Equal(raw, m.all) {
			t.Fatalf("%d lines of %d, bytes equal %v", n, len(m.lines), bytes.Equal(raw, m.all))
		}
		last := blocks[len(blocks)-1]
		for s := range streams {
			end := last.end(s)
			if end.n != int64(len(m.line[s])) {
				t.Fatalf("open line has %d bytes, want %d", end.n, len(m.line[s]))
			}
			if want := m.openText(s); len(want) <= lineTextBytes && end.openText() != want {
				t.Fatalf("open line is %q, want %q", end.openText(), want)
			}
			if got := end.openText(); len(got) > lineTextBytes {
				t.Fatalf("open line of %d bytes", len(got))
			}
		}
	})
}

// FuzzCodec decodes anything: an error, or a consistent block that is stored and read back as itself.
func FuzzCodec(f *testing.F) {
	c := newCodec()
	b := newBlock(nil)
	b.add(stdout, []byte("some\ntext"), 5, 100)
	b.add(stderr, []byte("and\r\nmore\r"), 9, 100)
	for _, b := range []*block{b, newBlock(b)} {
		for _, compress := range []bool{false, true} {
			s, _ := c.encode("run", b, compress, nil, nil)
			f.Add(s.Header, s.Data, s.Bytes, s.Lines)
		}
	}
	f.Fuzz(func(t *testing.T, header, data []byte, bytes, lines int64) {
		b, err := c.decode(domain.LogBlock{
			RunID: "run", FirstLine: 1, Header: header, Data: data, Bytes: bytes, Lines: lines, At: time.UnixMilli(0),
		})
		if err != nil {
			return
		}
		b.rows(0, func(r row) bool { return len(b.text(r)) <= lineTextBytes && b.length(r) >= 0 })
		for s := range streams {
			_ = b.end(s).openText()
		}
		stored, _ := c.encode("run", b, true, nil, nil)
		again, err := c.decode(stored)
		if err != nil {
			t.Fatal(err)
		}
		if len(b.pieces) > 0 && !reflect.DeepEqual(again.pieces, b.pieces) || !reflect.DeepEqual(again.carry, b.carry) || again.sgr != b.sgr ||
			string(again.data[stdout]) != string(b.data[stdout]) || string(again.data[stderr]) != string(b.data[stderr]) {
			t.Fatalf("%+v became %+v", b, again)
		}
	})
}
