package output

import (
	"bytes"
	"errors"

	"vmorchestrator/backend/domain"
)

// encodeJob is a sealed segment to compress.
type encodeJob struct {
	run *run
	seg *segment
}

// compactJob is a group of stored tail rows to turn into one chunk.
type compactJob struct {
	run   *run
	group group
}

// encodeLoop compresses segments away from the goroutines that read the network.
func (h *Hub) encodeLoop() {
	var scratch, dst []byte
	for {
		job, ok := h.encode.pop()
		if !ok {
			return
		}
		var stored domain.LogBlock
		stored, scratch = h.codec.encode(job.run.id, job.seg.block, true, scratch, dst)
		dst = stored.Data
		if len(stored.Data) > h.chunkBytes/2 {
			stored.Data = append(h.buffer(), dst...)
		} else {
			stored.Data = bytes.Clone(dst)
		}
		job.run.mu.Lock()
		job.seg.stored = stored
		job.seg.state = segReady
		job.run.track()
		if job.run.closing || job.run.pending >= h.pendingLimit()/2 {
			h.hurry()
		}
		job.run.mu.Unlock()
	}
}

// compactLoop merges tail rows into chunks. When one can't be made, its tail rows stay: they hold the same bytes.
func (h *Hub) compactLoop() {
	var scratch, dst []byte
	for {
		job, ok := h.compact.pop()
		if !ok {
			return
		}
		if merged, err := h.merge(job); err == nil {
			var chunk domain.LogBlock
			chunk, scratch = h.codec.encode(job.run.id, merged, true, scratch, dst)
			dst = chunk.Data
			_ = h.store.ReplaceTails(h.ctx, chunk)
		}
		job.run.mu.Lock()
		job.run.merging--
		if job.run.closing {
			job.run.track()
			h.hurry()
		}
		job.run.mu.Unlock()
	}
}

var errGone = errors.New("the tail rows are not there")

// merge is the group as one block, from memory or, where it was evicted, from the store.
func (h *Hub) merge(job compactJob) (*block, error) {
	if b := job.run.copyGroup(job.group); b != nil {
		return b, nil
	}
	var b *block
	left := job.group.tails
	for next := job.group.firstByte; next < job.group.end(); {
		// No row more than the group has: those behind it may be many and large, and are read again with their own group.
		rows, err := h.store.BlocksFrom(h.ctx, job.run.id, next, max(1, min(left, aheadTails)))
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, errGone
		}
		for _, row := range rows {
			if row.FirstByte != next || row.Bytes == 0 {
				return nil, errGone
			}
			if next >= job.group.end() {
				break
			}
			tail, err := h.codec.decode(row)
			if err != nil {
				return nil, err
			}
			next += tail.bytes
			left--
			if b == nil {
				b = tail
				continue
			}
			b.append(tail, h.pieceBytes)
		}
	}
	return b, nil
}

// copyGroup copies a group that is still in memory; nil if it is not.
func (r *run) copyGroup(g group) *block {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.segs) == 0 || r.segs[0].firstByte > g.firstByte {
		return nil
	}
	var b *block
	for _, s := range r.segs {
		switch {
		case s.firstByte < g.firstByte:
		case s.firstByte >= g.end():
			return b
		case b == nil:
			c := *s.block
			for i := range c.data {
				c.data[i] = bytes.Clone(c.data[i])
			}
			c.pieces = append([]piece(nil), c.pieces...)
			b = &c
		default:
			b.append(s.block, r.h.pieceBytes)
		}
	}
	return b
}
