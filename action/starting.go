package action

import (
	"context"

	"github.com/pressrun/pressrun/internal/release"
)

// starting says that the wait is over and the run sets up. The claim has
// already brought the site to Starting: the app acknowledges once more.
type starting struct{}

func (starting) Name() string { return "starting" }

func (starting) Do(ctx context.Context, j *job) (Result, error) {
	if j.app == nil {
		return skipped("there is no app to tell")
	}
	_, err := j.app.report(ctx, release.Starting, "setting up", j.opts.AppLimit)
	return Result{}, notTold(err, release.Starting)
}

// notTold explains that the app did not take a report.
func notTold(err error, state release.State) error {
	if err == nil || isUsage(err) {
		return err
	}
	fail := asFail(err, "")
	if fail.Code != ExitFailed {
		return err
	}
	return &FailError{Why: "the app did not take the report \"" + string(state) + "\": " + err.Error(), Fault: release.FaultPressrun, Code: ExitFailed, Err: err}
}
