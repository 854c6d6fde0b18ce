// Package diff has the command that compares two releases: asked of the app, or read from
// a destination by hand.
package diff

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/difference"
)

// Command compares two releases.
type Command struct {
	client.AppFlags
	terminal.OutputFlags
	Site     string `env:"PRESSRUN_SITE" placeholder:"NAME" help:"The site (${env}). Not needed when the app has one only."`
	At       string `placeholder:"ADDRESS" help:"Read this destination by hand: s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER. The app is not asked."`
	Endpoint string `env:"PRESSRUN_S3_ENDPOINT" placeholder:"URL" help:"With --at: address of an S3 store that is not AWS (${env})."`
	Region   string `placeholder:"REGION" help:"With --at: region of the bucket. Or set AWS_REGION."`
	State    string `placeholder:"ADDRESS" help:"With --at: another s3:// address that has the state."`
	Text     bool   `help:"Show the old and the new text of the pages too."`
	Page     string `placeholder:"PATH" help:"Show the text of this page only, by the path of its file, such as news/index.html."`
	Limit    int    `default:"100" placeholder:"N" help:"How many pages, at most 500 (default ${default}); with --text at most 50 of them are read."`
	From     int64  `arg:"" name:"from" help:"Number of the older release; 0 for what was live before the newer one."`
	To       int64  `arg:"" optional:"" name:"to" help:"Number of the newer release (default: the live one)."`
}

// mostTexts bounds how many pages are read for their texts.
const mostTexts = 50

// Help has the examples.
func (Command) Help() string {
	return `Lists the pages that differ between two releases: added, changed or deleted, with their
titles and addresses. --text shows what they said and say, with the words marked
that differ: [-old-] and {+new+}.

The exit code is 0 when the two have the same files, 1 when they differ, and 2 or
more for trouble, as diff has it.

Examples:

  pressrun diff 126 127 --site www
  pressrun diff 0 127 --site www --text
  pressrun diff 120 --at s3://www.example.org --page visit/hours/index.html
  pressrun diff 126 127 --json | jq -r '.pages[].address'`
}

// Validate refuses what no release can have.
func (c *Command) Validate() error {
	switch {
	case c.From < 0 || c.To < 0:
		return errors.New("releases are numbered from 1; 0 is what was live before, or the live one")
	case c.Limit < 1 || c.Limit > 500:
		return fmt.Errorf("--limit: %d is not from 1 to 500", c.Limit)
	case c.At == "" && c.Region+c.State != "":
		return errors.New("--region and --state belong to --at, which names a destination")
	}
	return c.OutputFlags.Validate()
}

// source is where differences are read: the app, or a destination.
type source struct {
	pages func(ctx context.Context) (api.Differences, error)
	text  func(ctx context.Context, path string) (api.PageText, error)
}

// Run compares.
func (c *Command) Run(ctx context.Context, t *terminal.Terminal) error {
	differ, err := c.run(ctx, t)
	switch {
	case exit.Code(err) == exit.Failed:
		return exit.With(exit.Usage, err) // 1 means that they differ, and nothing else
	case err == nil && differ:
		return exit.ErrDiffer
	}
	return err
}

func (c *Command) run(ctx context.Context, t *terminal.Terminal) (differ bool, err error) {
	from, err := c.source(ctx, t)
	if err != nil {
		return false, err
	}
	p := c.Printer(t)
	if c.Page != "" {
		one, err := from.text(ctx, c.Page)
		if err != nil {
			return false, c.inWords(err)
		}
		if c.JSON {
			return one.Change != api.PageSame, p.Document(one)
		}
		return one.Change != api.PageSame, printText(p, one)
	}
	found := document{}
	if found.Differences, err = from.pages(ctx); err != nil {
		return false, c.inWords(err)
	}
	if c.Text {
		for _, page := range found.Pages[:min(len(found.Pages), mostTexts)] {
			one, err := from.text(ctx, page.Path)
			if err != nil {
				return false, c.inWords(err)
			}
			found.Texts = append(found.Texts, one)
		}
	}
	if c.JSON {
		return !found.Same(), p.Document(found)
	}
	return !found.Same(), found.print(p)
}

func (c *Command) source(ctx context.Context, t *terminal.Terminal) (source, error) {
	if c.At != "" {
		dest, err := destination.Open(ctx, c.At, destination.Options{Endpoint: c.Endpoint, Region: c.Region, State: c.State})
		if err != nil {
			return source{}, exit.With(exit.Usage, err)
		}
		both := difference.Releases{Dest: dest, Site: c.Site, From: c.From, To: c.To}
		return source{func(ctx context.Context) (api.Differences, error) { return both.Pages(ctx, c.Limit) }, both.Text}, nil
	}
	app, err := c.Client(t)
	if err != nil {
		return source{}, err
	}
	site, err := client.SiteName(ctx, app, c.Site)
	if err != nil {
		return source{}, err
	}
	return source{
		func(ctx context.Context) (api.Differences, error) {
			return app.Differences(ctx, site, c.From, c.To, c.Limit)
		},
		func(ctx context.Context, path string) (api.PageText, error) {
			return app.PageText(ctx, site, c.From, c.To, path)
		},
	}, nil
}

// inWords gives what a destination does not have its exit code.
func (c *Command) inWords(err error) error {
	if _, noPage := errors.AsType[*difference.NoPageError](err); noPage || errors.Is(err, difference.ErrNotKept) {
		return exit.With(exit.NotFound, err)
	}
	return err
}
