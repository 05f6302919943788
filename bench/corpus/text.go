// Package corpus makes the text and the history that figures are measured on: what journals, web servers, builds and
// services print, varied enough that a compressor or a search can't get by on repetition. The same parameters give the
// same text, byte by byte, on any computer, so that the product's copy and a peer's can be compared.
package corpus

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// RareWord stands in a few lines of a history and nowhere else: what a search over everything looks for.
const RareWord = "quetzalcoatlus"

// Kind is what prints.
type Kind int

// Kinds of output.
const (
	Journal Kind = iota
	Nginx
	JSON
	Build
	Plain
	kinds
)

// pieceBytes is about how much text is handed over at once: what a fast command sends in a packet or a few.
const pieceBytes = 32 << 10

// Text is the output of one run.
type Text struct {
	Kind  Kind
	Seed  uint64
	Lines int
	Start time.Time     // when it began
	Took  time.Duration // from the first line to the last
	Rare  bool          // RareWord stands in the middle
}

// Write gives the text in pieces of whole lines, each with the time at which it came. p is reused after the call.
func (t Text) Write(to func(at time.Time, p []byte) error) error {
	rng := rand.New(rand.NewPCG(t.Seed, uint64(t.Kind))) // #nosec G404 G115 -- text for a measurement
	w := newWorld(t.Kind, rng)
	step := t.Took / time.Duration(max(t.Lines, 1))
	w.at = t.Start
	buf := make([]byte, 0, pieceBytes+4096)
	for n := range t.Lines {
		rare := t.Rare && n == t.Lines/2
		buf = w.line(buf, t.Kind, rare)
		w.at = w.at.Add(step)
		if len(buf) >= pieceBytes {
			if err := to(w.at, buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	if len(buf) == 0 {
		return nil
	}
	return to(w.at, buf)
}

// Bytes is how long the text is.
func (t Text) Bytes() int64 {
	var n int64
	_ = t.Write(func(_ time.Time, p []byte) error { n += int64(len(p)); return nil })
	return n
}

// world is the small part of it that one run sees: a machine has a few services, talks to a few others, and says the same
// few things again and again, which is what makes logs compress as they do.
type world struct {
	*rand.Rand
	at        time.Time
	host      int
	pids      [8]int
	units     []string
	people    []string
	words     []string
	folders   []string
	agents    []string
	patterns  []string
	addresses []string
}

func newWorld(k Kind, r *rand.Rand) *world {
	w := &world{
		Rand: r, host: r.IntN(40), units: some(r, units, 5), people: some(r, people, 3), words: some(r, words, 16), folders: some(r, folders, 3),
		agents: some(r, agents, 4), patterns: some(r, patterns[k], 7),
	}
	for i := range w.pids {
		w.pids[i] = 300 + r.IntN(60000)
	}
	for range 24 {
		var b []byte
		bits := r.Uint32()
		for i := range 4 {
			if i > 0 {
				b = append(b, '.')
			}
			b = number(b, int(bits>>(8*i)&0xff)%254+1)
		}
		w.addresses = append(w.addresses, string(b))
	}
	return w
}

// some chooses n of all.
func some(r *rand.Rand, all []string, n int) []string {
	chosen := make([]string, 0, n)
	for _, i := range r.Perm(len(all))[:min(n, len(all))] {
		chosen = append(chosen, all[i])
	}
	return chosen
}

// of is one of words; the first ones come often.
func (w *world) of(words []string) string {
	f := w.Float64()
	return words[int(f*f*float64(len(words)))]
}

func (w *world) line(b []byte, k Kind, rare bool) []byte {
	switch k {
	case Journal:
		b = w.at.AppendFormat(b, "Jan 02 15:04:05.000000")
		b = append(b, " web-"...)
		b = number(b, w.host)
		b = append(b, ' ')
		unit := w.IntN(len(w.units))
		b = append(b, w.units[unit]...)
		b = append(b, '[')
		b = number(b, w.pids[unit])
		b = append(b, "]: "...)
	case Nginx:
		b = append(b, w.of(w.addresses)...)
		b = append(b, " - - ["...)
		b = w.at.AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
		b = append(b, `] "`...)
		b = w.fill(b, w.of(w.patterns))
		b = append(b, ` HTTP/1.1" `...)
		b = append(b, w.of(codes)...)
		b = append(b, ' ')
		b = number(b, w.IntN(9000))
		b = append(b, ` "-" "`...)
		b = append(b, w.of(w.agents)...)
		b = append(b, `" rt=0.`...)
		b = number(b, 100+w.IntN(900))
		return ended(b, rare)
	case JSON:
		b = append(b, `{"ts":"`...)
		b = w.at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		b = append(b, `","level":"`...)
		b = append(b, w.of(levels)...)
		b = append(b, `","svc":"`...)
		b = append(b, w.units[0]...)
		b = append(b, `","msg":"`...)
		b = w.fill(b, w.of(w.patterns))
		if rare {
			b = append(append(b, ' '), RareWord...)
		}
		b = append(b, `","ms":`...)
		b = number(b, w.IntN(400))
		return append(b, "}\n"...)
	}
	return ended(w.fill(b, w.of(w.patterns)), rare)
}

func ended(b []byte, rare bool) []byte {
	if rare {
		b = append(append(b, ' '), RareWord...)
	}
	return append(b, '\n')
}

// fill writes a pattern whose marks stand for something varied: %d a number, %x hex, %X a digest, %a an address, %u a
// unit, %p a person, %w a word, %f a path.
func (w *world) fill(b []byte, pattern string) []byte {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' || i+1 == len(pattern) {
			b = append(b, pattern[i])
			continue
		}
		i++
		switch pattern[i] {
		case 'd':
			b = number(b, w.IntN(1<<(3+w.IntN(10))))
		case 'x':
			b = hex(b, w.Rand, 8)
		case 'X':
			b = hex(b, w.Rand, 32)
		case 'a':
			b = append(b, w.of(w.addresses)...)
		case 'u':
			b = append(b, w.of(w.units)...)
		case 'p':
			b = append(b, w.of(w.people)...)
		case 'w':
			b = append(b, w.of(w.words)...)
		case 'f':
			b = append(append(b, '/'), w.of(w.folders)...)
			b = append(append(b, '/'), w.of(w.words)...)
			b = number(append(b, '-'), w.IntN(500))
		default:
			b = append(b, '%', pattern[i])
		}
	}
	return b
}

func pick(r *rand.Rand, words []string) string { return words[r.IntN(len(words))] }

func number(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

func hex(b []byte, r *rand.Rand, digits int) []byte {
	const alphabet = "0123456789abcdef"
	for n := digits; n > 0; n -= 16 {
		bits := r.Uint64()
		for range min(n, 16) {
			b = append(b, alphabet[bits&15])
			bits >>= 4
		}
	}
	return b
}
