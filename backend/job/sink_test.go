package job

import (
	"context"
	"slices"
	"testing"

	"vmorchestrator/backend/domain"
)

// told records what an Output is told, in order.
type told struct{ all []string }

func (o *told) Write(_ domain.Stream, p []byte) error { o.all = append(o.all, string(p)); return nil }
func (o *told) Notice(text string)                    { o.all = append(o.all, "! "+text) }
func (o *told) Close(context.Context) (domain.LogTotals, error) {
	return domain.LogTotals{}, nil
}

// A fast command had written before its start came back, so "connected" stood below its lines.
func TestGreetingStandsBeforeTheFirstByte(t *testing.T) {
	out := &told{}
	k := &sink{out: out, run: &liveRun{}, greeting: "connected to web-1"}
	if err := k.Write(domain.Stdout, []byte("line\n")); err != nil {
		t.Fatal(err)
	}
	k.greet()
	if want := []string{"! connected to web-1", "line\n"}; !slices.Equal(out.all, want) {
		t.Errorf("got %q, want %q", out.all, want)
	}
}
