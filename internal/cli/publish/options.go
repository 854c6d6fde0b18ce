package publish

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
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

// options are those of the engine, and what ends the progress that it tells.
func (f publishFlags) options(t *terminal.Terminal, site string, out terminal.OutputFlags) (engine.Options, func()) {
	tell, end := f.reporter(t, out.JSON)
	o := engine.Options{Site: site, Allow: f.Allow, DryRun: f.DryRun, Now: t.Now, Progress: tell}
	if f.NoWait {
		o.LockWait = -1
	}
	return o, end
}
