package publish

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/publish"
)

// Rollback makes an earlier release live again.
type Rollback struct {
	placeFlags
	publishFlags
	terminal.OutputFlags
	cdnFlags
	To      string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
	Release *int64 `arg:"" optional:"" name:"release" help:"Number of the release (default: the one before the live one)."`
}

// Help has the examples.
func (Rollback) Help() string {
	return `Makes an earlier release live again without a build, at the cost of the
difference: nothing is sent, the store copies what it has kept. The same phases,
guards and lease as in a deploy hold, and --cdn is told as by a deploy. Without a
number it goes back to what was live before: run twice, it ends where it began.

Examples:

  pressrun rollback s3://www.example.org
  pressrun rollback s3://www.example.org 127 --dry-run
  pressrun rollback s3://www.example.org --cdn cloudfront:E1A2B3C4D5`
}

// Run rolls back.
func (c *Rollback) Run(ctx context.Context, t *terminal.Terminal) error {
	if c.Release != nil && *c.Release < 1 {
		return exit.With(exit.Usage, fmt.Errorf("%d is no release's number: they count from 1", *c.Release))
	}
	dest, err := c.placeFlags.open(ctx, c.To, c.waiting(t))
	if err != nil {
		return err
	}
	plan, end := c.plan(t, dest, c.Site, c.OutputFlags)
	if err := c.cdnFlags.open(ctx, &plan); err != nil {
		return err
	}
	var earlier publish.Earlier // the one before the live one
	if c.Release != nil {
		earlier.Release = *c.Release
	}
	plan.Source = earlier
	return carryOut(ctx, c.Printer(t), plan, end)
}
