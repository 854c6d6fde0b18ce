package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
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
	if !s.edgePending() { // else pages are known to be stale
		look.Sample = s.Deploy.Sample[:min(len(s.Deploy.Sample), max(j.opts.VerifyPages, 0))]
	}
	look.Limit, look.Interval = max(j.opts.VerifyLimit, time.Nanosecond), j.opts.VerifyInterval
	look.Progress = func(why string) { j.does("waiting for the public address: " + why) }
	seen, err := cdn.Verify(ctx, look)
	if err == nil {
		note := fmt.Sprintf("%s shows release %d", j.opts.PublicURL, s.Deploy.Release)
		switch {
		case seen.Superseded:
			note = fmt.Sprintf("%s shows release %d, deployed after this one", j.opts.PublicURL, seen.Marker.Release)
		case seen.Checked > 0:
			note += fmt.Sprintf(", and %s as deployed", counted(int64(seen.Checked), "changed page"))
		}
		return Result{Note: note}, j.isLive()
	}
	notSeen, ok := errors.AsType[*cdn.NotSeenError](err)
	if !ok {
		if ctx.Err() != nil {
			return Result{}, context.Cause(ctx)
		}
		return Result{}, err
	}
	return j.notSeen(s, notSeen)
}

// notSeen judges a release that the public does not see, or not all of. With
// the marker seen, or a CDN that is known to be behind, the site is live at its
// origin, and the rest is a cache's.
func (j *job) notSeen(s State, e *cdn.NotSeenError) (Result, error) {
	first := e.Findings[0]
	isMarker := strings.HasSuffix(first.URL, "/"+manifest.MarkerPath)
	if isMarker && (!s.edgePending() || first.Mismatch != cdn.MismatchOldRelease) {
		return Result{}, &FailError{
			Why: fmt.Sprintf("the release was deployed to %s, but %s does not show it after %s: %s",
				j.opts.To, j.opts.PublicURL, j.opts.VerifyLimit, oneLine(first.Detail)),
			Fault: release.FaultPlatform, Code: ExitNotVisible, Err: e,
		}
	}
	if !isMarker {
		edge := api.Edge{}
		if s.Edge != nil {
			edge = *s.Edge
		}
		edge.State, edge.Why = api.EdgePending, fmt.Sprintf("%s shows release %d, but %s of %s as they were deployed: %s",
			j.opts.PublicURL, s.Deploy.Release, noneOrNotAll(len(e.Findings), len(s.Deploy.Sample)), counted(int64(len(s.Deploy.Sample)), "changed page"), oneLine(first.Detail))
		j.keepEdge(edge)
	}
	return Result{Note: "live at the origin, edge pending: " + oneLine(first.Detail)}, j.isLive()
}

func noneOrNotAll(wrong, of int) string {
	if wrong >= of {
		return "none"
	}
	return "not all"
}

// isLive notes that the site is live: from here on nothing fails the run.
func (j *job) isLive() error { return j.change(func(s *State) { s.Live = true }) }

// look is what to look for through the public address: the marker alone.
func (j *job) look(s State) cdn.VerifyOptions {
	return cdn.VerifyOptions{URL: j.opts.PublicURL, Site: s.Site, Release: s.Deploy.Release, Sequence: s.Deploy.Sequence}
}

// markerSeen looks once, in a hurry.
func (j *job) markerSeen(ctx context.Context) bool {
	look := j.look(j.now())
	look.Limit = time.Nanosecond
	_, err := cdn.Verify(ctx, look)
	return err == nil
}
