// Package runner is the interface between the app and the systems that carry releases
// out: processes on this machine (runner/local), or GitHub Actions.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Job is a release to be carried out.
type Job struct {
	Site    string
	Release int64
	// RollbackTo is the number of the earlier release to put back; 0 for a release that is built.
	RollbackTo int64
	// Token goes with the job and comes back with the run's claim. It is also
	// how a job whose outcome is unknown is found again.
	Token string
	// AppURL is where the run reaches the app, and Bearer its credential for the claim,
	// valid for this site and release only. Bearer is a secret: pass it by environment or
	// file, never as an argument.
	AppURL string
	Bearer string
}

// Runner carries releases out. Its methods may be called concurrently and
// again after a crash of the app.
type Runner interface {
	// Dispatch starts a job. It returns a *Refused when the runner will not take the job,
	// a *Deferred when it has certainly not been started yet, ErrAccepted when it was
	// accepted and its run must be looked for, and any other error when the outcome is
	// unknown: the caller must then use Find before it dispatches again.
	Dispatch(ctx context.Context, job Job) (release.Run, error)
	// Find looks for the run that was started with the job's token.
	Find(ctx context.Context, job Job) (Finding, error)
	// LookUp finds the state of a run: a release.RunSeen, RunEnded or RunMissing. An
	// error means that it could not be found out.
	LookUp(ctx context.Context, site string, number int64, run release.Run) (release.Event, error)
	// Cancel ends a run and all processes that it started. It returns when the run was
	// asked to end; its end comes as a RunEnded.
	Cancel(ctx context.Context, site string, number int64, run release.Run) error
	// Log opens the output of a release's run so far. fs.ErrNotExist when there is none.
	Log(ctx context.Context, site string, number int64) (io.ReadCloser, error)
	// Reattach watches the runs that an earlier process of the app left
	// running; their endings are then reported as for new ones.
	Reattach(ctx context.Context) error
	// Close stops watching. Runs go on without the app, and the next process
	// reattaches to them.
	Close() error
}

// Finding is the answer of Find.
type Finding struct {
	// Run is valid when Found. Final says that a token not found now will
	// not appear later, so that it is safe to send again.
	Run   release.Run
	Found bool
	Final bool
}

// OnEvent is called with events that a runner notices by itself: mostly a RunEnded, at
// once when a run dies. It must not block for long.
type OnEvent func(site string, number int64, event release.Event)

// Refused says why a runner will not take a job, in words that an operator
// can act on, and whose fault it is.
type Refused struct {
	Why   string
	Fault release.Fault
	Err   error
}

func (r *Refused) Error() string {
	if r.Err != nil {
		return fmt.Sprintf("%s: %v", r.Why, r.Err)
	}
	return r.Why
}

func (r *Refused) Unwrap() error { return r.Err }

// ErrAccepted says that a job was accepted but its run has no id yet: look for the run by Find.
var ErrAccepted = errors.New("the dispatch was accepted; its run is being looked for")

// Deferred says that a job has certainly not been started, and when to try again. Find
// confirms that.
type Deferred struct {
	Why   string
	Until time.Time
	Err   error
}

func (d *Deferred) Error() string { return fmt.Sprintf("%s: %v", d.Why, d.Err) }

func (d *Deferred) Unwrap() error { return d.Err }
