package output

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"

	"vmorchestrator/backend/domain"
)

// nullStore takes everything and keeps nothing.
type nullStore struct{ memStore }

func (*nullStore) AppendBlocks(context.Context, []domain.LogBlock) error { return nil }
func (*nullStore) ReplaceTails(context.Context, domain.LogBlock) error   { return nil }

func logText(lines int) []byte {
	var b bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&b, "2026-11-24T08:%02d:%02d.%03dZ host-%02d app[%d]: request %08x took %d ms, status 200 OK /v1/items\n",
			i/60%60, i%60, i%1000, i%50, 1000+i%7, uint32(i)*2654435761, i*7919%400) // #nosec G115
	}
	return b.Bytes()
}

// BenchmarkWriter is the whole path but the disk: accept, count, compress, commit.
func BenchmarkWriter(b *testing.B) {
	for _, c := range []struct {
		name string
		text []byte
	}{
		{"yes", bytes.Repeat([]byte("y\n"), 16<<10)},
		{"log", logText(300)},
		{"one long line", bytes.Repeat([]byte("x"), 32<<10)},
	} {
		b.Run(c.name, func(b *testing.B) {
			h := NewHub(Options{Store: &nullStore{}})
			w := h.Open(context.Background(), "run")
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(domain.Stdout, c.text); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := w.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-process")
			if err := h.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkManyWriters is 50 runs at once.
func BenchmarkManyWriters(b *testing.B) {
	h := NewHub(Options{Store: &nullStore{}})
	text := logText(300)
	var ws [50]*Writer
	for i := range ws {
		ws[i] = h.Open(context.Background(), fmt.Sprint(i))
	}
	b.SetBytes(int64(len(text)) * int64(len(ws)))
	b.ReportAllocs()
	for b.Loop() {
		for _, w := range ws {
			if err := w.Write(domain.Stdout, text); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := h.Close(context.Background()); err != nil {
		b.Fatal(err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-process")
}

// BenchmarkRead is one page of a stored log, 1 M lines long, without a warm chunk and with one.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct {
		name string
		text []byte
	}{
		{"1M lines of 100 bytes", logText(1_000_000)},
		{"1M lines of 2 bytes", bytes.Repeat([]byte("y\n"), 1_000_000)},
	} {
		store := newMemStore()
		h := NewHub(Options{Store: store})
		w := h.Open(context.Background(), "run")
		if err := w.Write(domain.Stdout, c.text); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		store.finish("run")
		size := 0
		for _, blk := range store.blocks["run"] {
			size += len(blk.Data) + len(blk.Header)
		}
		for _, from := range []int64{-100, 500_000} {
			for _, warm := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/from %d/warm %v", c.name, from, warm), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if !warm {
							h.cache = newCache()
						}
						if _, err := h.Read(context.Background(), "run", from, 200); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(size)/float64(len(c.text)), "stored/raw")
				})
			}
		}
		if err := h.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
