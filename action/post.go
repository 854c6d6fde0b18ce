package action

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// post is for the end of a workflow's job, whatever happened: when the run has
// a release and has told nobody how it ended, it says what became of it.
type post struct{}

func (post) Name() string { return "post" }

func (post) Do(ctx context.Context, j *job) (Result, error) {
	s := j.now()
	switch {
	case j.app == nil || s.Session == "":
		return skipped("this run has no release")
	case s.Outcome.idle(), s.Outcome == OutcomeTakenAway, s.Outcome.ended() && !s.Untold:
		return skipped("the run has said how it ended: " + string(s.Outcome))
	case s.Live && !s.knowsNotLive():
		return skipped("the site is live")
	case s.Live || s.deployed() && j.opts.PublicURL != "" && j.markerSeen(ctx):
		return j.liveAtTheEnd(ctx)
	}
	return j.failedAtTheEnd(ctx, s)
}

// ended says that the run came to its end, and that not well.
func (o Outcome) ended() bool {
	return o == OutcomeFailed || o == OutcomeCancelled || o == OutcomeNotReady
}

// deployed says whether the destination shows the release.
func (s State) deployed() bool { return s.Deploy != nil && s.Deploy.Committed }

// liveAtTheEnd tells of a release that is live, though its run did not come so
// far as to say it.
func (j *job) liveAtTheEnd(ctx context.Context) (Result, error) {
	if err := j.isLive(); err != nil {
		return Result{}, err
	}
	if _, err := j.app.report(ctx, release.Complete, "", j.opts.LiveLimit); err != nil {
		return j.nobodyTold(err)
	}
	return done("reported: the site is live")
}

// nobodyTold ends post without a failure of its own: that would be told too, and
// stand in the place of why the run failed. The app learns from the run's end.
func (j *job) nobodyTold(err error) (Result, error) {
	note := fmt.Sprintf("the app could not be told how the run ended: %v", err)
	j.gh.warning(note)
	return done(note)
}

func (j *job) failedAtTheEnd(ctx context.Context, s State) (Result, error) {
	why, fault, outcome, limit := "the workflow ended before the site was published", release.FaultPlatform, OutcomeFailed, j.opts.LiveLimit
	switch {
	case s.Untold:
		why, fault, outcome = cut(j.hide(s.Why), 2000), cmp.Or(s.Fault, release.FaultPressrun), s.Outcome
		if outcome != OutcomeCancelled { // a run that was not cancelled has tried for that long
			limit = 10 * time.Second
		}
	case s.deployed():
		why = fmt.Sprintf("the release was deployed, but the workflow ended before it was seen at %s", cmp.Or(j.opts.PublicURL, "the public address"))
	}
	if err := j.app.fail(ctx, why, fault, limit); err != nil {
		return j.nobodyTold(err)
	}
	return Result{Note: "reported: " + why}, j.change(func(s *State) { s.Outcome, s.Why, s.Fault, s.Untold = outcome, why, fault, false })
}
