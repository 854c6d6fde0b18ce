package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/publish"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/text"
)

// Create publishes a build as a preview.
type Create struct {
	Dir string `arg:"" type:"path" help:"Folder of the built site."`
	placeFlags
	Ref      string `required:"" env:"GITHUB_HEAD_REF" placeholder:"BRANCH" help:"Branch, tag or pull request that was built (${env}). The preview is named after it."`
	Name     string `placeholder:"NAME" help:"Another name, of small letters, digits and hyphens."`
	Commit   string `env:"GITHUB_SHA" placeholder:"SHA" help:"Commit that was built, for people (${env})."`
	Content  string `enum:"last,live,drafts" default:"last" help:"What it was built with: the content of the last release, what the CMS has published, or drafts too (${enum}). Drafts are shown to those alone who give a password."`
	Address  string `placeholder:"URL" help:"Where previews are looked at, with * for the name: https://*.preview.example.gov."`
	By       string `env:"GITHUB_ACTOR" placeholder:"NAME" help:"Who made it, for people (${env})."`
	Keep     life   `default:"14d" placeholder:"SPAN" help:"How long it stays, 90 days at most (${default})."`
	Lock     bool   `help:"Let no quota remove it."`
	Most     int    `default:"50" placeholder:"N" help:"Previews that may stand at once; the ones built longest ago go first (${default}, 0 for no limit)."`
	MostSize int64  `name:"most-bytes" placeholder:"BYTES" help:"Bytes that all previews may have together."`
	Compare  string `placeholder:"DEST" help:"The public site's destination: say which pages the preview adds, changes and lacks."`
	DryRun   bool   `help:"Say what would be done, and change nothing."`
	publish.ProgressFlags
	terminal.OutputFlags
}

// Help has the examples.
func (Create) Help() string {
	return `Publishes a built site below a place that holds nothing but previews. It has a name
of its own, which no other branch gets; each page says that it is a preview, to people
and to search engines; and it goes when its time is over. To build the branch again
replaces it: only what changed is sent.

Examples:

  pressrun preview create dist s3://example-previews --ref feature/menu --address 'https://*.preview.example.gov'
  pressrun preview create dist file:///srv/previews --ref v2 --keep 3d --compare file:///srv/www
  pressrun preview create dist s3://example-previews --ref "$GITHUB_HEAD_REF" --json`
}

// Run publishes a preview.
func (c *Create) Run(ctx context.Context, t *terminal.Terminal) error {
	creation, err := c.creation(t)
	if err != nil {
		return usage(err)
	}
	place, err := c.open(ctx)
	if err != nil {
		return err
	}
	var differs *preview.Differences
	if c.Compare != "" {
		dest, err := destination.Open(ctx, c.Compare, destination.Options{Endpoint: c.Endpoint, Region: c.Region})
		if err != nil {
			return usage(fmt.Errorf("--compare: %w", err))
		}
		if differs, err = preview.Compare(ctx, dest, c.Dir); err != nil {
			return fmt.Errorf("compare with %s: %w", c.Compare, err)
		}
	}
	progress, end := c.Reporter(t, c.JSON)
	creation.Progress = progress
	made, err := place.Create(ctx, creation)
	end()
	if refused, is := errors.AsType[*guard.Error](err); is {
		return exit.With(exit.Refused, refused)
	}
	if err != nil {
		return inCode(err)
	}
	return printCreated(c.Printer(t), place.Address(), made, differs)
}

func (c *Create) creation(t *terminal.Terminal) (preview.Creation, error) {
	if err := preview.CheckRef(c.Ref); err != nil {
		return preview.Creation{}, err
	}
	name := cmp.Or(c.Name, preview.Name(c.Ref))
	if !preview.IsName(name) {
		return preview.Creation{}, fmt.Errorf("--name %q: expected small letters, digits and hyphens between them, 63 at most", c.Name)
	}
	if c.Address != "" && strings.Count(c.Address, "*") != 1 {
		return preview.Creation{}, fmt.Errorf("--address %q: expected one * where the preview's name goes", c.Address)
	}
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return preview.Creation{}, fmt.Errorf("%s is no folder of a built site: build first, or check the name", c.Dir)
	}
	return preview.Creation{
		Ask: preview.Ask{
			Ref: c.Ref, Commit: c.Commit, By: c.By, Content: preview.Content(c.Content),
			Address: strings.Replace(c.Address, "*", name, 1), Life: time.Duration(c.Keep), Locked: c.Lock,
		},
		Name: name, Dir: c.Dir, Quota: preview.Quota{Count: c.Most, Bytes: c.MostSize}, DryRun: c.DryRun, Now: t.Now,
	}, nil
}

// createdDocument is the output of `preview create --json`.
type createdDocument struct {
	preview.Created
	Differences *preview.Differences `json:"differences,omitempty"`
}

func printCreated(p *terminal.Printer, place string, made preview.Created, differs *preview.Differences) error {
	if p.JSON {
		return p.Document(createdDocument{made, differs})
	}
	line := fmt.Sprintf("the preview %s is at %s", made.Name, cmp.Or(made.Address, place+"/"+made.Name))
	if made.DryRun {
		line = fmt.Sprintf("dry run: the preview %s would be at %s", made.Name, cmp.Or(made.Address, place+"/"+made.Name))
	}
	if _, err := fmt.Fprintln(p.Out, text.OneLine(line)); err != nil {
		return err
	}
	rows := terminal.Fields{}
	rows.Add("of", made.Ref)
	rows.Add("until", p.At(made.Expires))
	if !made.DryRun {
		rows.Add("sent", fmt.Sprintf("%s, %s as before", text.Count(made.Sent, "file"), text.Number(made.Reused)))
	}
	if len(made.Removed) > 0 {
		rows.Add("made room", strings.Join(made.Removed, ", "))
	}
	if differs != nil {
		rows.Add("differs from", differs.String())
	}
	if err := p.Fields(rows); err != nil || differs == nil || len(differs.Pages) == 0 {
		return err
	}
	table := [][]string{{"PAGE", "CHANGE"}}
	for _, d := range differs.Pages {
		table = append(table, []string{strings.TrimSuffix(made.Address, "/") + "/" + d.Path, d.Change})
	}
	return p.Table(table)
}
