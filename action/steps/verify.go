package steps

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Verify looks at the release's marker, and at a sample of the changed pages, through the
// site's public address. The run reports "live" only after it has seen the release there:
// else a CDN that points at another bucket would be noticed by visitors first.
type Verify struct {
	*Run
	options.VerifyFlags

	To string
}

// Name implements Step.
func (Verify) Name() string { return "verify" }

// Do implements Step.
func (r Verify) Do(ctx context.Context) (Result, error) {
	s := r.Record.Now()
	switch {
	case r.PublicURL == "":
		return skipped("no --public-url is set")
	case s.Deploy == nil:
		return skipped("nothing was deployed")
	case !s.Deploy.Committed:
		return skipped("the deploy changed nothing (dry run)")
	}
	r.Console.Does("looking at the public address")
	look := lookFor(r.PublicURL, s)
	look.Sample = s.Deploy.Sample[:min(len(s.Deploy.Sample), max(r.VerifyPages, 0))]
	look.CDNPending = s.EdgePending()
	look.Limit, look.Interval = r.VerifyLimit, r.VerifyInterval
	look.Progress = func(why string) { r.Console.Does("waiting for the public address: " + why) }
	sight, err := publish.Verify(ctx, look)
	if err != nil {
		return Result{}, r.notSeen(ctx, err)
	}
	if len(sight.Stale) > 0 {
		if why := sight.StalePages(look); why != "" {
			edge := api.Edge{}
			if s.Edge != nil {
				edge = *s.Edge
			}
			edge.State, edge.Why = api.EdgePending, why
			r.keepCDN(edge)
		}
		return Result{Note: "live at the origin, edge pending: " + workflow.Line(sight.Stale[0].Detail)}, r.isLive()
	}
	note := fmt.Sprintf("%s shows release %d", r.PublicURL, s.Deploy.Release)
	switch {
	case sight.Superseded:
		note = fmt.Sprintf("%s shows release %d, deployed after this one", r.PublicURL, sight.Marker.Release)
	case sight.Checked > 0:
		note += fmt.Sprintf(", and %s as deployed", text.Count(int64(sight.Checked), "changed page"))
	}
	return Result{Note: note}, r.isLive()
}

// notSeen is the failure of a release that the public does not see.
func (r Verify) notSeen(ctx context.Context, err error) error {
	missing, ok := errors.AsType[*verify.NotSeenError](err)
	if !ok {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return &failure.Error{
		Why: fmt.Sprintf("the release was deployed to %s, but %s does not show it after %s: %s",
			r.To, r.PublicURL, r.VerifyLimit, workflow.Line(missing.Findings[0].Detail)),
		Fault: release.FaultPlatform, Code: failure.ExitNotVisible, Err: err,
	}
}

// lookFor is a look through a public address for the release's marker.
func lookFor(publicURL string, s state.State) publish.VerifyOptions {
	return publish.VerifyOptions{URL: publicURL, Site: s.Site, Release: s.Deploy.Release, Sequence: s.Deploy.Sequence}
}

// MarkerSeen says whether a release that was deployed, but not verified, can be seen through
// the public address. It looks once, with a short limit.
func MarkerSeen(ctx context.Context, publicURL string, s state.State) bool {
	return s.Deployed() && publicURL != "" && publish.MarkerSeen(ctx, lookFor(publicURL, s))
}
