package output

import (
	"strings"
	"testing"
)

func TestTextOfLines(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"plain", "plain"},
		{"dos\r", "dos"},
		{"dos\r\r", "dos"},
		{"10%\r50%\r100%", "100%"},
		{"10%\r100%\r", "100%"},
		{"\r", ""},
		{"\rx", "x"},
		{"\x1b[1A\x1b[2K\r9e1d: Pulling fs layer \r\x1b[1B\r", "9e1d: Pulling fs layer "},
		{"50%\r100%\r\x1b[?25h", "100%"},
		{"50%\r100%\r\x1b[0m\x1b[1B\r\x1b8", "100%"},
		{"50%\r\x1b[", "50%"},
		{"50%\r\x1b[K", "\x1b[K"},
		{"50%\r\x1b[0m\x1b[32mdone\x1b[0m", "\x1b[0m\x1b[32mdone\x1b[0m"},
		{"50%\r\x1b]0;title\x07", "\x1b]0;title\x07"},
		{"50%\r" + strings.Repeat("\x1b[1B", 65), strings.Repeat("\x1b[1B", 65)},
		{"bad \xff\xfe end", "bad \ufffd\ufffd end"},
		{"cut \xe2\x82", "cut \ufffd\ufffd"},
		{strings.Repeat("a", 4095) + "é", strings.Repeat("a", 4095)},
		{strings.Repeat("a", 4094) + "éx", strings.Repeat("a", 4094) + "é"},
		{strings.Repeat("\xff", 5000), strings.Repeat("\ufffd", 1365)},
	} {
		for cut := range min(len(c.raw), 60) + 1 { // the edge of a block may be anywhere
			if got := (carry{}).with([]byte(c.raw[:cut]), sgr{}).with([]byte(c.raw[cut:]), sgr{}).lineText(); got != c.want {
				t.Errorf("%.20q cut at %d is %.20q", c.raw, cut, got)
			}
		}
		if got := completeText([]byte(c.raw)); got != c.want {
			t.Errorf("%.20q is %.20q", c.raw, got)
		}
	}
}
