package priority

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

const role = "VMO_TEST_PRIORITY"

func init() { runtime.LockOSThread() } // as the window's library does

func TestMain(m *testing.M) {
	if os.Getenv(role) == "" {
		os.Exit(m.Run())
	}
	// A process of its own, as lowering is for good.
	Lower()
	own := func(start func(*exec.Cmd) error) string {
		var out bytes.Buffer
		cmd := exec.Command("nice")
		cmd.Stdout = &out
		if err := start(cmd); err != nil {
			return err.Error()
		}
		_ = cmd.Wait()
		return strings.TrimSpace(out.String())
	}
	elsewhere := make(chan string)
	go func() { elsewhere <- own((*exec.Cmd).Start) + " " + own(Start) }()
	os.Stdout.WriteString(own((*exec.Cmd).Start) + " " + <-elsewhere)
}

// The first thread keeps its priority, others lose theirs, and so does what is started from them but by Start.
func TestLower(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), role+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "0 10 0" {
		t.Errorf("%s (%v), want the first thread's 0, another's 10 and a child's 0", out, err)
	}
}
