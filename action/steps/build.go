package steps

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/tracecontext"
)

// Build makes the static site: by the site's own command, or from the pages that its CMS
// shows.
type Build struct {
	siteCommand
	options.BuildFlags
	options.OutputFlags

	SiteDigest SiteDigest
	Dir        string // the frontend's folder
	PublicURL  string // the site's public address; "" when it is not known
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
	// A step that runs alone has no requests, but its command expects the file.
	if _, err := os.Stat(r.requestsFile()); errors.Is(err, fs.ErrNotExist) {
		if err := r.writeRequests(api.ReportResult{}); err != nil {
			return Result{}, err
		}
	}
	r.Console.Does("building")
	return Result{}, r.run(ctx, r.Name(), r.Build, r.BuildTimeout)
}

// siteCommand is one of the site's own commands.
type siteCommand struct {
	*Run
	Shell     shell.Shell
	DeployEnv string // the environment to which the site is deployed; "" for none
}

// run runs the command line of a step.
func (c siteCommand) run(ctx context.Context, step, line string, timeout time.Duration) error {
	return c.Shell.Run(ctx, step+" command", line, timeout, c.variables(step))
}

// variables are the run's variables for the command of a step.
func (c siteCommand) variables(step string) map[string]string {
	s := c.Record.Now()
	variables := map[string]string{"PRESSRUN_REQUESTS_FILE": c.requestsFile(), "PRESSRUN_SITE": s.Site}
	if s.Release > 0 {
		variables["PRESSRUN_RELEASE"] = strconv.FormatInt(s.Release, 10)
	}
	if s.Content != nil {
		variables["PRESSRUN_CONTENT"] = s.Content.Folder
	}
	if c.DeployEnv != "" {
		variables["DEPLOY_ENV"] = c.DeployEnv
	}
	// The command's own spans are below the step's in the release's trace.
	if trace, ok := tracecontext.Read(s.TraceParent); ok {
		variables["TRACEPARENT"] = trace.Parent(trace.Span(tracecontext.Step(step)))
	}
	// Not a secret: by it the local runner finds the processes that a run left.
	if id := c.Shell.Environment.Get("PRESSRUN_RUN_ID"); id != "" {
		variables["PRESSRUN_RUN_ID"] = id
	}
	return variables
}

// Install installs the dependencies of the build. It runs before any content is read, so that
// a slow installation does not make the content stale.
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
