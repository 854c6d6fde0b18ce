package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/publish"
)

// publishFlags are those of commands that change a live site.
type publishFlags struct {
	Allow  guardNames `placeholder:"GUARD" help:"Guards that are let pass this once, by name."`
	DryRun bool       `help:"Say what would be done, and change nothing."`
	NoWait bool       `help:"Give up at once when another deploy holds the destination."`
	progressFlags
}

// guardNames are guards that are let pass.
type guardNames []string

// Validate refuses a name that is none before anything is read: mistyped, it would
// let nothing pass.
func (names guardNames) Validate() error {
	for _, name := range names {
		if !slices.Contains(guard.Names(), name) {
			return fmt.Errorf("%q is no guard: expected one of %s", name, strings.Join(guard.Names(), ", "))
		}
	}
	return nil
}

// plan is what the flags say of a release to be published, and what ends the
// progress that it tells.
func (f publishFlags) plan(t *terminal.Terminal, dest store.Destination, site string, out terminal.OutputFlags) (p publish.Plan, end func()) {
	tell, end := f.reporter(t, out.JSON)
	p = publish.Plan{Site: site, Destination: dest, Allow: f.Allow, DryRun: f.DryRun, Now: t.Now, Progress: tell}
	if f.NoWait {
		p.LockWait = -1
	}
	return p, end
}

// carryOut publishes, and prints what was done.
func carryOut(ctx context.Context, printer *terminal.Printer, p publish.Plan, end func()) error {
	report, err := publish.Run(ctx, p)
	end()
	if err != nil {
		return deployError(err)
	}
	return tellPublished(printer, report)
}
