package ssh

import (
	"testing"
	"time"

	"vmorchestrator/backend/domain"
	"vmorchestrator/internal/sshdtest"
)

func plainBox() domain.Target {
	return domain.Target{Kind: domain.TargetSSH, Alias: "box", Plain: true}
}

// In plain mode the target gets the command as it stands and needs no shell of ours: what a forced command is given
// shows it. Output and status come as from any other.
func TestPlain(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{ForceCommand: `printf "%s" "$SSH_ORIGINAL_COMMAND"; echo err >&2; exit 7`})
	sink := &record{}
	const command = "show version | include 'x y'"
	p, err := c.Start(within(t), plainBox(), domain.Exec{RunID: runID(t), Script: command}, sink)
	if err != nil {
		t.Fatal(err)
	}
	exit := p.Wait()
	if sink.stdout() != command || sink.stderr() != "err\n" || exit.Kind != domain.ExitStatus || exit.Code != 7 || p.Remote() != nil {
		t.Errorf("%q and %q, %+v, %+v", sink.stdout(), sink.stderr(), exit, p.Remote())
	}
}

// A stop there is tried, and never claimed.
func TestStopPlain(t *testing.T) {
	t.Parallel()
	for _, login := range sshdtest.Logins() {
		t.Run(login, func(t *testing.T) {
			c, _, _ := box(t, sshdtest.Options{User: login})
			p, err := c.Start(within(t), plainBox(), domain.Exec{RunID: runID(t), Script: "trap '' TERM; for i in 1 2 3 4 5 6; do sleep 1; done"}, &record{})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond) // or it would be asked before it can refuse
			began := time.Now()
			if got := p.Stop(within(t), time.Second); got.State != domain.StopUnproved || got.Note == "" || time.Since(began) > 2*plainGrace {
				t.Errorf("%+v after %v", got, time.Since(began))
			}
			p.Wait()
		})
	}
}

// What plain mode can't do is refused before anything is sent.
func TestPlainRefuses(t *testing.T) {
	c, _, _ := box(t, sshdtest.Options{})
	for name, e := range map[string]domain.Exec{
		"folder": {WorkDir: "/"}, "environment": {Env: map[string]string{"A": "b"}}, "merged output": {Options: domain.RunOptions{Merge: true}},
	} {
		e.Script = "true"
		if _, err := c.Start(within(t), plainBox(), e, &record{}); domain.CodeOf(err) != domain.CodeNotAllowed {
			t.Errorf("%s: %v", name, err)
		}
	}
}
