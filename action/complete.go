package action

import (
	"context"

	"github.com/pressrun/pressrun/internal/release"
)

// complete says that the site is live: the point of no return.
type complete struct{}

func (complete) Name() string { return "complete" }

func (complete) Do(ctx context.Context, j *job) (Result, error) {
	if j.app == nil {
		return skipped("there is no app to tell")
	}
	if s := j.now(); !s.Live {
		return Result{}, &FailError{Why: "nothing was made live: there is nothing to report as complete", Fault: release.FaultPressrun, Code: ExitFailed}
	}
	return j.tellLive(ctx, release.Complete)
}

// tellLive reports a state once the site is live: for long, and without ever
// failing the run. The app learns it from the run's end if not from this.
func (j *job) tellLive(ctx context.Context, state release.State) (Result, error) {
	_, err := j.app.report(ctx, state, "", j.opts.LiveLimit)
	if err == nil {
		return Result{}, nil
	}
	j.gh.warning("the site is live, but the app could not be told \"" + string(state) + "\": " + err.Error())
	return Result{Note: "the site is live, but the app could not be told: " + err.Error()},
		j.change(func(s *State) { s.Pending = append(s.Pending, string(state)) })
}
