// Package output keeps what commands write and finds it again: bytes in, lines out, nothing lost.
//
// A Hub serves all runs of a process. Each live run has a Writer, to which a transport hands the bytes of both streams
// as they arrive. They become blocks, which one committer puts into the Store, many runs to a transaction, within a
// quarter of a second; blocks that stay small are later merged and compressed. Lines are a view of the blocks: numbered
// in the order in which they complete, decoded from UTF-8 across every edge, while the blocks keep the exact bytes.
//
// What it promises: every byte that Write accepted is either in the Store or in memory where Read finds it; memory is
// bounded, because Write blocks when the Store is slow; a reader never slows a writer by more than one page; and a run
// that another process writes, or wrote, reads the same as one's own.
package output
