package main

import (
	"bytes"
	"context"
	"io"
	"sync"

	"vmorchestrator/backend/domain"
)

// printer writes blocks of text to stdout and stderr, in order, from one goroutine, so that a terminal that doesn't
// follow holds the machines back but never a stop.
type printer struct {
	to    [2]io.Writer // stdout, stderr
	tty   [2]bool
	queue chan block
	wg    sync.WaitGroup
	pool  sync.Pool

	mu  sync.Mutex
	err error
	bad func(error) // called once, when nobody reads any more
}

type block struct {
	to   int
	text []byte
}

func newPrinter(stdout, stderr io.Writer, tty [2]bool, bad func(error)) *printer {
	p := &printer{to: [2]io.Writer{stdout, stderr}, tty: tty, queue: make(chan block, queueBlocks), bad: bad}
	p.wg.Go(func() {
		for b := range p.queue {
			p.write(b)
		}
	})
	return p
}

func (p *printer) write(b block) {
	if p.failed() == nil {
		if _, err := p.to[b.to].Write(b.text); err != nil {
			p.mu.Lock()
			p.err = err
			p.mu.Unlock()
			if p.bad != nil {
				p.bad(err)
			}
		}
	}
	p.pool.Put(&b.text)
}

func (p *printer) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// buffer is an empty block.
func (p *printer) buffer() []byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, blockBytes+1024)
}

// send hands a block over, unless ctx ends first.
func (p *printer) send(ctx context.Context, to int, text []byte) error {
	if err := p.failed(); err != nil {
		return err
	}
	select {
	case p.queue <- block{to, text}:
		return nil
	default:
	}
	select {
	case p.queue <- block{to, text}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close writes what waits.
func (p *printer) close() error {
	close(p.queue)
	p.wg.Wait()
	return p.failed()
}

func streamNo(s domain.Stream) int {
	if s == domain.Stderr {
		return 1
	}
	return 0
}

// lineTee prints one run's output by whole lines, as "VM | line" or without the prefix.
type lineTee struct {
	p      *printer
	prefix string
	ctx    context.Context // for the lines that Close prints
	open   [2][]byte
}

func (t *lineTee) Write(ctx context.Context, stream domain.Stream, data []byte) error {
	s := streamNo(stream)
	buf := t.p.buffer()
	for len(data) > 0 {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			room := foldBytes - len(t.open[s])
			if len(data) < room {
				t.open[s] = append(t.open[s], data...)
				break
			}
			t.open[s] = append(t.open[s], data[:room]...)
			data = data[room:]
			buf = t.line(buf, s, t.open[s])
			t.open[s] = t.open[s][:0]
		} else if len(t.open[s]) > 0 {
			t.open[s] = append(t.open[s], data[:i]...)
			buf = t.line(buf, s, t.open[s])
			t.open[s] = t.open[s][:0]
			data = data[i+1:]
		} else {
			buf = t.line(buf, s, data[:i])
			data = data[i+1:]
		}
		if len(buf) >= blockBytes {
			if err := t.p.send(ctx, s, buf); err != nil {
				return err
			}
			buf = t.p.buffer()
		}
	}
	if len(buf) == 0 {
		t.p.pool.Put(&buf)
		return nil
	}
	return t.p.send(ctx, s, buf)
}

func (t *lineTee) line(buf []byte, s int, line []byte) []byte {
	buf = append(buf, t.prefix...)
	if t.p.tty[s] {
		buf = appendSafe(buf, line)
	} else {
		buf = append(buf, line...)
	}
	return append(buf, '\n')
}

// Close prints the last lines that have no newline.
func (t *lineTee) Close() {
	for s := range t.open {
		if len(t.open[s]) > 0 {
			_ = t.p.send(t.ctx, s, t.line(t.p.buffer(), s, t.open[s]))
			t.open[s] = nil
		}
	}
}

// rawTee passes the bytes on as they are.
type rawTee struct{ p *printer }

func (t rawTee) Write(ctx context.Context, stream domain.Stream, data []byte) error {
	for len(data) > 0 {
		n := min(len(data), blockBytes)
		if err := t.p.send(ctx, streamNo(stream), append(t.p.buffer(), data[:n]...)); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

func (rawTee) Close() {}
