package output

import (
	"bytes"
	"context"
	"sort"
	"sync"

	"vmorchestrator/backend/domain"
)

// memStore keeps blocks in memory by the rules of Store, and checks that it is used by them.
type memStore struct {
	mu       sync.Mutex
	blocks   map[string][]domain.LogBlock
	notices  map[string][]domain.Notice
	finished map[string]bool
	fail     func(blocks []domain.LogBlock) error
	tries    int
	appends  int
	replaced int
	faults   []string
	signed   memSigned
}

func newMemStore() *memStore {
	return &memStore{blocks: map[string][]domain.LogBlock{}, notices: map[string][]domain.Notice{}, finished: map[string]bool{}}
}

func keep(b domain.LogBlock) domain.LogBlock {
	b.Header, b.Data = bytes.Clone(b.Header), bytes.Clone(b.Data)
	return b
}

func (m *memStore) AppendBlocks(ctx context.Context, blocks []domain.LogBlock) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(blocks); err != nil {
			return err
		}
	}
	m.appends++
	for _, b := range blocks {
		var want, line int64 = 0, 1
		if all := m.blocks[b.RunID]; len(all) > 0 {
			last := all[len(all)-1]
			want, line = last.FirstByte+last.Bytes, last.FirstLine+last.Lines
		}
		if b.FirstByte != want || b.FirstLine != line || b.Bytes <= 0 {
			m.faults = append(m.faults, "block does not follow the one before")
		}
		m.blocks[b.RunID] = append(m.blocks[b.RunID], keep(b))
	}
	return nil
}

func (m *memStore) ReplaceTails(ctx context.Context, chunk domain.LogBlock) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.replaced++; m.fail != nil && m.replaced%4 == 0 {
		return domain.NewError(domain.CodeDatabase, "", "database is locked")
	}
	all := m.blocks[chunk.RunID]
	var next []domain.LogBlock
	var bytes, lines int64
	placed := false
	for _, b := range all {
		if b.FirstByte >= chunk.FirstByte && b.FirstByte+b.Bytes <= chunk.FirstByte+chunk.Bytes {
			if !placed {
				next, placed = append(next, keep(chunk)), true
			}
			bytes += b.Bytes
			lines += b.Lines
			continue
		}
		next = append(next, b)
	}
	if bytes != chunk.Bytes || lines != chunk.Lines || !placed {
		m.faults = append(m.faults, "chunk does not cover its tails")
	}
	m.blocks[chunk.RunID] = next
	return nil
}

func (m *memStore) BlockAtLine(_ context.Context, runID string, line int64) (domain.LogBlock, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.blocks[runID] {
		if b.FirstLine <= line && line < b.FirstLine+b.Lines {
			return b, true, nil
		}
	}
	return domain.LogBlock{}, false, nil
}

func (m *memStore) BlocksFrom(_ context.Context, runID string, firstByte int64, limit int) ([]domain.LogBlock, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.blocks[runID]
	i := sort.Search(len(all), func(i int) bool { return all[i].FirstByte+all[i].Bytes > firstByte })
	return append([]domain.LogBlock(nil), all[i:min(len(all), i+limit)]...), nil
}

func (m *memStore) LastBlock(_ context.Context, runID string) (domain.LogBlock, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.blocks[runID]
	if len(all) == 0 {
		return domain.LogBlock{}, false, nil
	}
	return all[len(all)-1], true, nil
}

func (m *memStore) Marks(_ context.Context, runID string, after int64) ([]domain.LogMark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var marks []domain.LogMark
	for _, b := range m.blocks[runID] {
		if b.FirstByte > after {
			marks = append(marks, domain.LogMark{FirstByte: b.FirstByte, FirstLine: b.FirstLine, At: b.At.UnixMilli()})
		}
	}
	return marks, nil
}

func (m *memStore) AppendNotice(_ context.Context, runID string, n domain.Notice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notices[runID] = append(m.notices[runID], n)
	return nil
}

func (m *memStore) Notices(_ context.Context, runID string) ([]domain.Notice, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]domain.Notice(nil), m.notices[runID]...), nil
}

func (m *memStore) RunFinished(_ context.Context, runID string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.finished[runID], nil
}

func (m *memStore) finish(runID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finished[runID] = true
}

// copy is the store as a process finds it that starts after this one was killed now.
func (m *memStore) copy() *memStore {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := newMemStore()
	for id, blocks := range m.blocks {
		c.blocks[id] = append([]domain.LogBlock(nil), blocks...)
	}
	return c
}

// count is how many blocks the run has, transactions how many appends there were.
func (m *memStore) count(runID string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.blocks[runID])
}

func (m *memStore) transactions() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.appends
}
