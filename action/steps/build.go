package steps

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/internal/api"
)

// Build makes the static site with the site's own command, or of the pages that its CMS
// shows.
type Build struct {
	siteCommand
	options.BuildFlags
	options.OutputFlags

	Made      Made
	Dir       string // the frontend's folder
	PublicURL string // where visitors find the site; "" when that is not known
}

// Name implements Step.
func (Build) Name() string { return "build" }

// Do implements Step.
func (r Build) Do(ctx context.Context) (Result, error) {
	if why := r.nothingBuilt(); why != "" {
		return skipped(why)
	}
	if r.Bake != "" {
		return r.bake(ctx)
	}
	if r.Build == "" {
		return skipped("no --build command is set")
	}
	// Run alone, no app was asked; the build still finds its file.
	if _, err := os.Stat(r.requestsFile()); errors.Is(err, fs.ErrNotExist) {
		if err := r.writeRequests(api.ReportResult{}); err != nil {
			return Result{}, err
		}
	}
	r.Console.Does("building")
	return Result{}, r.run(ctx, r.Name(), r.Build, r.BuildTimeout)
}
