package action

import (
	"context"
	"os"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
)

// Command is `pressrun action`: a subcommand for each step, and "all". A
// program embeds it in its own command tree, and binds a context.Context and
// Streams for the Run methods.
type Command struct {
	All        allCmd        `cmd:"" help:"Do the whole run: every step in order."`
	Detect     detectCmd     `cmd:"" help:"Set the workflow's outputs: how the site is built, and what that needs."`
	Claim      claimCmd      `cmd:"" help:"Take the site's release for this run; wait for the site's turn."`
	WaitReady  waitReadyCmd  `cmd:"" name:"wait-ready" help:"Wait until the CMS answers as it should, and the commit's checks are green."`
	Starting   startingCmd   `cmd:"" help:"Tell the app that the run sets up."`
	Install    installCmd    `cmd:"" help:"Install what the build needs."`
	InProgress inProgressCmd `cmd:"" name:"in-progress" help:"Tell the app that content is about to be read; get the served requests."`
	Export     exportCmd     `cmd:"" help:"Copy the content of the site's CMS into a folder, for the build."`
	Build      buildCmd      `cmd:"" help:"Build the static site."`
	Check      checkCmd      `cmd:"" help:"Stop a built site that must not be published."`
	Deploy     deployCmd     `cmd:"" help:"Make the built site the live one."`
	Verify     verifyCmd     `cmd:"" help:"See that the public address shows the release."`
	Complete   completeCmd   `cmd:"" help:"Tell the app that the site is live."`
	Metrics    metricsCmd    `cmd:"" help:"Leave the run's figures as a file, with the app and with GitHub."`
	Ready      readyCmd      `cmd:"" help:"Tell the app that all is done."`
	Post       postCmd       `cmd:"" help:"At the end of a job: report a release that was left unfinished."`
}

// Help is shown below the list of commands.
func (*Command) Help() string {
	return `Every flag can be set by the environment too: --build-timeout is
PRESSRUN_BUILD_TIMEOUT, or the input "build-timeout" of the GitHub action. The
token for the app has no flag: set PRESSRUN_TOKEN, or name a --token-file.

With no --url there is no app: build, check and deploy work by themselves, and
"all" does them in order and reports to nobody.

Examples:

  # Build, check and deploy a Hugo site to a folder, by hand.
  pressrun action all --site www --build hugo --output public --to file:///srv/www

  # The same as a run of a release, in a workflow or under a runner.
  PRESSRUN_TOKEN=... pressrun action all --url https://pressrun.example.gov \
    --site www --release 128 --dispatch-token ... \
    --ready-url https://cms.example.gov/ --install 'npm ci' \
    --build 'npm run build' --build-env 'ANALYTICS_ID=UA-1' \
    --output dist --to s3://www-bucket --public-url https://www.example.gov

  # Only look whether what was built may be published.
  pressrun action check --output public --to s3://www-bucket

Exit codes: 0 done or nothing to do, 1 failed, 2 usage, 3 refused by a check,
4 not ready in time, 5 deploy failed, 6 deployed but not seen at the public
address, 7 the release was taken away, 8 live, but the CDN may still show what
was replaced (pressrun invalidate --resume finishes it), 130 cancelled.`
}

// BeforeResolve lets flags be set by the environment and by GitHub's inputs.
func (*Command) BeforeResolve(ctx *kong.Context) error {
	ctx.AddResolver(options.Inputs(os.Getenv))
	return nil
}

type (
	allCmd   struct{ options.Options }
	claimCmd struct {
		options.RunFlags
		options.TurnFlags
	}
	waitReadyCmd struct {
		options.RunFlags
		options.TurnFlags
	}
	startingCmd struct{ options.RunFlags }
	installCmd  struct {
		options.RunFlags
		options.DetectFlags
		options.OutputFlags
		options.InstallFlags
		options.BuildFlags
	}
	inProgressCmd struct{ options.RunFlags }
	exportCmd     struct {
		options.RunFlags
		options.ExportFlags
	}
	buildCmd struct {
		options.RunFlags
		options.DetectFlags
		options.OutputFlags
		options.BuildFlags
	}
	checkCmd struct {
		options.RunFlags
		options.DetectFlags
		options.OutputFlags
		options.CheckFlags
		options.DeployFlags
	}
	deployCmd struct {
		options.RunFlags
		options.DetectFlags
		options.OutputFlags
		options.CheckFlags
		options.DeployFlags
		options.CDNFlags
		options.VerifyFlags
	}
	verifyCmd struct {
		options.RunFlags
		options.DeployFlags
		options.VerifyFlags
	}
	completeCmd struct{ options.RunFlags }
	metricsCmd  struct {
		options.RunFlags
		options.MetricsFlags
	}
	readyCmd struct{ options.RunFlags }
	postCmd  struct {
		options.RunFlags
		options.VerifyFlags
	}
)

func (c *allCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "all", c.Options, std)
}

func (c *claimCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "claim", options.Options{RunFlags: c.RunFlags, TurnFlags: c.TurnFlags}, std)
}

func (c *waitReadyCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "wait_ready", options.Options{RunFlags: c.RunFlags, TurnFlags: c.TurnFlags}, std)
}

func (c *startingCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "starting", options.Options{RunFlags: c.RunFlags}, std)
}

func (c *installCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "install", options.Options{RunFlags: c.RunFlags, DetectFlags: c.DetectFlags, OutputFlags: c.OutputFlags, InstallFlags: c.InstallFlags, BuildFlags: c.BuildFlags}, std)
}

func (c *inProgressCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "in_progress", options.Options{RunFlags: c.RunFlags}, std)
}

func (c *exportCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "export", options.Options{RunFlags: c.RunFlags, ExportFlags: c.ExportFlags}, std)
}

func (c *buildCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "build", options.Options{RunFlags: c.RunFlags, DetectFlags: c.DetectFlags, OutputFlags: c.OutputFlags, BuildFlags: c.BuildFlags}, std)
}

func (c *checkCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "check", options.Options{RunFlags: c.RunFlags, DetectFlags: c.DetectFlags, OutputFlags: c.OutputFlags, CheckFlags: c.CheckFlags, DeployFlags: c.DeployFlags}, std)
}

func (c *deployCmd) Run(ctx context.Context, std console.Streams) error {
	if c.To == "" {
		return failure.Usage("--to: name where the site goes")
	}
	opts := options.Options{RunFlags: c.RunFlags, DetectFlags: c.DetectFlags, OutputFlags: c.OutputFlags, CheckFlags: c.CheckFlags, DeployFlags: c.DeployFlags, CDNFlags: c.CDNFlags, VerifyFlags: c.VerifyFlags}
	return Run(ctx, "deploy", opts, std)
}

func (c *verifyCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "verify", options.Options{RunFlags: c.RunFlags, DeployFlags: c.DeployFlags, VerifyFlags: c.VerifyFlags}, std)
}

func (c *completeCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "complete", options.Options{RunFlags: c.RunFlags}, std)
}

func (c *metricsCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "metrics", options.Options{RunFlags: c.RunFlags, MetricsFlags: c.MetricsFlags}, std)
}

func (c *readyCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "ready", options.Options{RunFlags: c.RunFlags}, std)
}

func (c *postCmd) Run(ctx context.Context, std console.Streams) error {
	return Run(ctx, "post", options.Options{RunFlags: c.RunFlags, VerifyFlags: c.VerifyFlags}, std)
}
