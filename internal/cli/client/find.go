package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Find says what became of a page.
type Find struct {
	AppFlags
	siteFlag
	terminal.OutputFlags
	Words []string `arg:"" optional:"" help:"Words of its title, address, author or number; all must be there."`
	Show  string   `enum:",mine,waiting,today" default:"" placeholder:"WHAT" help:"Only what you asked for (mine), what is not live yet (waiting), or what went live today."`
	Limit int      `default:"20" placeholder:"N" help:"How many hits, at most 200 (default ${default})."`
}

// Help has examples.
func (Find) Help() string {
	return `Examples:

  pressrun find opening hours --site www
  pressrun find https://www.example.gov/visit/hours --site www
  pressrun find --show waiting --json`
}

// Validate refuses what the app would refuse.
func (c *Find) Validate() error {
	if c.Limit < 1 || c.Limit > 200 {
		return fmt.Errorf("--limit: %d is not from 1 to 200", c.Limit)
	}
	if len(c.Words) == 0 && c.Show == "" {
		return errors.New("name a word to look for, or --show mine, waiting or today")
	}
	return c.OutputFlags.Validate()
}

// Run looks for a page.
func (c *Find) Run(ctx context.Context, t *terminal.Terminal) error {
	ask := ofSite(ctx, c.siteFlag, func(client *api.Client, site string) (api.Found, error) {
		return client.Find(ctx, site, strings.Join(c.Words, " "), c.Show, c.Limit)
	})
	return Answer(t, c.AppFlags, c.OutputFlags, ask, func(p *terminal.Printer, found api.Found) error {
		return printer{p}.of(found.TimeZone).found(found)
	})
}

func (p printer) found(found api.Found) error {
	if found.Release != 0 {
		if _, err := fmt.Fprintf(p.Out, "Release #%d: pressrun show %d --site %s\n", found.Release, found.Release, text.Plain(found.Site)); err != nil {
			return err
		}
	}
	if len(found.Requests)+len(found.Changes) == 0 {
		if found.Release != 0 {
			return nil
		}
		_, err := fmt.Fprintln(p.Out, "Nothing was found.")
		return err
	}
	rows := [][]string{{"WHAT", "IS IT LIVE?", "ASKED", "BY", "REQUEST"}}
	for _, change := range found.Changes {
		at := change.At
		rows = append(rows, []string{text.OneLine(cmp.Or(change.Title, change.Entity)), "Changed, not asked for yet", p.When(&at), text.OneLine(change.Actor), "-"})
	}
	for _, r := range found.Requests {
		at := r.AcceptedAt
		what := text.OneLine(cmp.Or(r.Title, r.Reason, r.Entity, string(r.Source)))
		rows = append(rows, []string{what, r.Answer, p.When(&at), text.OneLine(cmp.Or(r.Actor, string(r.Source))), r.ID})
	}
	return p.Table(rows)
}
