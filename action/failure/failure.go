// Package failure has the failures of runs: the cause, whose fault it is, and the exit code.
package failure

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/release"
)

// The exit codes of `pressrun action`.
//
//	code  meaning
//	0     done, or nothing to do (another run has the release)
//	1     failed: the build, the app's refusal, or anything not below
//	2     usage: a flag or setting is missing or wrong
//	3     refused by a check: the built site must not be published
//	4     not ready in time: the site's turn, the CMS or the app
//	5     the deploy failed; what was live still is
//	6     deployed, but the public address does not show it (yet)
//	7     the release was taken away: cancelled, reset or given to another run
//	8     live, and reported as complete, but the CDN may still show what was
//	      replaced: edge pending. "all" and "ready" end so; a step before them
//	      does not, as the run goes on
//	130   cancelled by a signal
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitRefused     = 3
	ExitNotReady    = 4
	ExitDeploy      = 5
	ExitNotVisible  = 6
	ExitTakenAway   = 7
	ExitEdgePending = 8
	ExitCancelled   = 130
)

// Error says why a run failed, in words that an editor understands, and
// whose fault it is.
type Error struct {
	Why   string
	Fault release.Fault
	// Guards are the names of the guards that stopped the release.
	Guards []string
	// Code is the exit code; Err is the underlying error, for the log.
	Code int
	Err  error
}

func (e *Error) Error() string { return e.Why }

func (e *Error) Unwrap() error { return e.Err }

// UsageError is a flag or setting that is missing or wrong. Nothing was done.
type UsageError struct{ Problem string }

func (e *UsageError) Error() string { return e.Problem }

// Usage is a *UsageError.
func Usage(format string, args ...any) error {
	return &UsageError{Problem: fmt.Sprintf(format, args...)}
}

// Causes of the end of a run's context.
var (
	// ErrTakenAway says that the release is no longer this run's.
	ErrTakenAway = errors.New("the release was taken away from this run")
	// ErrStopped says that the run was cancelled.
	ErrStopped = errors.New("the run was cancelled")
)

// ExitCode is the exit code for an error.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if _, ok := errors.AsType[*UsageError](err); ok {
		return ExitUsage
	}
	if fail, ok := errors.AsType[*Error](err); ok {
		return fail.Code
	}
	if errors.Is(err, context.Canceled) {
		return ExitCancelled
	}
	return ExitFailed
}

// Of turns any error of a step into an *Error, which an editor can read.
func Of(err error, step string) *Error {
	if fail, ok := errors.AsType[*Error](err); ok {
		return fail
	}
	switch {
	case errors.Is(err, ErrTakenAway):
		return &Error{Why: err.Error(), Fault: release.FaultPressrun, Code: ExitTakenAway, Err: err}
	case errors.Is(err, ErrStopped):
		return &Error{Why: ErrStopped.Error(), Fault: release.FaultPlatform, Code: ExitCancelled, Err: err}
	}
	return &Error{Why: fmt.Sprintf("the step %q failed: %v", step, err), Fault: release.FaultPressrun, Code: ExitFailed, Err: err}
}

// IsUsage says whether an error is a *UsageError.
func IsUsage(err error) bool {
	_, ok := errors.AsType[*UsageError](err)
	return ok
}
