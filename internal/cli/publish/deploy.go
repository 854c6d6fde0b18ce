// Package publish has the commands that publish by hand: they need no app, and
// work on a destination and its CDN.
package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Deploy publishes a built site.
type Deploy struct {
	placeFlags
	publishFlags
	terminal.OutputFlags
	buildFlags
	cdnFlags
}

// Help has the examples.
func (Deploy) Help() string {
	return `Sends what changed, and only that: assets first, then files, pages, and the
pages that lead to them; what is gone is deleted last. Only content counts, never
a file's time. A deploy that dies is finished by the next one.

Examples:

  pressrun deploy dist s3://www.example.org
  pressrun deploy dist s3://site/www --endpoint http://127.0.0.1:7070 --dry-run
  pressrun deploy dist file:///srv/www --allow vanished-pages
  pressrun deploy dist s3://www.example.org --cdn cloudfront:E1A2B3C4D5

Exit code 10: the release is live, and the purge of the CDN is not complete.`
}

// Run deploys a folder.
func (c *Deploy) Run(ctx context.Context, t *terminal.Terminal) error {
	dest, err := c.openBuild(ctx, c.placeFlags, c.waiting(t))
	if err != nil {
		return err
	}
	plan, end := c.plan(t, dest, c.Site, c.OutputFlags)
	if plan.Source, err = c.build(); err != nil {
		return err
	}
	if err := c.cdnFlags.open(ctx, &plan); err != nil {
		return err
	}
	return carryOut(ctx, c.Printer(t), plan, end)
}
