package steps

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Starting reports that the wait is over and the run sets up. The claim has already brought
// the site to Starting: the app acknowledges once more.
type Starting struct {
	*Run
	AppLimit time.Duration
}

// Name implements Step.
func (Starting) Name() string { return "starting" }

// Do implements Step.
func (r Starting) Do(ctx context.Context) (Result, error) {
	if r.App == nil {
		return skipped("there is no app to tell")
	}
	_, err := r.App.Report(ctx, release.Starting, "setting up", r.AppLimit)
	return Result{}, reportRefused(err, release.Starting)
}
