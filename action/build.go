package action

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/pressrun/pressrun/internal/api"
)

// build makes the static site with the site's own command.
type build struct{}

func (build) Name() string { return "build" }

func (build) Do(ctx context.Context, j *job) (Result, error) {
	if j.opts.Build == "" {
		return skipped("no --build command is set")
	}
	// Run alone, no app was asked; the build still finds its file.
	if _, err := os.Stat(j.requestsFile()); errors.Is(err, fs.ErrNotExist) {
		if err := j.writeRequests(api.ReportResult{}); err != nil {
			return Result{}, err
		}
	}
	j.does("building")
	return Result{}, j.shell(ctx, "build command", j.opts.Build, j.opts.BuildTimeout)
}
