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
	step := t.Took / time.Duration(max(t.Lines, 1))
	at := t.Start
	buf := make([]byte, 0, pieceBytes+4096)
	for n := range t.Lines {
		rare := t.Rare && n == t.Lines/2
		buf = appendLine(buf, t.Kind, rng, at, rare)
		at = at.Add(step)
		if len(buf) >= pieceBytes {
			if err := to(at, buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
	}
	if len(buf) == 0 {
		return nil
	}
	return to(at, buf)
}

// Bytes is how long the text is.
func (t Text) Bytes() int64 {
	var n int64
	_ = t.Write(func(_ time.Time, p []byte) error { n += int64(len(p)); return nil })
	return n
}

func appendLine(b []byte, k Kind, r *rand.Rand, at time.Time, rare bool) []byte {
	switch k {
	case Journal:
		b = journalLine(b, r, at)
	case Nginx:
		b = nginxLine(b, r, at)
	case JSON:
		return jsonLine(b, r, at, rare)
	case Build:
		b = buildLine(b, r)
	default:
		b = plainLine(b, r)
	}
	if rare {
		b = append(append(b, ' '), RareWord...)
	}
	return append(b, '\n')
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

func address(b []byte, r *rand.Rand) []byte {
	bits := r.Uint32()
	for i := range 4 {
		if i > 0 {
			b = append(b, '.')
		}
		b = number(b, int(bits>>(8*i)&0xff)%254+1)
	}
	return b
}

// fill writes a pattern whose marks stand for something varied: %d a number, %x hex, %a an address, %u a unit,
// %p a person, %w a word, %f a path.
func fill(b []byte, r *rand.Rand, pattern string) []byte {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' || i+1 == len(pattern) {
			b = append(b, pattern[i])
			continue
		}
		i++
		switch pattern[i] {
		case 'd':
			b = number(b, r.IntN(1<<(4+r.IntN(13))))
		case 'x':
			b = hex(b, r, 8)
		case 'X':
			b = hex(b, r, 32)
		case 'a':
			b = address(b, r)
		case 'u':
			b = append(b, pick(r, units)...)
		case 'p':
			b = append(b, pick(r, people)...)
		case 'w':
			b = append(b, pick(r, words)...)
		case 'f':
			b = append(b, '/')
			b = append(b, pick(r, folders)...)
			b = append(b, '/')
			b = append(b, pick(r, words)...)
			b = append(b, '-')
			b = number(b, r.IntN(5000))
		default:
			b = append(b, '%', pattern[i])
		}
	}
	return b
}

func journalLine(b []byte, r *rand.Rand, at time.Time) []byte {
	b = at.AppendFormat(b, "Jan 02 15:04:05.000000")
	b = append(b, " web-"...)
	b = number(b, r.IntN(40))
	b = append(b, ' ')
	b = append(b, pick(r, units)...)
	b = append(b, '[')
	b = number(b, 300+r.IntN(60000))
	b = append(b, "]: "...)
	return fill(b, r, pick(r, journal))
}

func nginxLine(b []byte, r *rand.Rand, at time.Time) []byte {
	b = address(b, r)
	b = append(b, " - - ["...)
	b = at.AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `] "`...)
	b = fill(b, r, pick(r, requests))
	b = append(b, ` HTTP/1.1" `...)
	b = append(b, pick(r, codes)...)
	b = append(b, ' ')
	b = number(b, r.IntN(90000))
	b = append(b, ` "-" "`...)
	b = append(b, pick(r, agents)...)
	b = append(b, `" rt=0.`...)
	b = number(b, 100+r.IntN(900))
	return b
}

func jsonLine(b []byte, r *rand.Rand, at time.Time, rare bool) []byte {
	b = append(b, `{"ts":"`...)
	b = at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","level":"`...)
	b = append(b, pick(r, levels)...)
	b = append(b, `","svc":"`...)
	b = append(b, pick(r, units)...)
	b = append(b, `","trace":"`...)
	b = hex(b, r, 16)
	b = append(b, `","msg":"`...)
	b = fill(b, r, pick(r, messages))
	if rare {
		b = append(append(b, ' '), RareWord...)
	}
	b = append(b, `","ms":`...)
	b = number(b, r.IntN(4000))
	return append(b, "}\n"...)
}

func buildLine(b []byte, r *rand.Rand) []byte {
	return fill(b, r, pick(r, builds))
}

func plainLine(b []byte, r *rand.Rand) []byte {
	return fill(b, r, pick(r, plain))
}
