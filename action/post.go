package action

import (
	"context"

	"github.com/pressrun/pressrun/internal/release"
)

// post is for the end of a workflow's job, whatever happened: when the run has
// a release and has told nobody how it ended, it says that it failed.
type post struct{}

func (post) Name() string { return "post" }

func (post) Do(ctx context.Context, j *job) (Result, error) {
	s := j.now()
	switch {
	case j.app == nil || s.Session == "":
		return skipped("this run has no release")
	case s.Live:
		return skipped("the site is live")
	case s.Outcome != "" && s.Outcome != OutcomeDone:
		return skipped("the run has said how it ended: " + string(s.Outcome))
	}
	why := "the workflow ended before the site was published"
	if err := j.app.fail(ctx, why, release.FaultPlatform); err != nil {
		return Result{}, err
	}
	return Result{Note: "reported: " + why}, j.change(func(s *State) { s.Outcome, s.Why, s.Fault = OutcomeFailed, why, release.FaultPlatform })
}
