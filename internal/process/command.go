package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"time"
)

// Command is a program to run to its end.
type Command struct {
	// Args are the program and its arguments; see Shell for a shell's line.
	Args []string
	Dir  string
	// Env is the whole environment; nil means none, not the caller's.
	Env []string
	// Output gets standard output and standard error as they come; nil discards them. The
	// command's standard input is empty.
	Output io.Writer
	// Grace is the time between being asked to end and being killed; 0 means
	// DefaultGrace.
	Grace time.Duration
	// Mark is an environment entry (NAME=value) that only this command's processes have.
	// When set, ending the command also ends every process that carries it, even outside
	// its group. Linux only.
	Mark string
}

// DefaultGrace is how long a command has between being asked to end and being
// killed. GitHub's runner gives 7.5 s
// (https://docs.github.com/en/actions/reference/workflow-cancellation-reference).
const DefaultGrace = 5 * time.Second

// drain is how long output is still read after the command itself has ended: a background
// process may hold the pipe open for ever.
const drain = 2 * time.Second

// Run runs a command to its end. When ctx ends first, the command's whole group is ended
// and the error is the cause of ctx. A command that fails gives an *exec.ExitError.
// Background processes of a successful command stay: a later step may need them.
func Run(ctx context.Context, c Command) error {
	if len(c.Args) == 0 {
		return errors.New("start a command: it has no name")
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	running, err := start(c)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.Args[0], err)
	}
	defer running.group.close()
	select {
	case err := <-running.done:
		if err != nil {
			running.kill(c.Mark)
		}
		return err
	case <-ctx.Done():
	}
	running.end(c)
	return context.Cause(ctx)
}

type running struct {
	group *Group
	done  chan error
}

// start starts the command on a thread that lives as long as the command does: Linux
// sends the parent-death signal when the thread ends (prctl(2), PR_SET_PDEATHSIG).
func start(c Command) (*running, error) {
	cmd := exec.Command(c.Args[0], c.Args[1:]...) //nolint:gosec,noctx // G204: running the operator's commands is its purpose; ending them is more than a context's kill
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, c.Output, c.Output
	cmd.Env = append([]string{}, c.Env...)
	if c.Mark != "" {
		cmd.Env = append(cmd.Env, c.Mark)
	}
	cmd.WaitDelay = drain
	r := &running{done: make(chan error, 1)}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		group, err := Start(cmd)
		r.group = group
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		if errors.Is(err, exec.ErrWaitDelay) {
			err = nil // it succeeded; a background process holds its output
		}
		r.done <- err
	}()
	return r, <-started
}

// end asks the group to end, and kills it after the grace period.
func (r *running) end(c Command) {
	grace := c.Grace
	if grace == 0 {
		grace = DefaultGrace
	}
	r.group.Interrupt()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	var over bool
	select {
	case _ = <-r.done: //nolint:staticcheck // the error is that this process ended it
		over = true
	case <-timer.C:
	}
	// Also when the leader has ended: others of its group may be left.
	r.kill(c.Mark)
	if !over {
		_ = <-r.done //nolint:staticcheck // as above
	}
}

func (r *running) kill(mark string) {
	r.group.Kill()
	if mark != "" {
		EndMarked(mark)
	}
}
