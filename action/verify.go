package action

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/release"
)

// verify looks at the release's marker, and at a sample of the changed pages,
// through the site's public address. A production CDN that pointed at the
// staging bucket was once noticed by readers only (research: mdn.md 1.1): here
// the run does not say "live" before it has seen it.
type verify struct{}

func (verify) Name() string { return "verify" }

func (verify) Do(ctx context.Context, j *job) (Result, error) {
	s := j.now()
	switch {
	case j.opts.PublicURL == "":
		return skipped("no --public-url is set")
	case s.Deploy == nil:
		return skipped("nothing was deployed")
	case !s.Deploy.Committed:
		return skipped("the deploy changed nothing (dry run)")
	}
	j.does("looking at the public address")
	look := j.look(s)
	look.Sample = s.Deploy.Sample[:min(len(s.Deploy.Sample), max(j.opts.VerifyPages, 0))]
	look.CDNPending = s.edgePending()
	look.Limit, look.Interval = j.opts.VerifyLimit, j.opts.VerifyInterval
	look.Progress = func(why string) { j.does("waiting for the public address: " + why) }
	sight, err := publish.Verify(ctx, look)
	if err != nil {
		return Result{}, j.notSeen(ctx, err)
	}
	if len(sight.Stale) > 0 {
		if why := sight.StalePages(look); why != "" {
			edge := api.Edge{}
			if s.Edge != nil {
				edge = *s.Edge
			}
			edge.State, edge.Why = api.EdgePending, why
			j.keepEdge(edge)
		}
		return Result{Note: "live at the origin, edge pending: " + oneLine(sight.Stale[0].Detail)}, j.isLive()
	}
	note := fmt.Sprintf("%s shows release %d", j.opts.PublicURL, s.Deploy.Release)
	switch {
	case sight.Superseded:
		note = fmt.Sprintf("%s shows release %d, deployed after this one", j.opts.PublicURL, sight.Marker.Release)
	case sight.Checked > 0:
		note += fmt.Sprintf(", and %s as deployed", counted(int64(sight.Checked), "changed page"))
	}
	return Result{Note: note}, j.isLive()
}

// notSeen is the failure of a release that the public does not see.
func (j *job) notSeen(ctx context.Context, err error) error {
	missing, ok := errors.AsType[*cdn.NotSeenError](err)
	if !ok {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return &FailError{
		Why: fmt.Sprintf("the release was deployed to %s, but %s does not show it after %s: %s",
			j.opts.To, j.opts.PublicURL, j.opts.VerifyLimit, oneLine(missing.Findings[0].Detail)),
		Fault: release.FaultPlatform, Code: ExitNotVisible, Err: err,
	}
}

// isLive notes that the site is live: from here on nothing fails the run.
func (j *job) isLive() error { return j.change(func(s *State) { s.Live = true }) }

// look is what to look for through the public address: the marker alone.
func (j *job) look(s State) publish.Look {
	return publish.Look{URL: j.opts.PublicURL, Site: s.Site, Release: s.Deploy.Release, Sequence: s.Deploy.Sequence}
}

// markerSeen looks once, in a hurry.
func (j *job) markerSeen(ctx context.Context) bool { return publish.MarkerSeen(ctx, j.look(j.now())) }
