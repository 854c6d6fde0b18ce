//go:build unix

package process_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/test/eventually"
)

func run(ctx context.Context, t *testing.T, line string, grace time.Duration) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := process.Run(ctx, process.Command{
		Args: process.Shell(line), Dir: t.TempDir(), Env: []string{"PATH=" + os.Getenv("PATH")}, Output: &out,
		Grace: grace, Mark: fmt.Sprintf("PRESSRUN_TEST_MARK=%s-%d", t.Name(), time.Now().UnixNano()),
	})
	return out.String(), err
}

func TestRunGivesOutputAndExitCode(t *testing.T) {
	out, err := run(t.Context(), t, "echo out; echo err >&2; read x; exit 7", time.Second)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 7 {
		t.Fatalf("the error is %v, not exit status 7", err)
	}
	if out != "out\nerr\n" {
		t.Errorf("output is %q", out)
	}
}

func TestRunKeepsTheCallersEnvironmentFromTheCommand(t *testing.T) {
	t.Setenv("PRESSRUN_SECRET", "s3cret")
	out, err := run(t.Context(), t, "env", time.Second)
	if err != nil || strings.Contains(out, "s3cret") {
		t.Errorf("the command sees %q (%v)", out, err)
	}
}

func TestRunOfAMissingProgramSaysSo(t *testing.T) {
	err := process.Run(t.Context(), process.Command{Args: []string{"/no/such/program"}})
	if err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("the error is %v", err)
	}
}

// Each line writes the numbers of the processes that must be gone afterwards.
func TestCancelEndsEveryProcessOfTheCommand(t *testing.T) {
	cases := map[string]struct {
		line  string
		linux bool // can only be found there
	}{
		"a child in the background":          {line: `sleep 300 & echo $! > pids; sleep 300`},
		"a command that ignores SIGTERM":     {line: `trap '' TERM; echo $$ > pids; while :; do sleep 1; done`},
		"a grandchild":                       {line: `sh -c 'sleep 300 & echo $! > pids; wait' & wait`},
		"a session of its own":               {line: `setsid sh -c 'echo $$ > pids; sleep 300' & sleep 300`, linux: true},
		"a double fork with its own session": {line: `(setsid sh -c '(echo $$ > pids; exec sleep 300) & exit 0' &) ; sleep 300`, linux: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.linux && runtime.GOOS != "linux" {
				t.Skip("only Linux tells where a process went that left its group")
			}
			dir := t.TempDir()
			ctx, cancel := context.WithCancelCause(t.Context())
			reason := errors.New("somebody cancelled it")
			ended := make(chan error, 1)
			go func() {
				ended <- process.Run(ctx, process.Command{
					Args: process.Shell(c.line), Dir: dir, Env: []string{"PATH=" + os.Getenv("PATH")},
					Grace: 200 * time.Millisecond, Mark: "PRESSRUN_TEST_MARK=" + dir,
				})
			}()
			eventually.Holds(t, "the process's number", func() bool { return len(pids(dir)) > 0 })
			cancel(reason)
			// Left alone, each would go on for longer than is waited for it.
			if err := eventually.Receives(t, "the command's end", ended); !errors.Is(err, reason) {
				t.Errorf("the error is %v, not the cause of the cancellation", err)
			}
			for _, pid := range pids(dir) {
				eventually.Holds(t, "the process's end", func() bool { return !runs(pid) })
			}
		})
	}
}

func TestCommandMayCleanUpWhenAskedToEnd(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	line := `trap 'echo cleaned > cleaned; exit 0' TERM; echo $$ > pids; while :; do sleep 0.02; done`
	ended := make(chan error, 1)
	go func() {
		ended <- process.Run(ctx, process.Command{Args: process.Shell(line), Dir: dir, Env: os.Environ(), Grace: eventually.Patience})
	}()
	eventually.Holds(t, "the trap to be set", func() bool { return len(pids(dir)) > 0 })
	cancel()
	if err := eventually.Receives(t, "the command's end", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "cleaned")); err != nil {
		t.Errorf("it did not get to clean up: %v", err)
	}
}

func TestBackgroundOfAGoodCommandDoesNotHoldItUp(t *testing.T) {
	dir := t.TempDir()
	t.Cleanup(func() {
		for _, pid := range pids(dir) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	err := eventually.Returns(t, "the command's end", func() error {
		return process.Run(t.Context(), process.Command{
			Args: process.Shell("sleep 300 & echo $! > pids"), Dir: dir, Env: os.Environ(), Output: new(bytes.Buffer), Grace: time.Second,
		})
	})
	if err != nil {
		t.Error(err)
	}
}

func pids(dir string) []int {
	text, err := os.ReadFile(filepath.Join(dir, "pids"))
	if err != nil || !bytes.HasSuffix(text, []byte("\n")) {
		return nil
	}
	var out []int
	for _, f := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(f); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

func runs(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil {
		return !strings.Contains(string(text), ") Z ")
	}
	return runtime.GOOS != "linux" && syscall.Kill(pid, 0) == nil
}
