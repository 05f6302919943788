package output

import (
	"context"

	"vmorchestrator/backend/domain"
)

// Store keeps blocks and notices. Blocks of a run follow each other without gap or overlap, ordered by FirstByte.
// A store must not keep Header or Data of a block after the call that brought it. Errors are *domain.Error;
// CodeDiskFull means that nothing of the call was kept.
type Store interface {
	// AppendBlocks adds blocks of one or many runs in one transaction: all or nothing.
	AppendBlocks(ctx context.Context, blocks []domain.LogBlock) error
	// ReplaceTails puts chunk in the place of the blocks that lie within its byte range, in one transaction.
	ReplaceTails(ctx context.Context, chunk domain.LogBlock) error
	// BlockAtLine is the block in which the line completes: FirstLine <= line < FirstLine+Lines; false if there is none.
	BlockAtLine(ctx context.Context, runID string, line int64) (domain.LogBlock, bool, error)
	// BlocksFrom gives at most limit blocks in order, beginning with the one that holds the byte at firstByte.
	BlocksFrom(ctx context.Context, runID string, firstByte int64, limit int) ([]domain.LogBlock, error)
	// LastBlock is the run's newest block; false if there is none.
	LastBlock(ctx context.Context, runID string) (domain.LogBlock, bool, error)
	// Marks are where the run's blocks begin, in order, of those that begin after the byte at offset `after`.
	Marks(ctx context.Context, runID string, after int64) ([]domain.LogMark, error)
	// AppendNotice adds a remark; Notices gives them in order.
	AppendNotice(ctx context.Context, runID string, notice domain.Notice) error
	Notices(ctx context.Context, runID string) ([]domain.Notice, error)
	// RunFinished says whether the run has a final status, so that no more output will come.
	RunFinished(ctx context.Context, runID string) (bool, error)
	Signatures
}

// Signatures keeps the signatures of stored output. They go when the output goes.
type Signatures interface {
	// Unsigned gives the key of the newest pack, and as of the same moment the output without signatures, newest run
	// first; the runs in live are among it though Bytes be 0.
	Unsigned(ctx context.Context, live []string) (newest int64, ranges []domain.LogRange, err error)
	// AddSignatures stores a pack; CodeConflict, and nothing is stored, if a range doesn't begin where its run's
	// signatures end.
	AddSignatures(ctx context.Context, pack domain.SignaturePack) error
	// Packs gives at most limit packs with a key of at most newest, newest first, without Slices and Ranges;
	// SignatureBytes is how much output all of those stand for.
	Packs(ctx context.Context, newest int64, limit int) ([]domain.SignaturePack, error)
	// Slices reads slice n of packs; look is told which of them it is. Of a pack that is gone nothing is told.
	Slices(ctx context.Context, packs []int64, n int, look func(i int, data []byte)) error
	SignatureBytes(ctx context.Context, newest int64) (int64, error)
	// SignedRanges are the stretches that slots of a pack stand for.
	SignedRanges(ctx context.Context, pack int64, slots []int) ([]domain.LogRange, error)
	// BlocksIn gives, for each stretch, the blocks that begin in it, in order: one call for many short runs.
	BlocksIn(ctx context.Context, ranges []domain.LogRange) ([][]domain.LogBlock, error)
	// RunIDs are the ids of the runs with these keys; those that are gone are not in it.
	RunIDs(ctx context.Context, keys []int64) (map[int64]string, error)
	// SearchRuns are those of the runs with these keys that a filter leaves, newest job first, in the job's order.
	SearchRuns(ctx context.Context, keys []int64, f domain.SearchFilter) ([]domain.SearchRun, error)
}
