package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/publish"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// rollbackCmd puts an earlier release back: by the app, given the release's number
// alone, or by hand, given a destination.
type rollbackCmd struct {
	publish.Rollback
	client.RollbackFlags
}

// Help has the examples.
func (rollbackCmd) Help() string {
	return `Makes an earlier release live again without a build, at the cost of the
difference: nothing is sent, the store copies what it has kept. The same phases,
guards and lease as in a deploy hold.

With a number alone the app does it: a release of its own, with who and why, which
the site's runner carries out at once. Then the site is held until a person asks
for a release.

With a destination it is done here and now, for the day on which the app is away.
The app notices, and says what is live. Without a release's number it goes back to
what was live before: run twice, it ends where it began. --cdn is told as by a deploy.

Examples:

  pressrun rollback 127 --site www --why "The prices are wrong"
  pressrun rollback s3://www.example.org
  pressrun rollback s3://www.example.org 127 --dry-run
  pressrun rollback s3://www.example.org --cdn cloudfront:E1A2B3C4D5`
}

// Run puts the release back.
func (c *rollbackCmd) Run(ctx context.Context, t *terminal.Terminal) error {
	number, err := strconv.ParseInt(strings.TrimPrefix(c.To, "#"), 10, 64)
	if err != nil {
		if c.Why != "" || c.Actor != "" {
			return exit.With(exit.Usage, errors.New("--why and --actor are for the app, which takes the release's number alone: a destination keeps no reasons"))
		}
		return c.Rollback.Run(ctx, t)
	}
	if number < 1 {
		return exit.With(exit.Usage, fmt.Errorf("%d is no release's number: they count from 1", number))
	}
	if c.ByHand() {
		return exit.With(exit.Usage, errors.New("a rollback by the app takes the release's number, --site and --why; the other flags are for one by hand, which names the destination first"))
	}
	return c.RollBack(ctx, t, c.Site, c.OutputFlags, number)
}
