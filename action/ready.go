package action

import (
	"context"
	"slices"

	"github.com/pressrun/pressrun/internal/release"
)

// ready says that all is done and the site may take its next release.
type ready struct{}

func (ready) Name() string { return "ready" }

func (ready) Do(ctx context.Context, j *job) (Result, error) {
	if j.app == nil {
		return skipped("there is no app to tell")
	}
	s := j.now()
	if !s.Live {
		return Result{}, &FailError{Why: "nothing was made live: the release is not over", Fault: release.FaultPressrun, Code: ExitFailed}
	}
	if slices.Contains(s.Pending, string(release.Complete)) {
		return skipped("the app could not be told of \"complete\" either; it learns of both from the run's end")
	}
	return j.tellLive(ctx, release.Ready)
}
