package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/publish/planfile"
)

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
	file, err := planfile.Read(c.Plan)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	shards, err := sharded(file)
	if err != nil {
		return err
	}
	flags := publishFlags{NoWait: c.NoWait, progressFlags: c.progressFlags}
	plan, end, err := planned(ctx, t, file, flags, c.OutputFlags)
	if err != nil {
		return err
	}
	plan.Source = publish.Shards{Sharded: shards, Release: file.Build.Release, Commit: file.Build.Commit, Repair: file.Build.Repair}
	if err := plannedCDN(file).open(ctx, &plan); err != nil {
		return err
	}
	return carryOut(ctx, c.Printer(t), plan, end)
}
