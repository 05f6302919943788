package output

import (
	"context"
	"slices"
	"sort"

	"vmorchestrator/backend/domain"
)

// memSigned is the memStore's part that keeps signatures, by the rules of Signatures.
type memSigned struct {
	keys  []string // of the runs, by key from 1
	upTo  map[string]domain.LogRange
	packs []domain.SignaturePack
	read  int // slices
}

func (m *memStore) key(runID string) int64 {
	if i := slices.Index(m.signed.keys, runID); i >= 0 {
		return int64(i + 1)
	}
	m.signed.keys = append(m.signed.keys, runID)
	return int64(len(m.signed.keys))
}

func (m *memStore) Unsigned(_ context.Context, live []string) (int64, []domain.LogRange, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := map[string]bool{}
	for id := range m.blocks {
		ids[id] = true
	}
	for _, id := range live {
		ids[id] = true
	}
	var all []domain.LogRange
	for id := range ids {
		r := domain.LogRange{Run: m.key(id), FirstLine: 1}
		if done, ok := m.signed.upTo[id]; ok {
			r.FirstByte, r.FirstLine = done.FirstByte+done.Bytes, done.FirstLine+done.Lines
		}
		if blocks := m.blocks[id]; len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			r.Bytes, r.Lines = last.FirstByte+last.Bytes-r.FirstByte, last.FirstLine+last.Lines-r.FirstLine
		}
		if r.Bytes > 0 || slices.Contains(live, id) {
			all = append(all, r)
		}
	}
	sort.Slice(all, func(i, k int) bool { return all[i].Run > all[k].Run })
	return int64(len(m.signed.packs)), all, nil
}

func (m *memStore) AddSignatures(_ context.Context, pack domain.SignaturePack) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.signed.upTo == nil {
		m.signed.upTo = map[string]domain.LogRange{}
	}
	var bytes int64
	for _, slot := range pack.Ranges {
		for _, r := range slot {
			id := m.signed.keys[r.Run-1]
			if done := m.signed.upTo[id]; r.FirstByte != done.FirstByte+done.Bytes || r.FirstLine != done.FirstLine+done.Lines && done.Bytes > 0 || r.Bytes <= 0 {
				m.faults = append(m.faults, "signatures do not follow each other")
			}
			m.signed.upTo[id] = r
			bytes += r.Bytes
		}
	}
	if bytes != pack.Bytes || len(pack.Ranges) > packSlots || len(pack.Slices) != packSlices {
		m.faults = append(m.faults, "a pack is not what it says")
	}
	pack.Key = int64(len(m.signed.packs) + 1)
	m.signed.packs = append(m.signed.packs, pack)
	return nil
}

func (m *memStore) Packs(_ context.Context, newest int64, limit int) (all []domain.SignaturePack, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ; newest > 0 && limit > 0; newest-- {
		p := m.signed.packs[newest-1]
		all = append(all, domain.SignaturePack{Key: p.Key, Bytes: p.Bytes})
		limit--
	}
	return all, nil
}

func (m *memStore) Slices(_ context.Context, packs []int64, n int, look func(i int, data []byte)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, key := range packs {
		look(i, m.signed.packs[key-1].Slices[n])
		m.signed.read++
	}
	return nil
}

func (m *memStore) SignatureBytes(_ context.Context, newest int64) (bytes int64, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.signed.packs[:newest] {
		bytes += p.Bytes
	}
	return bytes, nil
}

func (m *memStore) SignedRanges(_ context.Context, pack int64, slots []int) ([]domain.LogRange, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []domain.LogRange
	for _, slot := range slots {
		if ranges := m.signed.packs[pack-1].Ranges; slot < len(ranges) {
			all = append(all, ranges[slot]...)
		}
	}
	return all, nil
}

func (m *memStore) BlocksIn(_ context.Context, ranges []domain.LogRange) ([][]domain.LogBlock, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([][]domain.LogBlock, len(ranges))
	for i, r := range ranges {
		for _, b := range m.blocks[m.signed.keys[r.Run-1]] {
			if b.FirstByte >= r.FirstByte && b.FirstByte < r.FirstByte+r.Bytes {
				b.RunID = ""
				all[i] = append(all[i], b)
			}
		}
	}
	return all, nil
}

func (m *memStore) RunIDs(_ context.Context, keys []int64) (map[int64]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := map[int64]string{}
	for _, key := range keys {
		ids[key] = m.signed.keys[key-1]
	}
	return ids, nil
}

func (m *memStore) SearchRuns(_ context.Context, keys []int64, f domain.SearchFilter) ([]domain.SearchRun, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var runs []domain.SearchRun
	for _, key := range keys {
		id := m.signed.keys[key-1]
		r := domain.SearchRun{ID: id, Key: key, JobNumber: key, VMName: id, Status: domain.StatusRunning}
		if m.finished[id] {
			r.Status = domain.StatusSucceeded
		}
		if blocks := m.blocks[id]; len(blocks) > 0 {
			r.Bytes = blocks[len(blocks)-1].FirstByte + blocks[len(blocks)-1].Bytes
		}
		if len(f.VMNames) == 0 || slices.Contains(f.VMNames, id) {
			runs = append(runs, r)
		}
	}
	sort.Slice(runs, func(i, k int) bool { return runs[i].JobNumber > runs[k].JobNumber })
	return runs, nil
}
