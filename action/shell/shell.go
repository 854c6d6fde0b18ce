// Package shell runs a site's own commands, which install and build: with the environment
// that they may see. It finds the cause of a failure in their output.
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/redact"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

const (
	tailBytes = 16 << 10
	tailLines = 12
	// exitContent is the exit code by which a build blames the content: EX_DATAERR of
	// sysexits.h.
	exitContent = 65
)

// Shell runs the site's own commands in the frontend's folder.
type Shell struct {
	Dir         string
	Environment Environment // the process's
	Profile     string      // the build's: see Profile
	Mark        string      // NAME=value, in the environment of this run's commands only
	Console     *console.Console
	GitHub      *workflow.Workflow
}

// LocatedError is a command's failure with the locations that its output named.
type LocatedError struct {
	Err       error
	Locations []Location
}

func (e *LocatedError) Error() string { return e.Err.Error() }

func (e *LocatedError) Unwrap() error { return e.Err }

// Run runs a command line, with further variables. what names it in messages: "build
// command". Its failure is a *failure.Error.
func (s Shell) Run(ctx context.Context, what, line string, timeout time.Duration, variables map[string]string) error {
	profile, err := Profile(s.Profile)
	if err != nil {
		return err
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, errTimeout)
		defer cancel()
	}
	end, named := &tail{max: tailBytes}, &locations{}
	began := time.Now()
	log := redact.NewWriter(s.Console.Out, s.Console.Hide)
	unmute := s.GitHub.Mute()
	err = process.Run(ctx, process.Command{
		Args: process.Shell(line), Dir: s.Dir, Env: s.Environment.ForCommand(profile, variables),
		Output: io.MultiWriter(log, end, named), Mark: s.Mark,
	})
	_ = log.Flush() // the log is no reason to fail
	unmute()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && !errors.Is(err, errTimeout) {
		return err
	}
	err = &LocatedError{Err: err, Locations: named.all()}
	return s.failed(what, err, end, time.Since(began).Round(time.Second), timeout)
}

var errTimeout = errors.New("it took too long")

// failed describes the failure of a command to an editor, with the end of its output.
func (s Shell) failed(what string, err error, end *tail, took, timeout time.Duration) error {
	fail := &failure.Error{Fault: release.FaultBuild, Code: failure.ExitFailed, Err: err}
	exit, isExit := errors.AsType[*exec.ExitError](err)
	switch {
	case errors.Is(err, errTimeout):
		fail.Why = fmt.Sprintf("the %s took longer than %s and was ended", what, timeout)
	case !isExit:
		fail.Why = fmt.Sprintf("the %s could not be started: %v", what, err)
	case killed(exit):
		fail.Why = fmt.Sprintf("the %s was killed by the system after %s, mostly for want of memory", what, took)
		fail.Fault = release.FaultPlatform
	case exit.ExitCode() == exitContent:
		fail.Why = fmt.Sprintf("the %s says that the content is at fault", what)
		fail.Fault = release.FaultContent
	default:
		fail.Why = fmt.Sprintf("the %s failed after %s (%v)", what, took, exit.ProcessState)
	}
	if lines := end.lines(tailLines, s.Console.Hide); len(lines) > 0 {
		// The last lines tell most: if the text is too long, the first go.
		fail.Why += ". The end of its output: " + text.KeepEnd(s.Console.Hide(strings.Join(lines, " | ")), 1200)
	}
	return fail
}

// killed says whether a command, or the shell around it, ended by a SIGKILL that this process
// did not send.
func killed(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	return exit.ExitCode() == 128+9 || ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}
