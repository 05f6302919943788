package output

import (
	"context"

	"vmorchestrator/backend/domain"
)

// Writer takes the output of one live run. Its methods are safe for concurrent use.
type Writer struct {
	run *run
}

// Write takes bytes as they arrived; p may be reused after the call. It blocks while too much is not stored yet, which
// is how a slow disk reaches the remote command. An error is a *domain.Error, from then on returned by every call:
// the bytes of this call may be lost, everything accepted before is kept. CodeDiskFull: there is no room for more.
func (w *Writer) Write(stream domain.Stream, p []byte) error {
	s, ok := streamIndex(stream)
	if !ok {
		return domain.NewError(domain.CodeInternal, "", "%q is no output stream", stream)
	}
	return w.run.write(s, p)
}

// Notice adds a remark of the app itself, which stands after the newest line. At most 200 of a run are kept.
func (w *Writer) Notice(text string) {
	w.run.notice(text)
}

// Close waits until every accepted byte is stored and compacted and says how much that is; the last line of a stream
// counts also without a newline. Complete is false if bytes were turned down or could not be stored: then the output
// ends at byte LogTotals.Bytes, and the error is why. When ctx is done first, the work goes on behind the scenes.
// A second call gives the same answer.
func (w *Writer) Close(ctx context.Context) (domain.LogTotals, error) {
	r := w.run
	r.close()
	select {
	case <-r.finished:
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.segs != nil { // not finished
		totals := r.storedTotals()
		totals.Complete = false
		return totals, domain.NewError(domain.CodeDatabase, "Look at the log again later.",
			"the last output could not be stored in time: %w", context.Cause(ctx))
	}
	if r.totals.Complete {
		return r.totals, nil
	}
	return r.totals, r.err
}
