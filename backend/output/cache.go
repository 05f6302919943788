package output

import (
	"crypto/sha256"
	"sync"
)

// cache keeps what was decoded last, so that the next page of a log costs neither a query nor a chunk. Blocks are
// immutable, and the same bytes of a run are the same for ever, so nothing in it can be out of date.
type cache struct {
	mu     sync.Mutex
	blocks []cached // most recent last
	bytes  int64
	ended  map[string]struct{}          // runs that this process wrote to the end
	ends   map[string]tip               // of finished runs
	sums   map[string][sha256.Size]byte // of the output of finished runs
}

type cached struct {
	runID string
	block *block
}

func newCache() *cache {
	return &cache{ended: map[string]struct{}{}, ends: map[string]tip{}, sums: map[string][sha256.Size]byte{}}
}

// find gives the run's block for which match is true.
func (c *cache) find(runID string, match func(*block) bool) *block {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.blocks) - 1; i >= 0; i-- {
		if e := c.blocks[i]; e.runID == runID && match(e.block) {
			copy(c.blocks[i:], c.blocks[i+1:])
			c.blocks[len(c.blocks)-1] = e
			return e.block
		}
	}
	return nil
}

// add remembers a block, and forgets the longest unused ones.
func (c *cache) add(runID string, b *block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks = append(c.blocks, cached{runID, b})
	c.bytes += b.memory()
	for len(c.blocks) > 1 && (c.bytes > cacheBytes || len(c.blocks) > cacheBlocks) {
		c.bytes -= c.blocks[0].block.memory()
		c.blocks[0] = cached{}
		c.blocks = c.blocks[1:]
	}
}

// setEnded remembers that the run's last byte is stored, before its status says so.
func (c *cache) setEnded(runID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended[runID] = struct{}{}
	shrink(c.ended, runID)
}

func (c *cache) isEnded(runID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.ended[runID]
	return ok
}

func (c *cache) setTip(runID string, t tip) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends[runID] = t
	shrink(c.ends, runID)
}

func (c *cache) tip(runID string) (tip, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.ends[runID]
	return t, ok
}

func (c *cache) setDigest(runID string, d [sha256.Size]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sums[runID] = d
	shrink(c.sums, runID)
}

func (c *cache) digest(runID string) ([sha256.Size]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.sums[runID]
	return d, ok
}

// shrink removes any entries but one, until few enough are left.
func shrink[V any](m map[string]V, but string) {
	for k := range m {
		if len(m) <= cacheEnds {
			return
		}
		if k != but {
			delete(m, k)
		}
	}
}
