package local

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vmorchestrator/backend/domain"
)

// In the middle of execve(2) a process has no environment to be known by. One that becomes another program all the time
// is still seen.
func TestSeenInTheMiddleOfExec(t *testing.T) {
	p, id := startLoop(t, "for i in "+strings.Repeat("i ", 500)+"; do :; done")
	for look := range 100 {
		// The leader is the shell that waits; the other is the one that is often somewhere in an execve.
		if left := p.tree.left(p.cmd.Process.Pid, id); len(left) != 2 {
			t.Fatalf("look %d sees %v of two", look, left)
		}
	}
	if got := p.Stop(t.Context(), 200*time.Millisecond); got.State != domain.StopStopped {
		t.Errorf("stop: %+v", got)
	}
	p.Wait()
}

// An environment that is read in parts may be half of one program's and nothing of the next one's.
func TestEnvironmentOfOneMoment(t *testing.T) {
	p, id := startLoop(t, "")
	leader, loop := p.cmd.Process.Pid, 0
	for range 100 {
		if left := p.tree.left(leader, id); len(left) == 2 {
			loop = left[0] + left[1] - leader
			break
		}
	}
	marks, seen := newMarks(id), 0
	for read := range 10_000 {
		carried, known := marks.carried(loop)
		if known && !carried {
			t.Fatalf("read %d takes it for somebody else's", read)
		}
		if carried {
			seen++
		}
	}
	if seen == 0 {
		t.Error("never seen: this test can't fail")
	}
}

// startLoop starts, in a session of its own, what does work and becomes itself again, for ever.
func startLoop(t *testing.T, work string) (p *Process, runID string) {
	t.Helper()
	loop := filepath.Join(t.TempDir(), "loop.sh")
	if err := os.WriteFile(loop, []byte(work+"\nexec sh \"$0\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The mark is to be somewhere in the middle, wherever a shell puts its variables.
	e := domain.Exec{RunID: "exec-" + strconv.FormatInt(time.Now().UnixNano(), 36), Env: map[string]string{}}
	for i := range 100 {
		e.Env["VAR_"+strconv.Itoa(i)] = strings.Repeat("x", 100)
	}
	p, sink := start(t, "setsid sh '"+loop+"' >/dev/null 2>&1 & echo up; wait", e)
	t.Cleanup(func() { p.Stop(context.Background(), 200*time.Millisecond) })
	sink.until(t, "up")
	return p, e.RunID
}

func TestSeenWithLargeEnvironment(t *testing.T) {
	wide := strings.Repeat("x", environBytes)
	e := domain.Exec{RunID: "large", Env: map[string]string{"A": wide, "B": wide}}
	p, sink := start(t, "setsid sleep 300 & echo up; wait", e)
	sink.until(t, "up")
	if left := p.tree.left(p.cmd.Process.Pid, e.RunID); len(left) != 2 {
		t.Errorf("sees %v of two", left)
	}
	p.Stop(t.Context(), 200*time.Millisecond)
	p.Wait()
}
