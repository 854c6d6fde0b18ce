package steps

import (
	"context"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/action/shell"
	"github.com/pressrun/pressrun/internal/tracecontext"
)

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
