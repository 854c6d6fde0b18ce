package preview

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/text"
)

// What the commands print with --json.
type (
	listDocument struct {
		Previews []preview.Record `json:"previews"`
	}
	removedDocument struct {
		Removed string `json:"removed"`
	}
	sweptDocument struct {
		DryRun bool            `json:"dry_run,omitempty"`
		Swept  []preview.Swept `json:"swept"`
	}
)

// List lists previews.
type List struct {
	placeFlags
	All bool `help:"Also those that were removed, whose names are still their own."`
	terminal.OutputFlags
}

// Help has the examples.
func (List) Help() string {
	return `Lists the previews of a place, by name.

Examples:

  pressrun preview list s3://example-previews
  pressrun preview list file:///srv/previews --all --json`
}

// Run lists.
func (c *List) Run(ctx context.Context, t *terminal.Terminal) error {
	place, err := c.open(ctx)
	if err != nil {
		return err
	}
	all, err := place.All(ctx)
	if err != nil {
		return err
	}
	if !c.All {
		all = slices.DeleteFunc(all, func(r preview.Record) bool { return !r.Stands() })
	}
	p := c.Printer(t)
	if p.JSON {
		return p.Document(listDocument{append([]preview.Record{}, all...)})
	}
	if len(all) == 0 {
		_, err := fmt.Fprintf(p.Out, "there are no previews at %s\n", place.Address())
		return err
	}
	rows := [][]string{{"NAME", "OF", "STATE", "UNTIL", "SIZE", "BY", "ADDRESS"}}
	for _, r := range all {
		state := string(r.State)
		if r.Locked {
			state += ", locked"
		}
		if r.Content == preview.Drafts {
			state += ", drafts"
		}
		rows = append(rows, []string{r.Name, r.Ref, state, p.At(r.Expires), text.Bytes(r.Bytes), r.By, cmp.Or(r.Address, place.Address()+"/"+r.Name)})
	}
	return p.Table(rows, "BY", "SIZE")
}

// Extend gives a preview more time.
type Extend struct {
	placeFlags
	Name   string `arg:"" help:"The preview's name."`
	Ref    string `placeholder:"BRANCH" help:"The branch, tag or pull request that it must be of: another one's is left alone."`
	Keep   life   `default:"14d" placeholder:"SPAN" help:"How long it stays from now on, 90 days at most (${default})."`
	Lock   bool   `xor:"lock" help:"Let no quota remove it."`
	Unlock bool   `xor:"lock" help:"Let a quota remove it again."`
	terminal.OutputFlags
}

// Help has the examples.
func (Extend) Help() string {
	return `Gives a preview more time, counted from now.

Examples:

  pressrun preview extend s3://example-previews feature-menu-1f2e3d4c --keep 30d
  pressrun preview extend s3://example-previews demo --keep 90d --lock`
}

// Run extends.
func (c *Extend) Run(ctx context.Context, t *terminal.Terminal) error {
	place, err := c.open(ctx)
	if err != nil {
		return err
	}
	var locked *bool
	if c.Lock || c.Unlock {
		locked = &c.Lock
	}
	r, err := place.Extend(ctx, preview.Target{Name: c.Name, Ref: c.Ref}, time.Duration(c.Keep), locked, t.Now())
	if err != nil {
		return inCode(err)
	}
	p := c.Printer(t)
	if p.JSON {
		return p.Document(r)
	}
	_, err = fmt.Fprintf(p.Out, "the preview %s stays until %s\n", r.Name, p.At(r.Expires))
	return err
}

// Remove removes a preview.
type Remove struct {
	placeFlags
	Name string `arg:"" help:"The preview's name."`
	Ref  string `placeholder:"BRANCH" help:"The branch, tag or pull request that it must be of: another one's is left alone."`
	terminal.OutputFlags
}

// Help has the examples.
func (Remove) Help() string {
	return `Removes all files of a preview, and what its deploys kept. Its name stays its
branch's for 30 days, so that an old link never shows another branch. What is removed
already is removed again: to try again after an error is safe.

Examples:

  pressrun preview remove s3://example-previews feature-menu-1f2e3d4c
  pressrun preview remove s3://example-previews menu --ref feature/menu`
}

// Run removes.
func (c *Remove) Run(ctx context.Context, t *terminal.Terminal) error {
	place, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := place.Remove(ctx, preview.Target{Name: c.Name, Ref: c.Ref}, t.Now()); err != nil {
		return inCode(err)
	}
	p := c.Printer(t)
	if p.JSON {
		return p.Document(removedDocument{c.Name})
	}
	_, err = fmt.Fprintf(p.Out, "the preview %s is gone\n", c.Name)
	return err
}

// Sweep removes what is due.
type Sweep struct {
	placeFlags
	DryRun bool `help:"Say what would be done, and change nothing."`
	terminal.OutputFlags
}

// Help has the examples.
func (Sweep) Help() string {
	return `Removes previews whose time is over, finishes removals that were cut off, removes
builds that died a day ago, and files that no record knows. Let cron or a schedule of
GitHub run it, hourly.

Examples:

  pressrun preview sweep s3://example-previews
  pressrun preview sweep file:///srv/previews --dry-run`
}

// Run sweeps.
func (c *Sweep) Run(ctx context.Context, t *terminal.Terminal) error {
	place, err := c.open(ctx)
	if err != nil {
		return err
	}
	swept, err := place.Sweep(ctx, c.DryRun, t.Now())
	if printErr := printSwept(c.Printer(t), place.Address(), swept, c.DryRun); printErr != nil {
		return printErr
	}
	return inCode(err)
}

func printSwept(p *terminal.Printer, place string, swept []preview.Swept, dry bool) error {
	if p.JSON {
		return p.Document(sweptDocument{dry, append([]preview.Swept{}, swept...)})
	}
	if len(swept) == 0 {
		_, err := fmt.Fprintf(p.Out, "nothing is due at %s\n", place)
		return err
	}
	if dry {
		if _, err := fmt.Fprintln(p.Out, "dry run: this would be done"); err != nil {
			return err
		}
	}
	rows := [][]string{{"NAME", "ACT", "WHY"}}
	for _, s := range swept {
		rows = append(rows, []string{s.Name, string(s.Act), s.Why})
	}
	return p.Table(rows)
}
