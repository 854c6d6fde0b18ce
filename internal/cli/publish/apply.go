package publish

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/publish/planfile"
	"github.com/pressrun/pressrun/internal/text"
)

// Apply carries out a plan, or one shard of it.
type Apply struct {
	terminal.OutputFlags
	Plan   string `arg:"" help:"File that pressrun plan --out wrote."`
	NoWait bool   `help:"Give up at once when another deploy holds the destination."`
	Shard  *int   `placeholder:"K" help:"Send only the content of shard K (from 1) of a plan --shards; pressrun commit puts it in place."`
	Dir    string `placeholder:"DIR" help:"Folder of the same build, where it lies elsewhere in this job."`
	progressFlags
}

// Help has the example.
func (Apply) Help() string {
	return `Carries out a plan exactly as it was looked at. When another release has gone
live since, or the build has changed, it is refused with exit code 4.

Examples:

  pressrun apply plan.json
  pressrun apply plan.json --shard 3`
}

// Run applies.
func (c *Apply) Run(ctx context.Context, t *terminal.Terminal) error {
	file, err := planfile.Read(c.Plan)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if c.Shard != nil {
		if err := hasShard(file, *c.Shard); err != nil {
			return exit.With(exit.Usage, err)
		}
	}
	flags := publishFlags{NoWait: c.NoWait, progressFlags: c.progressFlags}
	plan, end, err := planned(ctx, t, file, flags, c.OutputFlags)
	if err != nil {
		return err
	}
	build, err := plannedBuild(file)
	if err != nil {
		return err
	}
	if c.Dir != "" {
		build.Dir = c.Dir
	}
	if c.Shard != nil {
		return c.stage(ctx, t, file, plan, build, end)
	}
	build.Expected = &engine.ExpectedPlan{Parent: file.Parent, Digest: file.Digest}
	plan.Source = build
	if err := plannedCDN(file).open(ctx, &plan); err != nil {
		return err
	}
	return carryOut(ctx, c.Printer(t), plan, end)
}

// stage sends the content of one shard.
func (c *Apply) stage(ctx context.Context, t *terminal.Terminal, file planfile.Plan, plan publish.Plan, build publish.Build, end func()) error {
	shards, err := sharded(file)
	if err != nil {
		return err
	}
	result, err := publish.Stage(ctx, plan, build, shards, *c.Shard)
	end()
	if err != nil {
		return deployError(err)
	}
	p := c.Printer(t)
	if p.JSON {
		return p.Document(result)
	}
	if result.AlreadyLive {
		_, err = fmt.Fprintf(p.Out, "shard %d of %d: nothing to send, release %d of this plan is live already\n", *c.Shard, file.Shards, result.Release)
		return err
	}
	_, err = fmt.Fprintf(p.Out, "shard %d of %d is there: %s, %s sent; nothing is live before pressrun commit\n",
		*c.Shard, file.Shards, text.Count(result.Uploaded, "file"), text.Bytes(result.UploadedBytes))
	return err
}
