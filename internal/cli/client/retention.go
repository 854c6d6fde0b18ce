package client

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Retention tells how much of the past is kept.
type Retention struct {
	AppFlags
	terminal.OutputFlags
}

// Help has the example.
func (Retention) Help() string {
	return `It only looks: the app itself removes what may go, each hour, after it has written it to a file. "keep" in the configuration says how much stays. It takes an operator's token for all sites.

Examples:

  pressrun retention
  pressrun retention --json | jq '[.sites[].next.releases // 0] | add'`
}

// Run prints the policy of retention, and the rows that the next pass removes.
func (c *Retention) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.Client(t)
	if err != nil {
		return err
	}
	found, err := client.Retention(ctx)
	if err != nil {
		return err
	}
	p := c.Printer(t)
	if c.JSON {
		return p.Document(found)
	}
	if _, err := fmt.Fprintln(t.Out, keptWords(found)); err != nil {
		return err
	}
	if len(found.Sites) == 0 {
		return nil
	}
	rows := [][]string{{"SITE", "RELEASES", "REMOVED UP TO", "ON", "GOES NEXT"}}
	for _, s := range found.Sites {
		upto, on, next := "", "", "nothing"
		if s.Removed != nil {
			upto, on = fmt.Sprintf("#%d", s.Removed.Release), p.At(s.Removed.At)
		}
		if n := s.Next; n != nil {
			next = fmt.Sprintf("%s up to #%d, %s", text.Count(n.Releases, "release"), n.Release, text.Count(int(n.Requests), "request"))
		}
		rows = append(rows, []string{s.Site, fmt.Sprint(s.Kept), upto, on, next})
	}
	return p.Table(rows)
}

func keptWords(r api.Retention) string {
	if r.Days == 0 {
		return "The history is kept for ever."
	}
	return fmt.Sprintf("The history is kept for %d days, and the newest %d releases of each site however old. What goes is written to %s first.", r.Days, r.Releases, r.Export)
}
