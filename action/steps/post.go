package steps

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Post comes at the end of a workflow's job, after failures too: if the run has a release
// and has not reported its end, post reports it.
type Post struct {
	*Run
	options.VerifyFlags

	LiveLimit time.Duration
}

// Name implements Step.
func (Post) Name() string { return "post" }

// Do implements Step.
func (r Post) Do(ctx context.Context) (Result, error) {
	s := r.Record.Now()
	switch {
	case r.App == nil || s.Session == "":
		return skipped("this run has no release")
	case s.Outcome.Idle(), s.Outcome == state.OutcomeTakenAway, s.Outcome.Unpublished() && !s.Untold:
		return skipped("the run has said how it ended: " + string(s.Outcome))
	case s.Live && !s.AppAwaitsLive():
		return skipped("the site is live")
	case s.Live || MarkerSeen(ctx, r.PublicURL, s):
		return r.liveAtTheEnd(ctx)
	}
	return r.failedAtTheEnd(ctx, s)
}

// liveAtTheEnd reports a release that is live, though its run did not come to report it.
func (r Post) liveAtTheEnd(ctx context.Context) (Result, error) {
	if err := r.isLive(); err != nil {
		return Result{}, err
	}
	if _, err := r.App.Report(ctx, release.Complete, "", r.LiveLimit); err != nil {
		return r.unreported(err)
	}
	return done("reported: the site is live")
}

// unreported ends post without a failure, which GitHub would show in place of the run's own.
// The app learns of the end from the runner.
func (r Post) unreported(err error) (Result, error) {
	note := fmt.Sprintf("the app could not be told how the run ended: %v", err)
	r.GitHub.Warning(note)
	return done(note)
}

func (r Post) failedAtTheEnd(ctx context.Context, s state.State) (Result, error) {
	why, fault, outcome, limit := "the workflow ended before the site was published", release.FaultPlatform, state.OutcomeFailed, r.LiveLimit
	var guards []string
	switch {
	case s.Untold:
		guards = s.Guards
		why, fault, outcome = text.ShortenBytes(r.Console.Hide(s.Why), 2000), cmp.Or(s.Fault, release.FaultPressrun), s.Outcome
		if outcome != state.OutcomeCancelled { // a run that was not cancelled has tried for the whole limit
			limit = 10 * time.Second
		}
	case s.Deployed():
		why = fmt.Sprintf("the release was deployed, but the workflow ended before it was seen at %s", cmp.Or(r.PublicURL, "the public address"))
	}
	if err := r.App.Fail(ctx, api.FailureInput{Why: why, Fault: fault, Guards: guards}, limit); err != nil {
		return r.unreported(err)
	}
	return Result{Note: "reported: " + why}, r.Record.Change(func(s *state.State) { s.Outcome, s.Why, s.Fault, s.Untold = outcome, why, fault, false })
}
