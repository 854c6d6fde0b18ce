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

// siteCommand is one of the site's own commands.
type siteCommand struct {
	*Run
	Shell     shell.Shell
	DeployEnv string // where the site is deployed to; "" when that is not said
}

// run runs the command line of a step, which messages call its command.
func (c siteCommand) run(ctx context.Context, step, line string, timeout time.Duration) error {
	return c.Shell.Run(ctx, step+" command", line, timeout, c.told(step))
}

// told is what a run tells the site's own command of a step.
func (c siteCommand) told(step string) map[string]string {
	s := c.Record.Now()
	told := map[string]string{"PRESSRUN_REQUESTS_FILE": c.requestsFile(), "PRESSRUN_SITE": s.Site}
	if s.Release > 0 {
		told["PRESSRUN_RELEASE"] = strconv.FormatInt(s.Release, 10)
	}
	if s.Content != nil {
		told["PRESSRUN_CONTENT"] = s.Content.Folder
	}
	if c.DeployEnv != "" {
		told["DEPLOY_ENV"] = c.DeployEnv
	}
	// Spans of the command's own are below the step's in the release's trace.
	if trace, ok := tracecontext.Read(s.TraceParent); ok {
		told["TRACEPARENT"] = trace.Parent(trace.Span(tracecontext.Step(step)))
	}
	// Not a secret: the local runner finds by it what a run left behind.
	if id := c.Shell.Environment.Get("PRESSRUN_RUN_ID"); id != "" {
		told["PRESSRUN_RUN_ID"] = id
	}
	return told
}

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
