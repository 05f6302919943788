package output

import (
	"time"
	"unicode/utf8"
)

const (
	// defaultRingBytes bounds the memory of all live runs of a process together.
	defaultRingBytes = 64 << 20

	// runRingBytes bounds what one run keeps in memory once it is stored: a few thousand screens. More would make a
	// single fast run as big as the whole budget for lines that nobody looks at.
	runRingBytes = 4 << 20

	// runPendingBytes bounds what one run holds that is not stored yet. Past it, Write blocks. At 100 MB/s it is 40 ms,
	// enough to hide a slow fsync.
	runPendingBytes = 4 << 20

	// minPendingBytes is what a run may always hold, however many there are: two packets of SSH.
	minPendingBytes = 64 << 10

	// chunkBytes is the raw size of a compressed chunk. Bigger ones compress little better and cost more to open.
	chunkBytes = 256 << 10

	// pieceBytes is how long a piece may grow by merging. Pieces are also the index inside a block: finding a line
	// scans at most one of them.
	pieceBytes = 16 << 10

	// blockPieces bounds the pieces of one block: two streams that alternate byte by byte would else need 24 bytes of
	// memory for each of theirs.
	blockPieces = 8 << 10

	// groupTails bounds how many tail rows a slow log has before they become a chunk, 256 KiB or not.
	groupTails = 512

	// compactMinBytes is the size from which a lone tail row is worth a chunk; below it zstd saves nothing.
	compactMinBytes = 4 << 10

	// commitAfter is how long a byte may wait for company before it is stored. The promise is 250 ms from the sender's
	// write; with 200 here a computer at work took 317 by its way through sshd and the transaction.
	commitAfter = 150 * time.Millisecond

	// idleAfter is the silence after which tail rows are compacted.
	idleAfter = 10 * time.Second

	// commitPause is the least time between two transactions when nobody waits: a stream of 100 MB/s seals a chunk
	// every 2.5 ms, and each transaction costs other processes a look at what changed.
	commitPause = 20 * time.Millisecond

	// batchBytes and batchBlocks bound one transaction, so that it stays within 20 ms.
	batchBytes  = 2 << 20
	batchBlocks = 128

	// storeRetry is how long a failing store is tried again before a run is told, with pauses from storePauseMin
	// doubling to storePauseMax. A full disk is told at once: waiting does not help a person who can make room.
	storeRetry    = 15 * time.Second
	storePauseMin = 20 * time.Millisecond
	storePauseMax = time.Second

	// lineTextBytes is how much of a line Read gives; the rest is for Line.
	lineTextBytes = 4 << 10

	// lineKeepBytes is how much of a line that is still open is carried from block to block: what Read may show, and
	// one character more, so that a cut never falls into one.
	lineKeepBytes = lineTextBytes + utf8.UTFMax

	// quietBytes bounds what may stand behind a carriage return without being seen: some sequences.
	quietBytes = 256

	// sgrBytes bounds a sequence that sets colours: twice what any program was seen to write. A longer one sets nothing.
	sgrBytes = 256

	// lineStepBytes is how much of a line one call of Line covers.
	lineStepBytes = 64 << 10

	// pageBytes and pageLines bound a reply of Read: WebKit keeps big replies.
	pageBytes = 8 << 10
	pageLines = 512

	// rawStepBytes is how much Raw copies while it holds a run's lock.
	rawStepBytes = 64 << 10

	// rawBlocks is how many stored blocks Raw asks for at once.
	rawBlocks = 8

	// aheadTails is how many tail rows Read asks for at once where they follow each other.
	aheadTails = 64

	// cacheBytes and cacheBlocks bound the decoded chunks that are kept for the next page.
	cacheBytes  = 6 << 20
	cacheBlocks = 24

	// cacheEnds bounds for how many finished runs the end is remembered.
	cacheEnds = 256

	// freeBuffers bounds the block buffers kept for reuse; their 16 MiB are part of the budget.
	freeBuffers = 64

	// ringSweep is how many stored segments the committer lists before it looks which are gone.
	ringSweep = 1024

	// queryBytes bounds what can be looked for; queryNeedles bounds the texts of an expression that are looked for at
	// once before its lines are simply read.
	queryBytes   = 1 << 10
	queryNeedles = 16

	// findBudget is how long one call of Find works, so that a person who types on doesn't wait for the word before;
	// findLines bounds its reply to 16 KB.
	findBudget = 20 * time.Millisecond
	findLines  = 1500

	// findRows is how many stored blocks a walk through a log asks for at once.
	findRows = 8

	// matchBytes is how much of a line is matched at once. Longer lines are matched in stretches of that size, of which
	// each begins matchOverlap before the end of the one before.
	matchBytes   = 1 << 20
	matchOverlap = 64 << 10

	// markLines and markBytes are how far apart the marks of a merged log stand in a run: half of them is what a jump reads
	// of it, and a million lines are some thousand marks.
	markLines = 512
	markBytes = chunkBytes

	// mergedLogs is how many merged logs are remembered, mergedSteps how many times of lines each of them: 4 MiB.
	mergedLogs  = 2
	mergedSteps = 256 << 10

	// mergedFind is how many lines for each run a search in a merged log looks at in one stretch: about a block.
	mergedFind = 2000

	// foreignAfter is how long a merged log waits for output of another process: it is stored within a second, that of
	// one VM before that of another. foreignEvery is how often the store is asked for it, and for runs that wait.
	foreignAfter = 2 * time.Second
	foreignEvery = 500 * time.Millisecond

	// signatureBits is the most bits of a signature. A stretch of signedBytes of a log has some 8,000 trigrams, which
	// set an eighth of them. Where those of a pack are sparser they are halved, until a signatureFill-th of one is set.
	signatureBits    = 16 // as a power of two: 8 KiB
	signatureMinBits = 9
	signatureFill    = 8

	// signedBytes is about how much output a signature stands for: as much as one chunk, so that opening what it stands
	// for costs the same for one long run and for many short ones.
	signedBytes = 192 << 10

	// packSlots is how many signatures are stored together: as many as a short history has, and as the bits of slots.
	packSlots = 16

	// signBatch and signRuns are from how much output, or how many runs, signatures are built: it fills three quarters of
	// a pack at least, however its lengths fall. What is less is read by each search within some 15 ms.
	signBatch = 6 << 20
	signRuns  = 2000

	// signFirst is when signatures of older output are looked after, so that a start isn't slowed by it; signEvery is
	// how often they are from then on, signAgain after a failure.
	signFirst = 3 * time.Second
	signEvery = 5 * time.Second
	signAgain = time.Minute

	// signRest is how many times as long as it worked the builder rests while runs write.
	signRest = 10

	// searchPacks is how many packs each of searchReaders looks at together: short reads, so that a search never pins the
	// write-ahead log. Both readers together leave half of the store's connections to others.
	searchPacks   = 64
	searchReaders = 2

	// searchRuns is how many runs it asks for at once.
	searchRuns = 256

	// aheadBytes and aheadRuns bound the output that is read from the store at once where it belongs to many short runs.
	aheadBytes = 2 << 20
	aheadRuns  = 128

	// searchHits and searchPause bound what a search holds back: it tells what it found at the latest then.
	searchHits  = 64
	searchPause = 50 * time.Millisecond

	// hitBytes is how much of a line a hit shows, of it hitBefore before the first match; hitMatches is how many matches
	// of a line are marked.
	hitBytes   = 400
	hitBefore  = 100
	hitMatches = 16

	// runNotices bounds the app's own remarks about one run; each is at most as long as a line's text.
	runNotices = 200

	// encoders is how many goroutines compress: one keeps up with a gigabit, the second with many runs.
	encoders = 2

	// headerBytes bounds what a block's header may claim when it is read back: two carried lines and change.
	headerBytes = 64 << 10

	// diffMaxLines and diffMaxBytes bound how much of each output a comparison reads: half a second of work.
	diffMaxLines = 50_000
	diffMaxBytes = 16 << 20
	// diffMaxEdits is how many lines added and removed are looked for line against line (its memory grows with the
	// square: 9 MB); diffGapEdits is the same between two lines that both sides have once.
	diffMaxEdits = 1500
	diffGapEdits = 200
	// diffContext is how many equal lines stand around a change.
	diffContext = 3
	// diffMaxRows and diffMaxReply bound the answer: more nobody reads, and WebKit keeps big replies.
	diffMaxRows  = 2000
	diffMaxReply = 256 << 10

	// blockBytes bounds what a block may claim to hold when it is read back.
	blockBytes = 8 << 20
)

// limits are the sizes that shape blocks and waiting; tests make them small to meet every edge.
type limits struct {
	chunkBytes, pieceBytes, blockPieces, groupTails, compactMin int
	pendingBytes, minPending, runRing                           int
	commitAfter, idleAfter                                      time.Duration
	storeRetry, pauseMin                                        time.Duration
}

func defaultLimits() limits {
	return limits{
		chunkBytes: chunkBytes, pieceBytes: pieceBytes, blockPieces: blockPieces, groupTails: groupTails,
		compactMin: compactMinBytes, pendingBytes: runPendingBytes, minPending: minPendingBytes, runRing: runRingBytes,
		commitAfter: commitAfter, idleAfter: idleAfter, storeRetry: storeRetry, pauseMin: storePauseMin,
	}
}
