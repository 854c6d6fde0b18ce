package steps

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/release"
)

// Complete says that the site is live: the point of no return.
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
