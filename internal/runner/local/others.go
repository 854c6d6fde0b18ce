package local

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// endingWait is how long a dispatch waits for the run before to end, and how long it is
// then postponed.
const endingWait = 2 * time.Second

// awaitOthers waits until no other run of the job's site is alive, and defers the job if
// that takes long: a run that has reported Ready still has to exit, one that was reset
// has its grace period, and two builds in one folder would corrupt each other.
func (r *Runner) awaitOthers(ctx context.Context, job runner.Job) error {
	for deadline := time.Now().Add(endingWait); ; {
		other, err := r.other(job)
		if err != nil {
			return &runner.Refused{Why: "the site's other runs could not be checked", Fault: release.FaultPlatform, Err: err}
		}
		if other == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			why := fmt.Sprintf("the run of release #%d is still ending", other)
			return &runner.Deferred{Why: why, Until: time.Now().Add(endingWait), Err: errLocked}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// other is the release of another run that is alive, 0 for none.
func (r *Runner) other(job runner.Job) (int64, error) {
	path, err := siteFolder(r.opts.State, job.Site)
	if err != nil {
		return 0, err
	}
	all, err := numbers(path)
	if err != nil {
		return 0, err
	}
	for _, number := range all {
		if number == job.Release {
			continue
		}
		running, err := folder{path: filepath.Join(path, strconv.FormatInt(number, 10))}.running()
		if err != nil || running {
			return number, err
		}
	}
	return 0, nil
}
