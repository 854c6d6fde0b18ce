package client

import (
	"context"
	"fmt"
	"slices"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Events prints the audit trail.
type Events struct {
	AppFlags
	terminal.OutputFlags
	Site   string `env:"PRESSRUN_SITE" placeholder:"NAME" help:"One site only (${env})."`
	Follow bool   `help:"Go on with every new event until interrupted; a lost connection is taken up again without a gap."`
	After  int64  `placeholder:"ID" help:"Only events after this one."`
	Limit  int    `default:"50" placeholder:"N" help:"At most so many of those there are, the newest; 0 for all (default ${default})."`
}

// Help has the example.
func (Events) Help() string {
	return `With --json each event is one line.

Examples:

  pressrun events --site www --limit 100
  pressrun events --follow --json | jq -c 'select(.kind == "release.failed")'`
}

// Run prints the audit trail.
func (c *Events) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.Client(t)
	if err != nil {
		return err
	}
	events, last, err := c.past(ctx, client)
	if err != nil {
		return err
	}
	p := printer{c.Printer(t)}
	for _, e := range events {
		if err := p.event(e); err != nil {
			return err
		}
	}
	if !c.Follow {
		return nil
	}
	return client.Events(ctx, c.Site, last, p.event)
}

// past reads what has happened, and gives the id up to which it has.
func (c *Events) past(ctx context.Context, client *api.Client) ([]api.Event, int64, error) {
	var events []api.Event
	last := c.After
	for {
		page, err := client.EventList(ctx, c.Site, last, 0)
		if err != nil {
			return nil, 0, err
		}
		if len(page) == 0 {
			return events, last, nil
		}
		last = page[len(page)-1].ID
		events = append(events, page...)
		if over := len(events) - c.Limit; c.Limit > 0 && over > 0 {
			events = slices.Delete(events, 0, over)
		}
	}
}

// event prints an event as it comes: without columns, whose width nobody knows
// yet.
func (p printer) event(e api.Event) error {
	if p.JSON {
		return p.Line(e)
	}
	line := fmt.Sprintf("%s  %s", p.At(e.At), text.Plain(e.Site))
	if e.Release > 0 {
		line += fmt.Sprintf(" #%d", e.Release)
	}
	line += "  " + text.Plain(e.Kind)
	if e.By != "" {
		line += " by " + text.OneLine(e.By)
	}
	if e.Why != "" {
		line += ": " + text.OneLine(e.Why)
	}
	_, err := fmt.Fprintln(p.Out, line)
	return err
}
