package action

import "context"

// install gets what the build needs. It runs before any content is read, so
// that a slow installation does not make the content stale.
type install struct{}

func (install) Name() string { return "install" }

func (install) Do(ctx context.Context, j *job) (Result, error) {
	if j.opts.Install == "" {
		return skipped("no --install command is set")
	}
	j.does("installing")
	return Result{}, j.shell(ctx, "install command", j.opts.Install, j.opts.InstallTimeout)
}
