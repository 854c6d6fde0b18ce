package steps

import (
	"context"
	"slices"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/release"
)

// Complete reports that the site is live: the point of no return.
type Complete struct {
	*Run
	LiveLimit time.Duration
}

// Name implements Step.
func (Complete) Name() string { return "complete" }

// Do implements Step.
func (r Complete) Do(ctx context.Context) (Result, error) {
	if r.App == nil {
		return skipped("there is no app to tell")
	}
	if s := r.Record.Now(); !s.Live {
		return Result{}, &failure.Error{Why: "nothing was made live: there is nothing to report as complete", Fault: release.FaultPressrun, Code: failure.ExitFailed}
	}
	return r.tellLive(ctx, release.Complete, r.LiveLimit)
}

// Ready reports that the run is done and the site may take its next release.
type Ready struct {
	*Run
	LiveLimit time.Duration
}

// Name implements Step.
func (Ready) Name() string { return "ready" }

// Do implements Step.
func (r Ready) Do(ctx context.Context) (Result, error) {
	if r.App == nil {
		return skipped("there is no app to tell")
	}
	s := r.Record.Now()
	if !s.Live {
		return Result{}, &failure.Error{Why: "nothing was made live: the release is not over", Fault: release.FaultPressrun, Code: failure.ExitFailed}
	}
	if slices.Contains(s.Pending, string(release.Complete)) {
		return skipped("the app could not be told of \"complete\" either; it learns of both from the run's end")
	}
	return r.tellLive(ctx, release.Ready, r.LiveLimit)
}
