package publish

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/publish"
)

// Rollback makes an earlier release live again, by hand.
type Rollback struct {
	placeFlags
	publishFlags
	terminal.OutputFlags
	cdnFlags
	To      string `arg:"" name:"release|destination" help:"Number of the release that the app is to put back; or by hand: s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
	Release *int64 `arg:"" optional:"" name:"release" help:"By hand: number of the release (default: the one before the live one)."`
}

// ByHand says whether something was given that only a rollback by hand heeds.
func (c Rollback) ByHand() bool {
	return c.Release != nil || c.DryRun || c.NoWait || len(c.Allow) > 0 || c.State != "" || c.CDN != "" || c.RedirectStore != ""
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
