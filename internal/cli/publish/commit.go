package publish

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/text"
)

// hasShard refuses a number that is none of the plan's shards.
func (p savedPlan) hasShard(shard int) error {
	if p.Shards == 0 {
		return fmt.Errorf("--shard %d: %w", shard, errNoShards)
	}
	if shard < 1 || shard > p.Shards {
		return fmt.Errorf("--shard %d: the plan has shards 1 to %d", shard, p.Shards)
	}
	return nil
}

var errNoShards = errors.New("the plan has no shards: make it with pressrun plan --shards N --out FILE")

// sharded is what the engine needs to know of a plan that several jobs carry out.
func (p savedPlan) sharded() (engine.Sharded, error) {
	if p.Shards == 0 {
		return engine.Sharded{}, exit.With(exit.Usage, errNoShards)
	}
	next, err := manifest.Decode(p.Manifest)
	if err != nil {
		return engine.Sharded{}, exit.With(exit.Usage, fmt.Errorf("read the plan: %w", err))
	}
	return engine.Sharded{Next: next, Parent: p.Result.Parent, Shards: p.Shards, Changed: p.Changes}, nil
}

// stage sends the content of one shard.
func (c *Apply) stage(ctx context.Context, t *terminal.Terminal, dest store.Destination, plan savedPlan, opts engine.Options, end func()) error {
	sharded, err := plan.sharded()
	if err != nil {
		return err
	}
	result, err := engine.Stage(ctx, dest, sharded, *c.Shard, opts)
	end()
	if err != nil {
		return deployError(err)
	}
	p := c.Printer(t)
	if p.JSON {
		return p.Document(result)
	}
	if result.AlreadyLive {
		_, err = fmt.Fprintf(p.Out, "shard %d of %d: nothing to send, release %d of this plan is live already\n", *c.Shard, plan.Shards, result.Release)
		return err
	}
	_, err = fmt.Fprintf(p.Out, "shard %d of %d is there: %s, %s sent; nothing is live before pressrun commit\n",
		*c.Shard, plan.Shards, text.Count(result.Uploaded, "file"), text.Bytes(result.UploadedBytes))
	return err
}

// Commit puts a plan in place whose shards were sent.
type Commit struct {
	terminal.OutputFlags
	progressFlags
	Plan   string `arg:"" help:"File that pressrun plan --shards wrote."`
	NoWait bool   `help:"Give up at once when another deploy holds the destination."`
}

// Help has the example.
func (Commit) Help() string {
	return `Puts a plan in place whose shards were sent by several jobs: by copies inside the
store, through the same phases, guards and lease as a deploy. When another release
has gone live since, or a shard is missing, it is refused with exit code 4 and
nothing is changed. It may be run again: once the plan is live, that says so and
changes nothing.

Example:

  pressrun plan dist s3://www.example.org --shards 2 --out plan.json
  pressrun apply plan.json --shard 1 & pressrun apply plan.json --shard 2 & wait
  pressrun commit plan.json`
}

// Run commits.
func (c *Commit) Run(ctx context.Context, t *terminal.Terminal) error {
	plan, err := readPlan(c.Plan)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	sharded, err := plan.sharded()
	if err != nil {
		return err
	}
	dest, err := plan.Place.open(ctx, plan.Build.To, c.waiting(t))
	if err != nil {
		return err
	}
	opts, end := publishFlags{Allow: plan.Allow, NoWait: c.NoWait, progressFlags: c.progressFlags}.options(t, plan.Place.Site, c.OutputFlags)
	opts.Release, opts.Commit, opts.Repair = plan.Build.Release, plan.Build.Commit, plan.Build.Repair
	edge, err := plan.Edge.open(ctx, dest, &opts)
	if err != nil {
		return err
	}
	result, err := engine.Commit(ctx, dest, sharded, opts)
	end()
	return tellPublished(ctx, c.Printer(t), result, err, edge)
}
