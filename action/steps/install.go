package steps

import (
	"context"

	"github.com/pressrun/pressrun/action/options"
)

// Install gets what the build needs. It runs before any content is read, so
// that a slow installation does not make the content stale.
type Install struct {
	siteCommand
	options.InstallFlags
}

// Name implements Step.
func (Install) Name() string { return "install" }

// Do implements Step.
func (r Install) Do(ctx context.Context) (Result, error) {
	if why := r.nothingBuilt(); why != "" {
		return skipped(why)
	}
	if r.Install == "" {
		return skipped("no --install command is set")
	}
	r.Console.Does("installing")
	return Result{}, r.run(ctx, r.Name(), r.Install, r.InstallTimeout)
}
