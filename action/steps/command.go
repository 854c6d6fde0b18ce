package steps

import (
	"context"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/action/shell"
)

// siteCommand is one of the site's own commands.
type siteCommand struct {
	*Run
	Shell     shell.Shell
	DeployEnv string // where the site is deployed to; "" when that is not said
}

// run runs a command line. What names it in messages: "build command".
func (c siteCommand) run(ctx context.Context, what, line string, timeout time.Duration) error {
	return c.Shell.Run(ctx, what, line, timeout, c.told())
}

// told is what a run tells the site's own commands.
func (c siteCommand) told() map[string]string {
	s := c.Record.Now()
	told := map[string]string{"PRESSRUN_REQUESTS_FILE": c.requestsFile(), "PRESSRUN_SITE": s.Site}
	if s.Release > 0 {
		told["PRESSRUN_RELEASE"] = strconv.FormatInt(s.Release, 10)
	}
	if c.DeployEnv != "" {
		told["DEPLOY_ENV"] = c.DeployEnv
	}
	// Not a secret: the local runner finds by it what a run left behind.
	if id := c.Shell.Environment.Get("PRESSRUN_RUN_ID"); id != "" {
		told["PRESSRUN_RUN_ID"] = id
	}
	return told
}
