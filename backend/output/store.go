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
	// AppendNotice adds a remark; Notices gives them in order.
	AppendNotice(ctx context.Context, runID string, notice domain.Notice) error
	Notices(ctx context.Context, runID string) ([]domain.Notice, error)
	// RunFinished says whether the run has a final status, so that no more output will come.
	RunFinished(ctx context.Context, runID string) (bool, error)
}
